"""Where to split a model: the problem, its solvers, and the policies that nodes follow."""

from cosim.splitting.policies import CloudOnly, EdgeOnly, HiveMind, SingleSplit, UeOnly
from cosim.splitting.policy import (
    NodeCosts,
    NodeSolution,
    Policy,
    Role,
    default_roles,
    solve_chain,
    solve_checked,
)
from cosim.splitting.problem import Plan, SplitProblem, plan_cost, plan_cost_parts, prefix_sums
from cosim.splitting.registry import make_policy, policy_class, policy_description, policy_names
from cosim.splitting.solvers import sci_step, solve_exhaustive, solve_sci

__all__ = [
    "CloudOnly",
    "EdgeOnly",
    "HiveMind",
    "NodeCosts",
    "NodeSolution",
    "Plan",
    "Policy",
    "Role",
    "SingleSplit",
    "SplitProblem",
    "UeOnly",
    "default_roles",
    "make_policy",
    "plan_cost",
    "plan_cost_parts",
    "policy_class",
    "policy_description",
    "policy_names",
    "prefix_sums",
    "sci_step",
    "solve_chain",
    "solve_checked",
    "solve_exhaustive",
    "solve_sci",
]
