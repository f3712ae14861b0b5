"""The models that cosim can profile by name: how to build each, and what to feed it with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import torch
from torch import nn

from cosim.errors import ProfileError, UnknownNameError
from cosim.models.provenance import InputSpec
from cosim.models.torch import architectures as own
from cosim.models.torch.torchvision_guard import import_torchvision

REFERENCE_MODEL: Final = "resnet18"  # whose latency device profiles are stated for


@dataclass(frozen=True)
class ZooEntry:
    """A model by name, with the inputs that it is profiled with.

    Attributes
    ----------
    build
        Makes the model, with random weights: none are fetched, and neither time nor size depends
        on their values.
    inputs
        Its arguments, batch first.
    notes
        Why these inputs, for the profile's provenance.
    model
        What names it for `cosim profile`: a name of the zoo, or ``module:callable``.
    dtype
        Type that its weights are brought to; see `Provenance`.
    """

    name: str
    description: str
    build: Callable[[], nn.Module]
    inputs: tuple[InputSpec, ...]
    notes: str = ""
    model: str = ""
    dtype: str = ""


def build_model(entry: ZooEntry, *, seed: int = 0) -> nn.Module:
    """Build the model in evaluation mode, its weights drawn from `seed`, of the entry's type."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = entry.build().eval()
    given = [spec.dtype for spec in entry.inputs if dtype_of(spec.dtype).is_floating_point]
    name = entry.dtype or (given[0] if given and given[0] != "float32" else "")
    return _with_weights_of(model, dtype_of(name)) if name else model


def example_inputs(entry: ZooEntry, *, seed: int = 0) -> tuple[torch.Tensor, ...]:
    """Draw the inputs from `seed`: normally distributed, or integers from 0.

    Raises
    ------
    ProfileError
        torch cannot make one: it is too large, or its type is none.
    """
    generator = torch.Generator().manual_seed(seed)
    return tuple(_draw(spec, generator) for spec in entry.inputs)


def dtype_of(name: str) -> torch.dtype:
    """The type of that name; a ProfileError where torch has none."""
    dtype = getattr(torch, name, None)
    if not isinstance(dtype, torch.dtype):
        raise ProfileError(f"'{name}' is no type of torch")
    return dtype


def find_entry(name: str) -> ZooEntry:
    """Look a model up by name."""
    if name not in ZOO:
        raise UnknownNameError("zoo model", name, ZOO)
    return ZOO[name]


def _with_weights_of(model: nn.Module, dtype: torch.dtype) -> nn.Module:
    """Bring all floating-point weights to a type, in place; `Module.to` takes complex ones too."""
    for tensor in (*model.parameters(), *model.buffers()):
        if tensor.is_floating_point():
            tensor.data = tensor.data.to(dtype)
    return model


def _draw(spec: InputSpec, generator: torch.Generator) -> torch.Tensor:
    dtype = dtype_of(spec.dtype)
    try:
        if dtype.is_floating_point or dtype.is_complex:
            drawn = torch.complex64 if dtype.is_complex else torch.float32
            return torch.randn(spec.shape, generator=generator, dtype=drawn).to(dtype)
        return torch.randint(max(spec.below, 1), spec.shape, generator=generator).to(dtype)
    except (MemoryError, RuntimeError, TypeError, ValueError) as error:  # numbers beyond torch's
        reason = str(error).splitlines()[0][:200]
        raise ProfileError(f"an input of {spec} cannot be made: {reason}") from error


def _torchvision(name: str, description: str) -> ZooEntry:
    """One of torchvision's, for pictures of 112 px as the paper's latencies fit."""

    def build() -> nn.Module:
        model = import_torchvision().models.get_model(name, weights=None)
        assert isinstance(model, nn.Module)
        return model

    notes = (
        "The input is 112 x 112 float32, about 150 KB: the paper states no input size,"
        " and its latencies fit an input of about 150 KB (224 x 224 uint8 is as large)."
    )
    inputs = (InputSpec((1, 3, 112, 112)),)
    return ZooEntry(name, f"{description}, torchvision's, 1000 classes", build, inputs, notes, name)


def _own(
    name: str, description: str, build: Callable[[], nn.Module], *inputs: InputSpec, notes: str
) -> ZooEntry:
    return ZooEntry(name, description, build, inputs, notes, name)


_ENTRIES: Final = (
    _torchvision("vgg11", "VGG11 (Simonyan and Zisserman 2015)"),
    _torchvision("resnet18", "ResNet18 (He et al. 2016)"),
    _torchvision("resnet50", "ResNet50 (He et al. 2016)"),
    _torchvision("resnet152", "ResNet152 (He et al. 2016)"),
    _torchvision("mobilenet_v2", "MobileNetV2 (Sandler et al. 2018)"),
    _own(
        "rcnn",
        "Two-part detector after R-CNN: AlexNet backbone, proposal and box heads",
        own.TwoPartDetector,
        InputSpec((1, 3, 224, 224)),
        notes="The paper's R-CNN has a mean output of 242 KB a layer: AlexNet's at 224 px fit.",
    ),
    _own(
        "rnn",
        "Sequence-labelling GRU of 200 modules, unrolled",
        own.SequenceLabeller,
        InputSpec((1, 200, 100)),
        notes="Four layers a module: element, rest of the sequence, cell, label; then one stack.",
    ),
    _own(
        "qmix-agent",
        "Agent of QMIX (Rashid et al. 2018), one step of 32 episodes",
        own.QmixAgent,
        InputSpec((32, 150)),
        InputSpec((32, 64)),
        notes="32 episodes are the batch of the QMIX paper; observations as on its map 3s5z.",
    ),
    _own(
        "qmix-mixer",
        "Mixing network of QMIX (Rashid et al. 2018), 8 agents, 32 episodes",
        own.QmixMixer,
        InputSpec((32, 8)),
        InputSpec((32, 216)),
        notes="32 episodes are the batch of the QMIX paper; agents and state as on its map 3s5z.",
    ),
    _own(
        "transformer",
        "Decoder-only transformer: 4 blocks, width 256, 4096 tokens",
        own.DecoderTransformer,
        InputSpec((1, 64), "int64", 4096),
        notes="A text of 64 tokens.",
    ),
)
ZOO: Final[Mapping[str, ZooEntry]] = MappingProxyType({entry.name: entry for entry in _ENTRIES})
