"""What runs the tasks of a node, by the kind of task."""

from __future__ import annotations

from cosim.nodes.config import NodeConfig
from cosim.nodes.decision import Decider
from cosim.nodes.execution import TaskExecution
from cosim.nodes.merging import MergingExecution
from cosim.nodes.module_runs import ModuleRuns
from cosim.nodes.training import TrainingExecution


def make_execution(config: NodeConfig, decider: Decider) -> TaskExecution:
    """Inferences, the runs of a recurrent module, training steps, or those of an agent."""
    options = config.options
    if options.backward_ratio is None:
        return (
            TaskExecution(config, decider)
            if options.module_runs == 1
            else ModuleRuns(config, decider)
        )
    if options.merging is None:
        return TrainingExecution(config, decider, options.backward_ratio)
    return MergingExecution(config, decider, options.backward_ratio, options.merging)
