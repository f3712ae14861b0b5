"""Where to split a model: the problem, its solvers, and the policies that nodes follow."""

from cosim.splitting.algorithm1 import Algorithm1Step, algorithm1_step, solve_algorithm1
from cosim.splitting.chain import default_roles, solve_chain
from cosim.splitting.node import (
    ChainCosts,
    Decision,
    NodeCosts,
    NodeEnergy,
    NodeSolution,
    Objective,
    Role,
    TaskState,
    Told,
)
from cosim.splitting.objectives import (
    QualityAssurance,
    inverse_weight_step,
    solve_inverse_weight,
    weighted_problem,
)
from cosim.splitting.pareto import ParetoMessage, ParetoPlan, pareto_sink, pareto_step, solve_pareto
from cosim.splitting.policies import CloudOnly, EdgeOnly, HiveMind, SingleSplit, UeOnly
from cosim.splitting.policy import (
    NodePolicy,
    Policy,
    decide_checked,
    solve_checked,
    tell_checked,
)
from cosim.splitting.problem import Plan, SplitProblem, plan_cost, plan_cost_parts, prefix_sums
from cosim.splitting.registry import make_policy, policy_class, policy_description, policy_names
from cosim.splitting.signalling import Signalling, count_signalling, plan_count
from cosim.splitting.solvers import sci_step, solve_exhaustive, solve_sci
from cosim.splitting.split_graph import solve_dijkstra, split_graph
from cosim.splitting.training import (
    local_parameter_moves,
    parameter_moves,
    path_seconds_per_byte,
    training_problem,
)

__all__ = [
    "Algorithm1Step",
    "ChainCosts",
    "CloudOnly",
    "Decision",
    "EdgeOnly",
    "HiveMind",
    "NodeCosts",
    "NodeEnergy",
    "NodePolicy",
    "NodeSolution",
    "Objective",
    "ParetoMessage",
    "ParetoPlan",
    "Plan",
    "Policy",
    "QualityAssurance",
    "Role",
    "Signalling",
    "SingleSplit",
    "SplitProblem",
    "TaskState",
    "Told",
    "UeOnly",
    "algorithm1_step",
    "count_signalling",
    "decide_checked",
    "default_roles",
    "inverse_weight_step",
    "local_parameter_moves",
    "make_policy",
    "parameter_moves",
    "pareto_sink",
    "pareto_step",
    "path_seconds_per_byte",
    "plan_cost",
    "plan_cost_parts",
    "plan_count",
    "policy_class",
    "policy_description",
    "policy_names",
    "prefix_sums",
    "sci_step",
    "solve_algorithm1",
    "solve_chain",
    "solve_checked",
    "solve_dijkstra",
    "solve_exhaustive",
    "solve_inverse_weight",
    "solve_pareto",
    "solve_sci",
    "split_graph",
    "tell_checked",
    "training_problem",
    "weighted_problem",
]
