"""What a task is made of, from a scenario: the model as nodes run it, and what they exchange."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from cosim.errors import ScenarioError
from cosim.models import DeviceProfile, ModelProfile
from cosim.nodes import Merging, NodeModel
from cosim.nodes.config import MAX_LAYERS, node_model_of
from cosim.nodes.recurrent_model import line_node_model, module_node_model, module_of
from cosim.scenario import Scenario
from cosim.splitting.collaborative import merging_bytes


@dataclass(frozen=True)
class Work:
    """One scenario's task.

    Attributes
    ----------
    make_model
        The model as a device runs it.
    merging
        In collaborative learning.
    module_runs, state_bytes
        Of a recurrent module that is split as such; see `cosim.nodes.NodeOptions`.
    """

    make_model: Callable[[DeviceProfile], NodeModel]
    merging: Merging | None = None
    module_runs: int = 1
    state_bytes: int = 0


def work_of(
    scenario: Scenario,
    model: ModelProfile,
    root: str,
    *,
    splits_module: bool,
    counts_merging: bool,
) -> Work:
    """The task of `scenario`; parameters merge at `root` unless it says otherwise.

    The last two are the policy's; see `cosim.splitting.NodePolicy`.
    """
    if scenario.task.runs > 1:
        return _recurrent(scenario, model, splits_module=splits_module)
    if model.layer_count > MAX_LAYERS:
        raise ScenarioError("task.model", f"has {model.layer_count} layers, {MAX_LAYERS} at most")
    return Work(
        partial(node_model_of, model, form=scenario.task.transfer),
        _merging(scenario, model, root, counted=counts_merging),
    )


def _merging(
    scenario: Scenario, model: ModelProfile, root: str, *, counted: bool
) -> Merging | None:
    task = scenario.task
    if task.kind == "inference" or task.kind == "training":
        return None
    there, back = merging_bytes(
        task.kind, float(model.param_bytes.sum()), agents=task.agents, mixer_bytes=task.mixer
    )
    return Merging(
        node=task.merge_at or root,
        there_bytes=math.ceil(there),
        back_bytes=math.ceil(back),
        interval=task.merge_interval,
        counted=counted,
    )


def _recurrent(scenario: Scenario, model: ModelProfile, *, splits_module: bool) -> Work:
    task = scenario.task
    states = {state.layer: int(state.size) for state in task.states}
    try:
        module = module_of(model, task.runs, states)
    except ValueError as error:
        hint = "task.states, for a profile of one module, or task.runs, for one of the whole line"
        raise ScenarioError("task", str(error), hint=f"see {hint}") from error
    line = module.layers * module.runs
    if line > MAX_LAYERS:
        raise ScenarioError("task.runs", f"gives {line} layers, {MAX_LAYERS} at most")
    if not splits_module:
        return Work(partial(line_node_model, model, module=module))
    return Work(
        partial(module_node_model, model, module=module),
        module_runs=task.runs,
        state_bytes=math.ceil(float(module.hidden_bytes.sum())),
    )
