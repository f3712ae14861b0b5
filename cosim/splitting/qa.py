"""The exact form of quality assurance and best effort as a policy (spec section 5)."""

from __future__ import annotations

import numpy as np

from cosim.splitting.node import Decision, NodeCosts, Role, TaskState, Told
from cosim.splitting.pareto import ParetoMessage, pareto_sink, pareto_step
from cosim.splitting.policy import NodePolicy
from cosim.splitting.rivals import counted_energy

# A budget that ran over by less is taken for met: costs are told in single precision.
_SLACK_S = 1e-6


class HiveMindPareto(NodePolicy):
    """Latency within the limit, energy as low as possible: exactly, by Pareto fronts.

    Beyond the paper (its V bounds every node's share alone, see `hivemind-qa`). Nodes tell the
    front of (latency, energy) from each boundary on. The UE takes the point of least energy whose
    latency is within the scenario's limit; each node downstream does the same with what the task
    has left of it. When no point is, the one of least latency is taken.
    """

    name = "hivemind-pareto"
    tells = ParetoMessage

    def tell(self, role: Role, costs: NodeCosts, heard: Told | None) -> Told:
        return _message(costs, heard)

    def decide(self, role: Role, costs: NodeCosts, heard: Told | None, task: TaskState) -> Decision:
        message = _message(costs, heard)
        budget = task.budget_s if role.is_source else task.budget_s + _SLACK_S
        point, _ = message.best(task.boundary, budget)
        if point is None:  # no way is open: what is here stays here
            return Decision(costs.layers)
        latency_s = message.costs[0, point] - message.prefix[0, task.boundary]
        return Decision(int(message.stop[point]), expected_s=float(latency_s))


def _message(costs: NodeCosts, heard: Told | None) -> ParetoMessage:
    energy, aim = counted_energy(costs), costs.objective
    prefix = np.stack([costs.prefix_s, energy.prefix_j])
    if costs.transfer_s is None or energy.transfer_j is None:
        return pareto_sink(prefix)
    if not isinstance(heard, ParetoMessage):
        return pareto_sink(prefix)
    transfer = np.stack([costs.transfer_s, energy.transfer_j])
    limit = aim.latency_limit_s
    return pareto_step(prefix, transfer, heard, threshold=limit, cap=aim.front_cap)
