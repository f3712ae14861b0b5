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
    """One module, to be run R times; a layer of an unrolled one takes its mean time.

    As the states come back to the UE after each run, they go down again with the tensors. Layers
    behind the last module of a line count as part of its last layer.
    """
    times = layer_times_s(profile, device)
    if times.size > module.layers:
        line = times[: module.runs * module.layers].reshape(module.runs, module.layers)
        behind = times[module.runs * module.layers :].sum() / module.runs
        times = line.mean(axis=0)
        times[-1] += behind
    state = module.hidden_bytes.sum()
    live = [module.input_bytes + state, *(module.activation_bytes[:-1] + state), 0.0]
    return make_node_model(times, [math.ceil(size) for size in live], digest32(profile.digest))
