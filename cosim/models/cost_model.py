"""A cost model for each kind of operator, fitted on measured profiles.

A layer of kind k takes ``overhead_k + flops / rate_k + bytes / bandwidth_k``, where bytes are those
that it reads and writes: the previous layer's output, its parameters, its own output. The three
numbers of each kind are fitted to the relative error of its layers by non-negative least squares
(Lawson and Hanson 1974, scipy's). On a device that was never measured, the second term scales with
its peak rate of arithmetic and the third with that of its memory; the overhead stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
from scipy.optimize import nnls

from cosim.errors import ProfileError
from cosim.models.devices import DeviceProfile
from cosim.models.profile import FloatArray, ModelProfile

_LEAST_LAYERS: Final = 5  # a kind with fewer is fitted with all others together
_SHORTEST_S: Final = 1e-9


class KindCosts(msgspec.Struct, frozen=True):
    """What the layers of one kind cost on the machine that was measured."""

    overhead_s: float
    s_per_flop: float
    s_per_byte: float


class Prediction(msgspec.Struct, frozen=True):
    """A model's time as predicted by a fit that had not seen it, and as measured, s.

    Attributes
    ----------
    r_squared
        Of its layers' times.
    median_error
        Of the relative errors of its layers.
    """

    model: str
    measured_s: float
    predicted_s: float
    r_squared: float
    median_error: float


@dataclass(frozen=True)
class CostModel:
    """Costs by kind, of the machine that the profiles were measured on.

    Attributes
    ----------
    kinds
        Of each kind that has layers enough.
    others
        Of all other kinds.
    flop_per_s, bytes_per_s
        The machine's largest rates, as the profiles state them.
    """

    kinds: Mapping[str, KindCosts]
    others: KindCosts
    flop_per_s: float
    bytes_per_s: float

    def predict_s(self, model: ModelProfile, device: DeviceProfile | None = None) -> FloatArray:
        """Time of each layer, (L,), s; on the machine that was measured without a device.

        Raises
        ------
        ProfileError
            The device states no peak rates, or the fit's profiles do not.
        """
        compute, memory = (1.0, 1.0) if device is None else self._slower(device)
        costs = [self.kinds.get(kind, self.others) for kind in model.kinds]
        table = np.array(
            [[c.overhead_s, c.s_per_flop * compute, c.s_per_byte * memory] for c in costs]
        )
        times: FloatArray = np.maximum((_features(model) * table).sum(axis=1), _SHORTEST_S)
        return times

    def _slower(self, device: DeviceProfile) -> tuple[float, float]:
        """How many times as slow the device is, in arithmetic and in memory."""
        peak, bandwidth = device.compute.peak_flop_per_s, device.compute.memory_bytes_per_s
        if peak is None or bandwidth is None:
            raise ProfileError(
                f"device '{device.name}': compute: it states no peak rates to predict with",
                hint="peak_flop_per_s and memory_bytes_per_s are needed",
            )
        if not (self.flop_per_s > 0 and self.bytes_per_s > 0):
            raise ProfileError("the measured profiles do not state the rates of their machine")
        return self.flop_per_s / peak.value, self.bytes_per_s / bandwidth.value


def fit_cost_model(profiles: Sequence[ModelProfile]) -> CostModel:
    """Fit to measured profiles.

    Raises
    ------
    ProfileError
        There is none.
    """
    if not profiles:
        raise ProfileError("a cost model needs at least one measured profile to be fitted to")
    features = np.concatenate([_features(profile) for profile in profiles])
    times = np.concatenate([_reference_times(profile) for profile in profiles])
    kinds = np.concatenate([np.array(profile.kinds) for profile in profiles])
    enough = [kind for kind in np.unique(kinds) if (kinds == kind).sum() >= _LEAST_LAYERS]
    return CostModel(
        kinds={str(kind): _fit(features[kinds == kind], times[kinds == kind]) for kind in enough},
        others=_fit(features, times),
        flop_per_s=float(np.median([p.provenance.machine_flop_per_s for p in profiles])),
        bytes_per_s=float(np.median([p.provenance.machine_bytes_per_s for p in profiles])),
    )


def cross_validate(profiles: Sequence[ModelProfile]) -> list[Prediction]:
    """Predict each model by a fit to all others, without its own at another input."""
    predictions = []
    for held_out in profiles:
        same = held_out.provenance.model
        others = [profile for profile in profiles if profile.provenance.model != same]
        predicted = fit_cost_model(others).predict_s(held_out)
        measured = _reference_times(held_out)
        variation = ((measured - measured.mean()) ** 2).sum()
        predictions.append(
            Prediction(
                model=held_out.name,
                measured_s=float(measured.sum()),
                predicted_s=float(predicted.sum()),
                r_squared=float(1 - ((predicted - measured) ** 2).sum() / variation),
                median_error=float(np.median(np.abs(predicted - measured) / measured)),
            )
        )
    return predictions


def _features(profile: ModelProfile) -> FloatArray:
    """One, FLOPs and bytes of each layer, (L, 3)."""
    output = profile.layer_output_bytes.astype(np.float64)
    read = np.concatenate([[float(profile.input_bytes)], output[:-1]])
    moved = read + output + profile.param_bytes
    return np.stack([np.ones(profile.layer_count), profile.flops.astype(np.float64), moved], axis=1)


def _reference_times(profile: ModelProfile) -> FloatArray:
    """Measured times, none of them 0, (L,), s."""
    times: FloatArray = np.maximum(profile.forward_s, _SHORTEST_S)
    return times


def _fit(features: FloatArray, times: FloatArray) -> KindCosts:
    scale = features.max(axis=0)
    scale[scale == 0] = 1.0  # a kind without FLOPs, say
    solution, _ = nnls(features / scale / times[:, None], np.ones(times.size))
    return KindCosts(*(float(value) for value in solution / scale))
