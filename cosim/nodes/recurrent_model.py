"""A recurrent model as a node's device runs it: the unrolled line, or one module of it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from cosim.models import DeviceProfile, ModelProfile, layer_times_s
from cosim.nodes.config import NodeModel, digest32, make_node_model
from cosim.splitting.recurrent import RecurrentModule, folded_line, linearised_live_bytes


def module_of(profile: ModelProfile, runs: int, hidden_bytes: Mapping[str, int]) -> RecurrentModule:
    """The recurrent module that a profile is of.

    Parameters
    ----------
    profile
        Of one module where `hidden_bytes` says which of its layers have a state and of what size;
        else of a line of `runs` unrolled modules.
    runs
        R.

    Raises
    ------
    ValueError
        When a layer has no such name, or the profile is no such line.
    """
    if not hidden_bytes:
        return folded_line(profile.live_bytes, runs)
    for name in hidden_bytes:
        if name not in profile.layer_names:
            raise ValueError(f"model '{profile.name}' has no layer '{name}'")
    return RecurrentModule(
        runs,
        [*profile.live_bytes[1:-1], profile.output_bytes],
        [hidden_bytes.get(name, 0) for name in profile.layer_names],
        float(profile.live_bytes[0]),
    )


def line_node_model(
    profile: ModelProfile, device: DeviceProfile, module: RecurrentModule
) -> NodeModel:
    """All R runs as one line of R M layers (HiveMind VI.A)."""
    times = layer_times_s(profile, device)
    if times.size == module.layers:
        times = np.tile(times, module.runs)
        return make_node_model(times, linearised_live_bytes(module), digest32(profile.digest))
    return make_node_model(times, profile.live_bytes, digest32(profile.digest))


def module_node_model(
    profile: ModelProfile, device: DeviceProfile, module: RecurrentModule
) -> NodeModel:
    """One module, to be run R times; a layer of an unrolled one takes its mean time."""
    times = layer_times_s(profile, device).reshape(-1, module.layers).mean(axis=0)
    live = [module.input_bytes, *module.activation_bytes[:-1], 0.0]
    return make_node_model(times, [math.ceil(size) for size in live], digest32(profile.digest))
