"""A model as the splitting sees it: a line of layers, what each costs, what crosses each boundary.

A *boundary* ``b`` in 0..L means "layers 1..b are done". What crosses it is every tensor that
a later layer still needs, not only the output of layer b: with a residual connection those differ.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cosim.errors import ProfileError
from cosim.models.kinds import OPERATOR_KINDS
from cosim.models.provenance import Provenance

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
_Scalar = TypeVar("_Scalar", np.int64, np.float64)


@dataclass(frozen=True, eq=False)
class CodedForm:
    """What crosses the boundaries in one form (see `cosim.models.transfer`), and coding it.

    Attributes
    ----------
    coded_bytes : (L+1,) int64
        Bytes on the link; [L] is 0, as of `ModelProfile.live_bytes`.
    encode_s, decode_s : (L+1,) float64
        Time on the machine that was measured, s.
    """

    coded_bytes: IntArray
    encode_s: FloatArray
    decode_s: FloatArray

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        object.__setattr__(self, "coded_bytes", _frozen_array(self.coded_bytes, np.int64))
        for name in ("encode_s", "decode_s"):
            object.__setattr__(self, name, _frozen_array(getattr(self, name), np.float64))

    def find_problem(self, layers: int) -> str | None:
        """Name the first field that cannot be, and why."""
        for name in ("coded_bytes", "encode_s", "decode_s"):
            array = getattr(self, name)
            if array.shape != (layers + 1,):
                return f"{name}: has shape {array.shape}, not ({layers + 1},)"
            bad = np.flatnonzero(~(np.isfinite(array) & (array >= 0)))
            if bad.size:
                return f"{name}[{bad[0]}]: {array[bad[0]]} is not a finite number >= 0"
        if self.coded_bytes[layers] != 0:
            return f"coded_bytes[{layers}]: is {self.coded_bytes[layers]}, not 0"
        return None


@dataclass(frozen=True, eq=False)
class ModelProfile:
    """The costs of one model, layer by layer.

    Attributes
    ----------
    name : str
        Name of the model.
    layer_names, kinds : tuple of str, length L
        Unique name and operator kind (see `cosim.models.kinds`) of each layer, in execution order.
    flops : (L,) int64
        Floating-point operations of convolutions and matrix products (a multiply-add counts two).
    param_bytes : (L,) int64
        Bytes of the layer's parameters.
    forward_s : (L,) float64
        Time of the layer on the machine that was measured, s.
    spread : (L,) float64
        Median time over minimum time, less 1: how noisy the measurement of a layer was.
    backward_s, backward_spread : (L,) float64
        The same of the layer's backward pass; None when it was not measured.
    coded : mapping of str to CodedForm
        What crosses in other forms than as it is in memory, by form; what was measured of them.
    live_bytes : (L+1,) int64
        Bytes that cross boundary b; [0] is the input, [L] is 0: the result stays where it is
        computed (spec 1).
    layer_output_bytes : (L,) int64
        Bytes of each layer's own output, which the paper's profiler takes for what crosses.
    output_bytes : int
        Bytes of the final result.
    reference_model, reference_s : str, float
        The model whose latency device profiles are stated for, and the sum of its layer times, s,
        as measured in the same session: what `layer_times_s` scales by.
    provenance : Provenance
    digest : str
        SHA-256 of the content, hexadecimal.
    """

    name: str
    layer_names: tuple[str, ...]
    kinds: tuple[str, ...]
    flops: IntArray
    param_bytes: IntArray
    forward_s: FloatArray
    spread: FloatArray
    live_bytes: IntArray
    layer_output_bytes: IntArray
    output_bytes: int
    reference_model: str
    reference_s: float
    provenance: Provenance
    digest: str
    description: str = field(default="")
    backward_s: FloatArray | None = None
    backward_spread: FloatArray | None = None
    coded: Mapping[str, CodedForm] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Freeze the arrays and check that the fields agree."""
        for name, dtype in _ARRAY_TYPES.items():
            values = getattr(self, name)
            if values is not None or name not in _OPTIONAL:
                object.__setattr__(self, name, _frozen_array(values, dtype))
        problem = _find_problem(self)
        if problem is not None:
            raise ProfileError(f"model profile '{self.name}': {problem}")

    @property
    def layer_count(self) -> int:
        """Number of layers, L."""
        return len(self.layer_names)

    @property
    def energy_j(self) -> FloatArray | None:
        """Energy of each layer, (L,), J: its part of the time of that of an inference, if known."""
        energy = self.provenance.energy
        if energy is None:
            return None
        shares: FloatArray = self.forward_s / self.forward_s.sum()
        return shares * energy.forward_j

    def crossing(self, form: str) -> CodedForm:
        """What crosses the boundaries in a form of `cosim.models.transfer`.

        Raises
        ------
        ProfileError
            It was not measured.
        """
        if form == "fp32":
            zeros = np.zeros(self.layer_count + 1)
            return CodedForm(self.live_bytes, zeros, zeros)
        if form not in self.coded:
            raise ProfileError(
                f"model profile '{self.name}' does not say what crosses as '{form}'",
                hint=f"make it anew: cosim profile {self.provenance.model}",
            )
        return self.coded[form]

    @property
    def input_bytes(self) -> int:
        """Bytes of the model's input."""
        return int(self.live_bytes[0])


