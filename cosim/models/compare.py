"""Where two profiles differ: what they describe, and how long it takes."""

from __future__ import annotations

import msgspec
import numpy as np

from cosim.models.profile import ModelProfile

# What describes the model, not the machine: two profiles of one model agree in it exactly.
_MODEL_FIELDS = ("layer_names", "kinds", "flops", "param_bytes", "live_bytes", "layer_output_bytes")


class LayerDifference(msgspec.Struct, frozen=True):
    """A layer's time in both profiles, s, and by how much they may differ as their spreads say."""

    layer: str
    one_s: float
    other_s: float
    allowed_s: float

    @property
    def agrees(self) -> bool:
        """Whether they differ by no more than both measurements' spreads together."""
        return abs(self.one_s - self.other_s) <= self.allowed_s


class ProfileComparison(msgspec.Struct, frozen=True):
    """Two profiles side by side.

    Attributes
    ----------
    fields
        What differs although it does not depend on the machine.
    layers
        One for each layer; empty where the profiles have other layers.
    whole
        The whole model, all layers together.
    """

    fields: tuple[str, ...]
    layers: tuple[LayerDifference, ...]
    whole: LayerDifference

    @property
    def agreeing(self) -> int:
        """How many layers agree."""
        return sum(layer.agrees for layer in self.layers)


def compare_profiles(one: ModelProfile, other: ModelProfile) -> ProfileComparison:
    """Compare two profiles, of one model or of two."""
    fields = tuple(
        name
        for name in _MODEL_FIELDS
        if not np.array_equal(getattr(one, name), getattr(other, name))
    )
    return ProfileComparison(
        fields=fields,
        layers=_compare_layers(one, other) if one.layer_names == other.layer_names else (),
        whole=LayerDifference(
            "whole model",
            float(one.forward_s.sum()),
            float(other.forward_s.sum()),
            float((one.forward_s * one.spread).sum() + (other.forward_s * other.spread).sum()),
        ),
    )


def _compare_layers(one: ModelProfile, other: ModelProfile) -> tuple[LayerDifference, ...]:
    allowed_s = one.forward_s * one.spread + other.forward_s * other.spread
    columns = (one.forward_s.tolist(), other.forward_s.tolist(), allowed_s.tolist())
    return tuple(LayerDifference(*row) for row in zip(one.layer_names, *columns, strict=True))


class Crossing(msgspec.Struct, frozen=True):
    """What crosses a boundary, and what the last layer's output alone would be."""

    boundary: int
    layer: str
    live_bytes: int
    last_output_bytes: int


def crossings_that_differ(profile: ModelProfile) -> list[Crossing]:
    """Boundaries 1..L-1 where more, or less, than the last layer's output crosses."""
    pairs = zip(profile.live_bytes[1:-1], profile.layer_output_bytes[:-1], strict=True)
    return [
        Crossing(boundary, profile.layer_names[boundary - 1], int(live), int(last))
        for boundary, (live, last) in enumerate(pairs, 1)
        if live != last
    ]
