"""Models and devices: profiles as data, and what a model costs on a device.

Nothing here needs torch; only `cosim.models.torch`, which makes profiles, does.
"""

from __future__ import annotations

from cosim.models.costs import (
    Direction,
    compute_energy_j,
    device_scale,
    latency_of_reference_s,
    layer_times_s,
    radio_energy_j,
)
from cosim.models.device_sets import DeviceSet, list_device_sets, load_device_set
from cosim.models.devices import DeviceProfile, list_device_profiles, load_device_profile
from cosim.models.files import profiles_dir
from cosim.models.profile import ModelProfile, synthetic_model_profile
from cosim.models.provenance import Provenance
from cosim.models.store import list_model_profiles, load_model_profile

__all__ = [
    "DeviceProfile",
    "DeviceSet",
    "Direction",
    "ModelProfile",
    "Provenance",
    "compute_energy_j",
    "device_scale",
    "latency_of_reference_s",
    "layer_times_s",
    "list_device_profiles",
    "list_device_sets",
    "list_model_profiles",
    "load_device_profile",
    "load_device_set",
    "load_model_profile",
    "profiles_dir",
    "radio_energy_j",
    "synthetic_model_profile",
]