def synthetic_model_profile(
    forward_s: ArrayLike, live_bytes: ArrayLike, *, name: str = "synthetic", output_bytes: int = 0
) -> ModelProfile:
    """Make up a profile from its two essential vectors, for tests and what-if studies.

    Parameters
    ----------
    forward_s : (L,)
        Layer times on the reference machine, s. The profile is its own reference model there, and
        says ``resnet18`` so that the shipped devices can be used with it.
    live_bytes : (L+1,)
        Bytes that cross each boundary; the last must be 0.
    """
    times = np.asarray(forward_s, dtype=np.float64)
    layers = int(times.size)
    zeros = np.zeros(layers, dtype=np.int64)
    return ModelProfile(
        name=name,
        layer_names=tuple(f"layer{number}" for number in range(1, layers + 1)),
        kinds=("other",) * layers,
        flops=zeros,
        param_bytes=zeros,
        forward_s=times,
        spread=np.zeros(layers),
        live_bytes=np.asarray(live_bytes, dtype=np.int64),
        layer_output_bytes=zeros,
        output_bytes=output_bytes,
        reference_model="resnet18",
        reference_s=float(times.sum()),
        provenance=Provenance(
            status="calibrated",
            measured_by="nobody",
            method="made up",
            weights="none",
            machine="none",
            date=datetime.date(2000, 1, 1),
            model="none",
            inputs=(),
            threads=1,
            repeats=1,
            whole_model_s=float(times.sum()),
        ),
        digest="0" * 64,
    )


_ARRAY_TYPES: dict[str, type[np.int64] | type[np.float64]] = {
    "flops": np.int64,
    "param_bytes": np.int64,
    "forward_s": np.float64,
    "spread": np.float64,
    "live_bytes": np.int64,
    "layer_output_bytes": np.int64,
    "backward_s": np.float64,
    "backward_spread": np.float64,
}
_OPTIONAL = frozenset({"backward_s", "backward_spread"})


def _frozen_array(values: ArrayLike, dtype: type[_Scalar]) -> NDArray[_Scalar]:
    """Copy `values` into an array that nobody can change."""
    array = np.array(values, dtype=dtype)
    array.setflags(write=False)
    return array


def _find_problem(profile: ModelProfile) -> str | None:
    """Name the first field that cannot be, and why."""
    layers = profile.layer_count
    if layers == 0:
        return "layer_names: there is no layer"
    return (
        _find_name_problem(profile)
        or _find_array_problem(profile, layers)
        or _find_scalar_problem(profile, layers)
        or _find_coded_problem(profile, layers)
    )


def _find_name_problem(profile: ModelProfile) -> str | None:
    if "" in profile.layer_names:
        return f"layer_names[{profile.layer_names.index('')}]: is empty"
    if len(set(profile.layer_names)) != profile.layer_count:
        return "layer_names: a name occurs twice"
    if len(profile.kinds) != profile.layer_count:
        return f"kinds: has {len(profile.kinds)} entries, not {profile.layer_count}"
    for index, kind in enumerate(profile.kinds):
        if kind not in OPERATOR_KINDS:
            return f"kinds[{index}]: unknown kind '{kind}'"
    return None


def _find_array_problem(profile: ModelProfile, layers: int) -> str | None:
    for name in _ARRAY_TYPES:
        array = getattr(profile, name)
        if array is None:
            continue
        length = layers + 1 if name == "live_bytes" else layers
        if array.shape != (length,):
            return f"{name}: has shape {array.shape}, not ({length},)"
        bad = np.flatnonzero(~(np.isfinite(array) & (array >= 0)))
        if bad.size:
            return f"{name}[{bad[0]}]: {array[bad[0]]} is not a finite number >= 0"
    return None


def _find_coded_problem(profile: ModelProfile, layers: int) -> str | None:
    for form, coded in profile.coded.items():
        problem = coded.find_problem(layers)
        if problem is not None:
            return f"coded.{form}.{problem}"
    return None


def _find_scalar_problem(profile: ModelProfile, layers: int) -> str | None:
    if profile.live_bytes[layers] != 0:
        return f"live_bytes[{layers}]: is {profile.live_bytes[layers]}, not 0 (the result stays)"
    if profile.output_bytes < 0:
        return f"output_bytes: {profile.output_bytes} is negative"
    if not (np.isfinite(profile.reference_s) and profile.reference_s > 0):
        return f"reference_s: {profile.reference_s} is not a finite number > 0"
    return None
