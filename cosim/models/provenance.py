"""Where the numbers of a profile come from."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

FigureStatus = Literal["measured", "published", "calibrated"]


class InputSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One input of a model.

    Attributes
    ----------
    shape
        Batch first.
    dtype
        Name of a torch dtype, e.g. ``float32``.
    below
        Integers are drawn from ``0 .. below - 1``; 0 for numbers that are normally distributed.
    """

    shape: tuple[Annotated[int, Meta(ge=1)], ...]
    dtype: str = "float32"
    below: Annotated[int, Meta(ge=0)] = 0

    def __str__(self) -> str:
        return f"{'x'.join(map(str, self.shape))} {self.dtype}"


class EnergyReading(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Energy of one inference, J, and what told it: a meter, or a device's power states."""

    meter: str
    forward_j: Annotated[float, Meta(ge=0)]


class Provenance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the numbers of a model profile come from.

    Attributes
    ----------
    status
        How the layer times were obtained.
    measured_by, method, weights, notes
        Free text: who or what measured and how, which weights the model had, what else matters.
    machine
        The kind of machine, without names that identify one.
    machine_flop_per_s, machine_bytes_per_s
        What it reaches, with as many threads, in a large float32 matrix product, and in reading and
        writing memory; 0 where that was not measured.
    date
        Day of the measurement.
    model
        What builds it: a name of the zoo, or ``module:callable``.
    seed
        Of its weights and inputs.
    inputs
        What it was fed with, in the order of its arguments.
    dtype
        Type that its weights were brought to; without it they kept their own, or took that of an
        input other than ``float32``.
    device
        ``cpu`` or ``cuda``, as torch calls it.
    threads, repeats
        Threads of the measured process; how often each layer was timed (the minimum counts).
    whole_model_s, whole_model_spread
        Shortest time, s, and median over shortest less 1, of the untouched model on the same
        input: the sum of the layer times differs from it by what timing layer by layer costs.
    atomic
        Parts of the model that could not be traced, each of which is one layer.
    energy
        Energy of one inference, where it was measured.
    versions
        Version of each program that took part.
    """

    status: FigureStatus
    measured_by: str
    method: str
    weights: str
    machine: str
    date: datetime.date
    model: str
    inputs: tuple[InputSpec, ...]
    dtype: str = ""
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    device: str = "cpu"
    threads: Annotated[int, Meta(ge=1)]
    repeats: Annotated[int, Meta(ge=1)]
    whole_model_s: Annotated[float, Meta(ge=0)]
    whole_model_spread: Annotated[float, Meta(ge=0)] = 0.0
    machine_flop_per_s: Annotated[float, Meta(ge=0)] = 0.0
    machine_bytes_per_s: Annotated[float, Meta(ge=0)] = 0.0
    atomic: tuple[str, ...] = ()
    versions: dict[str, str] = {}
    notes: str = ""
    energy: EnergyReading | None = None
