"""Policies that decide for the whole chain at its source, from what the other nodes told it.

The UE is the controller. Every node tells its own costs and, in the same message, those that it
heard from downstream: O(P L) numbers on the last link instead of SCI's L + 1. The UE so knows the
chain as far as the messages say, no sooner and no better than SCI would, and its plan travels with
the task. A node after it follows the plan; when its way on is shut meanwhile it finishes the task,
and when a task comes without a plan (its UE knew nothing yet) it finishes that as well.

Simplified: a controller would be a server with all nodes' reports; here the hop-by-hop wave of SCI
carries them. What solving takes is not counted in simulated time (it is in ``sci.compute_wall_s``
for what is told, not for the plan itself).
"""

from __future__ import annotations

import math
from abc import abstractmethod

import numpy as np

from cosim.errors import PolicyError
from cosim.splitting.node import ChainCosts, Decision, NodeCosts, Role, TaskState, Told
from cosim.splitting.policy import NodePolicy
from cosim.splitting.problem import Plan, SplitProblem
from cosim.splitting.signalling import plan_count
from cosim.splitting.solvers import solve_exhaustive
from cosim.splitting.split_graph import solve_dijkstra

_MAX_PLANS = 2_000_000  # some tenths of a second for each task


class _Central(NodePolicy):
    tells = ChainCosts

    @abstractmethod
    def solve(self, problem: SplitProblem) -> Plan:
        """The plan for a chain whose first node is the source."""

    def tell(self, role: Role, costs: NodeCosts, heard: Told | None) -> Told:
        prefix = costs.prefix_s[None, :]
        if not isinstance(heard, ChainCosts) or costs.transfer_s is None:
            return ChainCosts(prefix, np.zeros((0, prefix.size)))
        return ChainCosts(
            np.concatenate([prefix, heard.prefix_s]),
            np.concatenate([costs.transfer_s[None, :], heard.transfer_s]),
        )

    def decide(self, role: Role, costs: NodeCosts, heard: Told | None, task: TaskState) -> Decision:
        plan, expected_s = task.plan, None
        if role.is_source and not plan:
            solved = self._plan(self.tell(role, costs, heard))
            plan, expected_s = solved.boundaries[1:], solved.cost
        if costs.transfer_s is None or not plan or math.isinf(costs.transfer_s[plan[0]]):
            return Decision(costs.layers)
        return Decision(max(plan[0], task.boundary), plan[1:], expected_s)

    def _plan(self, told: Told) -> Plan:
        if not isinstance(told, ChainCosts):
            raise PolicyError("no chain of costs to plan with")
        # Prefix sums of single precision differ by more than 0 only where the layers take time.
        compute = np.maximum(np.diff(told.prefix_s, axis=1), 0.0)
        return self.solve(SplitProblem(compute, told.transfer_s))


class Dijkstra(_Central):
    """The optimum, centrally: shortest path on the split graph (HiveMind IV.B.2, Dijkstra 1959).

    Least latency, as `hivemind`. Simplified: the UE is the controller; see this module.
    """

    name = "dijkstra"

    def solve(self, problem: SplitProblem) -> Plan:
        return solve_dijkstra(problem)


class Exhaustive(_Central):
    """The optimum, centrally, by trying every plan (HiveMind IV.B.2); for small models only.

    Least latency, as `hivemind`. Simplified: the UE is the controller; see this module.
    """

    name = "exhaustive"

    def solve(self, problem: SplitProblem) -> Plan:
        plans = plan_count(problem.layers, problem.nodes)
        if plans > _MAX_PLANS:
            raise PolicyError(
                f"policy 'exhaustive' cannot try all {plans} plans of {problem.layers} layers on "
                f"{problem.nodes} nodes, {_MAX_PLANS} at most",
                hint="use --policy dijkstra, which finds the same plan, or a shorter chain",
            )
        return solve_exhaustive(problem, max_plans=_MAX_PLANS)
