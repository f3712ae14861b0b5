"""The plan that a policy reaches on a whole chain, every node deciding for itself."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence

import numpy as np

from cosim.splitting.node import NodeCosts, NodeEnergy, Objective, Role, TaskState, Told
from cosim.splitting.policy import NodePolicy, decide_checked, tell_checked
from cosim.splitting.problem import Plan, SplitProblem
from cosim.splitting.solvers import make_plan


def solve_chain(
    policy: NodePolicy,
    problem: SplitProblem,
    roles: Sequence[Role] | None = None,
    *,
    energy: SplitProblem | None = None,
    objective: Objective | None = None,
    sci_dtype: type[np.floating] = np.float64,
) -> Plan:
    """The plan that `policy` reaches on a chain when every node knows its true costs.

    Parameters
    ----------
    roles
        One for each node; by default a UE, IAB nodes, and a cloud.
    energy
        The same chain in J, for policies that look at energy.
    objective
        For policies with several metrics.
    sci_dtype
        Precision at which a cost for each boundary is told (messages carry ``float32``).
    """
    if roles is None:
        roles = default_roles(problem.nodes)
    if len(roles) != problem.nodes:
        raise ValueError(f"roles must have P = {problem.nodes} entries, not {len(roles)}")
    if energy is not None and energy.compute_s.shape != problem.compute_s.shape:
        raise ValueError(f"energy has (P, L) = {energy.compute_s.shape}, not that of the problem")
    # Every node has an instance of its own: some keep what they decided.
    nodes = [
        (copy.copy(policy), role, _node_costs(problem, energy, objective, p))
        for p, role in enumerate(roles)
    ]
    told: list[Told | None] = [None]
    for own, role, costs in reversed(nodes):
        news = tell_checked(own, role, costs, told[-1]) if own.uses_sci else None
        told.append(_rounded(news, sci_dtype))
    heard_by = told[-2::-1]
    limit = objective.latency_limit_s if objective else math.inf
    task = TaskState(budget_s=limit)
    boundaries = [0]
    for (own, role, costs), heard in zip(nodes, heard_by, strict=True):
        decision = decide_checked(own, role, costs, heard, task)
        boundaries.append(decision.stop)
        spent = costs.share_s(task.boundary, decision.stop)
        task = TaskState(decision.stop, task.budget_s - spent, decision.plan)
    return make_plan(problem, boundaries)


def _rounded(told: Told | None, dtype: type[np.floating]) -> Told | None:
    if not isinstance(told, np.ndarray):
        return told
    with np.errstate(over="ignore"):
        return told.astype(dtype).astype(np.float64)


def _node_costs(
    problem: SplitProblem, energy: SplitProblem | None, objective: Objective | None, p: int
) -> NodeCosts:
    """What node p of a chain knows of itself."""
    sink = p == problem.nodes - 1
    own = None
    if energy is not None:
        own = NodeEnergy(energy.prefix_s[p], None if sink else energy.transfer_s[p])
    transfer = None if sink else problem.transfer_s[p]
    return NodeCosts(problem.prefix_s[p], transfer, own, objective or Objective())


def default_roles(nodes: int) -> tuple[Role, ...]:
    """Roles of a chain of `nodes`: a UE, IAB nodes, and a cloud."""
    if nodes < 1:
        raise ValueError(f"nodes must be at least 1, is {nodes}")
    if nodes == 1:
        return (Role("ue", is_source=True, is_sink=True),)
    between = tuple(Role("iab") for _ in range(nodes - 2))
    return (Role("ue", is_source=True), *between, Role("cloud", is_sink=True))
