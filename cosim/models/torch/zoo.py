"""The models that cosim can profile by name: how to build each, and what to feed it with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import torch
from torch import nn

from cosim.errors import UnknownNameError
from cosim.models.torch.torchvision_guard import import_torchvision

REFERENCE_MODEL: Final = "resnet18"  # whose latency device profiles are stated for


@dataclass(frozen=True)
class ZooEntry:
    """A model by name, with the input that it is profiled with.

    Attributes
    ----------
    build
        Makes the model, with random weights: none are fetched, and neither time nor size depends
        on their values.
    input_shape
        Shape of the input, batch first.
    dtype
        Name of the input's torch dtype, e.g. ``float32``.
    notes
        Why this input, for the profile's provenance.
    """

    name: str
    description: str
    build: Callable[[], nn.Module]
    input_shape: tuple[int, ...]
    dtype: str = "float32"
    notes: str = ""


def build_model(entry: ZooEntry, *, seed: int = 0) -> nn.Module:
    """Build the model in evaluation mode, its weights drawn from `seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return entry.build().eval()


def example_input(entry: ZooEntry, *, seed: int = 0) -> torch.Tensor:
    """Draw an input, normally distributed, from `seed`."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(entry.input_shape, generator=generator).to(getattr(torch, entry.dtype))


def find_entry(name: str) -> ZooEntry:
    """Look a model up by name."""
    if name not in ZOO:
        raise UnknownNameError("zoo model", name, ZOO)
    return ZOO[name]


def _torchvision_model(name: str) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        model = import_torchvision().models.get_model(name, weights=None)
        assert isinstance(model, nn.Module)
        return model

    return build


ZOO: Final[Mapping[str, ZooEntry]] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            ZooEntry(
                name="resnet18",
                description="ResNet18 (He et al. 2016), torchvision's, 1000 classes",
                build=_torchvision_model("resnet18"),
                input_shape=(1, 3, 112, 112),
                notes=(
                    "The input is 112 x 112 float32, about 150 KB: the paper states no input size,"
                    " and its latencies fit an input of about 150 KB (224 x 224 uint8 is as large)."
                ),
            ),
        )
    }
)
