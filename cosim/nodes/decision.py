"""A node's decision: its policy, asked with the newest of what the node itself knows."""

from __future__ import annotations

import math

import numpy as np

from cosim.forecasting import LagEstimator
from cosim.nodes.config import NodeConfig
from cosim.nodes.extra_costs import ExtraCosts
from cosim.nodes.link_costs import TASK_HEADER_BYTES, LinkTable
from cosim.nodes.messages import NO_DEADLINE, TaskMessage
from cosim.splitting.node import (
    Decision,
    NodeCosts,
    NodeEnergy,
    NodeSolution,
    TaskState,
    Told,
)
from cosim.splitting.policy import (
    NodePolicy,
    Policy,
    decide_checked,
    solve_checked,
    tell_checked,
)
from cosim.splitting.problem import FloatArray


class Decider:
    """Asks the policy; holds the link table and the newest that was heard from downstream.

    Attributes
    ----------
    links, policy
        The node's own.
    heard
        What the next node downstream told last.
    held
        In training: how many layers have their parameters on the near side of the node's uplink.
        None while no step has passed here; then nothing is counted as having to move.
    """

    def __init__(self, config: NodeConfig, policy: NodePolicy) -> None:
        options = config.options
        self.links = LinkTable(config.uplink, options.make_forecaster)
        self.policy = policy
        self._repeatable: Policy | None = None
        if isinstance(policy, Policy) and policy.is_repeatable:
            self._repeatable = policy
        self.heard: Told | None = None
        self.heard_count = 0
        self._solved: NodeSolution | None = None
        self._solved_for: tuple[int, int, int | None, int] | None = None
        self.held: int | None = None
        self._options = options
        self._model = config.model
        self._energy = config.energy
        self._decode_ns_of = config.decode_ns_of
        self._role = config.role
        self._extras = ExtraCosts(config)
        # What no change of a link alters, in s and J.
        self._prefix_s = config.model.prefix_s * self._extras.passes
        self._prefix_j = config.model.prefix_s * (config.energy.busy_w * self._extras.passes)
        self._sent_bytes = (config.model.live_bytes + TASK_HEADER_BYTES).astype(np.float64)
        self._sent_j = config.energy.radio_j_per_bit * 8 * self._sent_bytes[:-1]
        self._encode_j = config.energy.busy_w * (config.model.encode_ns / 1e9)
        self._sent_without_radio_j = self._extras.runs * self._encode_j
        for shared in (self._prefix_s, self._prefix_j, self._sent_without_radio_j):  # with policies
            shared.setflags(write=False)
        self._coding_s_of: dict[str, FloatArray] = {}  # by the node at the uplink's other end
        self._lag = LagEstimator(options.lag_tasks, options.coherence_ns)

    def decide(self, now_ns: int, task: TaskMessage) -> Decision:
        """Where to stop a task that this node could begin at `now_ns`, the links being as they are.

        Raises
        ------
        PolicyError
            When the policy fails.
        """
        left = task.deadline_ns - now_ns
        budget_s = math.inf if task.deadline_ns == NO_DEADLINE else left / 1e9
        if self._repeatable is not None:
            return self._repeatable.decision(self._solve(self._repeatable, 0), task.boundary)
        state = TaskState(task.boundary, budget_s, task.plan)
        return decide_checked(self.policy, self._role, self.costs(), self.heard, state)

    def tell(self, now_ns: int) -> tuple[Told, int]:
        """What to tell upstream, as it will be when the task comes, in how many ns (IV.F)."""
        ahead_ns = self._lag.ahead_ns if self._options.make_forecaster is not None else 0
        self._lag.told(now_ns)
        if self._repeatable is not None:
            return self._solve(self._repeatable, ahead_ns).cost_to_go_s, ahead_ns
        told = tell_checked(self.policy, self._role, self.costs(ahead_ns), self.heard)
        return told, ahead_ns

    def sent(self, now_ns: int) -> None:
        """A task goes over the uplink now: the moment that the told costs were about."""
        self._lag.sent(now_ns)

    def can_send(self) -> bool:
        """Whether the way downstream is open, as far as the node knows."""
        return self.links.is_open

    def hear(self, told: Told | None) -> None:
        """Take over what the next node downstream told, or forget it."""
        before, self.heard = self.heard, told
        if before is told and told is not None:
            return
        if isinstance(told, np.ndarray) and isinstance(before, np.ndarray):
            self.heard_count += bool(np.count_nonzero(before != told))
        else:
            self.heard_count += 1

    def _solve(self, policy: Policy, ahead_ns: int) -> NodeSolution:
        """A repeatable policy's answer, asked for anew when something has changed."""
        basis = (self.links.version, ahead_ns, self.held, self.heard_count)
        if self._solved is None or basis != self._solved_for:
            heard = self.heard if isinstance(self.heard, np.ndarray) else None
            self._solved = solve_checked(policy, self._role, self.costs(ahead_ns), heard)
            self._solved_for = basis
        return self._solved

    def costs(self, ahead_ns: int = 0) -> NodeCosts:
        """The node's own costs now, or as they are forecast for `ahead_ns` later."""
        transfer, radio_j = None, None
        if not self._role.is_sink:
            once = self.links.transfer_s(self._sent_bytes, ahead_ns)
            transfer = self._extras.transfer_s(once + self._coding_s(), self.links, self.held)
            radio_j = self._radio_j(once)
            if self._options.backward_ratio is not None:
                radio_j = radio_j + self._params_j()
        energy = NodeEnergy(self._prefix_j, radio_j)
        return NodeCosts(self._prefix_s, transfer, energy, self._options.objective)

    def _coding_s(self) -> FloatArray:
        """Both ends' time for the form in which tensors cross the uplink (overhead of Eq. 10)."""
        destination = self.links.destination or ""
        if destination not in self._coding_s_of:
            there = self._decode_ns_of.get(destination, 0)
            self._coding_s_of[destination] = (self._model.encode_ns + there) / 1e9
        return self._coding_s_of[destination]

    def later_ns(self, boundary: int, stop: int) -> int:
        """What a task that stops here will take at this node and its link after it was passed on.

        That is the backward pass of training, and the further runs of a recurrent module.
        """
        if self._extras.passes == 1.0:
            return 0
        first = float(self._model.prefix_s[stop] - self._model.prefix_s[boundary])
        first += float(self.links.transfer_s(self._sent_bytes)[stop])
        later = self.costs().share_s(boundary, stop) - first
        return round(later * 1e9) if math.isfinite(later) else 0

    def _radio_j(self, transfer: FloatArray) -> FloatArray:
        """Of sending at each boundary in all runs; 0 for a shut way, which is seen by its time."""
        if not self._energy.has_radio:
            return self._sent_without_radio_j
        joules = self._energy.radio_w * np.where(np.isfinite(transfer), transfer, 0.0)
        joules[:-1] += self._sent_j
        return self._extras.runs * (joules + self._encode_j)

    def _params_j(self) -> FloatArray:
        """Of sending parameters in training; where the way is shut, as `_radio_j`."""
        rate_bps = self.links.rate_bps()
        s_per_bit = 1 / rate_bps if rate_bps > 0 else 0.0
        j_per_bit = self._energy.radio_w * s_per_bit + self._energy.radio_j_per_bit
        return 8 * j_per_bit * self._extras.sent_param_bytes(self.held)
