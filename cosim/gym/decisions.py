"""The core that Gymnasium and ns3-gym share: each decision is put to an agent, with its reward.

The reward of a decision is told with the next one: minus the latency in s of every task that ended
meanwhile, minus `energy_weight` for each of its joules. A task that is not finished when the run
ends counts with the time that it has had, at most the scenario's ``task.timeout``. So the sum over
an episode is minus the summed latency, whatever the number of decisions that a task takes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from cosim.engine import TaskOutcome
from cosim.gym.observation import Mask, Observation, action_mask, observe
from cosim.network.port import LinkReport
from cosim.scenario import Scenario
from cosim.splitting import Decision, HiveMind, NodeCosts, Role, TaskState, Told

AGENT_POLICY = "cosim.gym.decisions:AgentPolicy"


@dataclass(frozen=True, eq=False)
class Question:
    """A decision to be made.

    Attributes
    ----------
    observation, mask
        See `cosim.gym.observation`.
    """

    observation: Observation
    mask: Mask


Ask = Callable[[Question], int]


class AgentPolicy(HiveMind):
    """An agent's decisions; costs are told as HiveMind tells them.

    A stop before the task's boundary counts as passing the task on as it is, and one over a dead
    link as finishing the task here.

    Parameters
    ----------
    ask
        Called for every decision of the node; gives the stop.
    """

    name = "agent"

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def decide(self, role: Role, costs: NodeCosts, heard: Told | None, task: TaskState) -> Decision:
        costs_heard = heard if isinstance(heard, np.ndarray) else None
        mask = action_mask(costs, task)
        stop = self._ask(Question(observe(role, costs, costs_heard, task), mask))
        stop = min(max(stop, task.boundary), costs.layers)
        return Decision(stop if mask[stop] else costs.layers)


@dataclass
class RewardLedger:
    """Collects the tasks that ended since the last decision; an engine's `Recorder` too.

    Parameters
    ----------
    scenario
        What is run.
    energy_weight
        How much a joule counts, where a second counts 1.
    """

    scenario: Scenario
    energy_weight: float = 0.0
    _ended: list[TaskOutcome] = field(default_factory=list)

    def record_task(self, task: TaskOutcome) -> None:
        """A task has ended, or the run has."""
        self._ended.append(task)

    def record_links(self, time_ns: int, links: tuple[LinkReport, ...]) -> None:
        """Nothing to keep."""

    def record_sci(self, update: object) -> None:
        """Nothing to keep."""

    def take(self) -> tuple[float, tuple[TaskOutcome, ...]]:
        """The reward since the last call, and the tasks that it is for."""
        tasks = tuple(self._ended)
        self._ended.clear()
        return -sum(map(self._cost, tasks)) or 0.0, tasks

    def _cost(self, task: TaskOutcome) -> float:
        latency_ns = task.latency_ns
        if latency_ns is None:
            latency_ns = min(self.scenario.duration - task.start_ns, self.scenario.task.timeout)
        return latency_ns / 1e9 + self.energy_weight * (task.energy_j or 0.0)
