"""The core that Gymnasium and ns3-gym share: each decision is put to an agent, with its reward.

The reward of a decision is told with the next one: for every task that ended meanwhile, the time
that was saved over running the whole model on its UE, in s, minus `energy_weight` for each of its
joules. A task that was never finished counts, when the run ends, minus the time that it has had, at
most the scenario's ``task.timeout``.

Why not simply minus the latency: a UE starts a task when the one before has ended, so that the sum
of latencies is the duration of the run, whoever decides. The time saved adds up to how many more
tasks were done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from cosim.gym.observation import Mask, Observation, action_mask, observe
from cosim.ledger import TaskOutcome
from cosim.network.port import LinkReport
from cosim.nodes import NodeController
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
    whole_model_s
        For each UE, how long it takes for a whole task by itself, s.
    energy_weight
        How much a joule counts, where a second counts 1.
    """

    scenario: Scenario
    whole_model_s: Mapping[str, float]
    energy_weight: float = 0.0
    _ended: list[TaskOutcome] = field(default_factory=list)

    def record_task(self, task: TaskOutcome) -> None:
        """A task has ended, or the run has."""
        self._ended.append(task)

    def record_links(self, time_ns: int, links: tuple[LinkReport, ...]) -> None:
        """Nothing to keep."""

    def record_sci(self, update: object) -> None:
        """Nothing to keep."""

    def record_forecast(self, forecast: object) -> None:
        """Nothing to keep."""

    def take(self) -> tuple[float, tuple[TaskOutcome, ...]]:
        """The reward since the last call, and the tasks that it is for."""
        tasks = tuple(self._ended)
        self._ended.clear()
        return float(sum(map(self._reward, tasks))), tasks

    def _reward(self, task: TaskOutcome) -> float:
        if task.latency_ns is None:
            had_ns = min(self.scenario.duration - task.start_ns, self.scenario.task.timeout)
            return -had_ns / 1e9
        saved_s = self.whole_model_s[task.ue] - task.latency_ns / 1e9
        return saved_s - self.energy_weight * (task.energy_j or 0.0)


def whole_model_times(controllers: Mapping[str, NodeController]) -> dict[str, float]:
    """How long each UE takes for a whole task by itself, s."""
    times = {}
    for name, controller in controllers.items():
        config = controller.config
        if config.source is not None:
            passes = 1.0 + (config.options.backward_ratio or 0.0)
            times[name] = passes * float(config.model.prefix_s[-1])
    return times
