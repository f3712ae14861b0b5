"""What a model costs on a device: time per layer, energy of computing and of the radio."""

from __future__ import annotations

from typing import Literal

import numpy as np

from cosim.errors import ProfileError
from cosim.models.devices import DeviceProfile
from cosim.models.profile import FloatArray, ModelProfile

Direction = Literal["uplink", "downlink"]


def layer_times_s(model: ModelProfile, device: DeviceProfile) -> FloatArray:
    """Time of each layer of `model` on `device`.

    The times measured on the reference machine are scaled by one factor, the same for every model:
    the device's latency for the reference model over the time of that model on the reference
    machine. So the reference model takes exactly the stated latency; that all layers scale alike is
    an approximation.

    Returns
    -------
    (L,) float64, s
    """
    times: FloatArray = model.forward_s * device_scale(model, device)
    return times


def device_scale(model: ModelProfile, device: DeviceProfile) -> float:
    """Time on `device` over time on the machine that `model` was measured on."""
    if model.reference_model != device.reference_model:
        raise ProfileError(
            f"device '{device.name}': compute.reference_model is '{device.reference_model}', but"
            f" model profile '{model.name}' was measured against '{model.reference_model}'"
        )
    return device.reference_latency_s / model.reference_s


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
