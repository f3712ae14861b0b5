"""What a model costs on a device: time per layer, energy of computing and of the radio."""

from __future__ import annotations

from typing import Literal

import numpy as np

from cosim.errors import ProfileError, UnknownNameError
from cosim.models.cost_model import CostModel, fit_cost_model
from cosim.models.devices import DeviceProfile
from cosim.models.profile import FloatArray, ModelProfile
from cosim.models.store import list_model_profiles, load_model_profile

Direction = Literal["uplink", "downlink"]


def layer_times_s(model: ModelProfile, device: DeviceProfile) -> FloatArray:
    """Time of each layer of `model` on `device`.

    The times measured on the reference machine are scaled by one factor, the same for every model:
    the device's latency for the reference model over the time of that model on the reference
    machine. So the reference model takes exactly the stated latency; that all layers scale alike is
    an approximation. Of a device without a measured latency, the times are those that the cost
    model predicts from its peak rates.

    Returns
    -------
    (L,) float64, s
    """
    if device.reference_latency_s is None:
        return shipped_cost_model().predict_s(model, device)
    times: FloatArray = model.forward_s * device_scale(model, device)
    return times


def device_scale(model: ModelProfile, device: DeviceProfile) -> float:
    """Time on `device` over time on the machine that `model` was measured on."""
    if device.reference_latency_s is None:
        return float(layer_times_s(model, device).sum() / model.forward_s.sum())
    return latency_of_reference_s(device, model.reference_model) / model.reference_s


def latency_of_reference_s(device: DeviceProfile, reference_model: str) -> float:
    """Time of a reference model on `device`, s.

    The device's latency may be stated for another model, such as the same one at another input: it
    is converted by what the two take on the machine that was measured.

    Raises
    ------
    ProfileError
        No profile tells how the two compare.
    """
    if device.reference_latency_s is None:
        model = load_model_profile(reference_model)
        return float(layer_times_s(model, device).sum())
    if device.reference_model == reference_model:
        return device.reference_latency_s
    problem = (
        f"device '{device.name}': compute.reference_model is '{device.reference_model}', which"
        f" cannot be compared with '{reference_model}'"
    )
    try:
        stated = load_model_profile(device.reference_model)
    except UnknownNameError as error:
        raise ProfileError(f"{problem}: {error.message}", hint=error.hint) from error
    if stated.reference_model != reference_model:
        raise ProfileError(f"{problem}: it was measured against '{stated.reference_model}'")
    return device.reference_latency_s * stated.reference_s / float(stated.forward_s.sum())


def shipped_cost_model() -> CostModel:
    """The cost model of all shipped profiles."""
    return fit_cost_model([load_model_profile(name) for name in list_model_profiles()])


def compute_energy_j(device: DeviceProfile, busy_s: float) -> float:
    """Energy of computing for `busy_s` seconds, J: all that the device draws meanwhile."""
    _check_not_negative("busy_s", busy_s)
    return device.busy_watts * busy_s


def radio_energy_j(
    device: DeviceProfile, bits: float, seconds: float, direction: Direction
) -> float:
    """Energy of the device's radio, active for `seconds` while it carries `bits`, J.

    The base power includes the rest of the phone (that is how it was measured), so this energy and
    that of computing are those of different spans of time and may be added.

    Raises
    ------
    ProfileError
        The device has no radio figures.
    """
    _check_not_negative("bits", bits)
    _check_not_negative("seconds", seconds)
    radio = device.radio
    if radio is None:
        raise ProfileError(f"device '{device.name}': radio: it has no radio figures")
    if direction == "uplink":
        base, per_bit = radio.uplink_base_watts, radio.uplink_joules_per_bit
    elif direction == "downlink":
        base, per_bit = radio.downlink_base_watts, radio.downlink_joules_per_bit
    else:
        raise ValueError(f"direction: '{direction}' is neither 'uplink' nor 'downlink'")
    return base.value * seconds + per_bit.value * bits


def _check_not_negative(name: str, value: float) -> None:
    if not (np.isfinite(value) and value >= 0):
        raise ValueError(f"{name}: {value} is not a finite number >= 0")
