"""Degenerate inputs: every solver and cost form answers them, or names the argument and index."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.splitting import (
    HiveMind,
    QualityAssurance,
    SplitProblem,
    algorithm1_step,
    default_roles,
    inverse_weight_step,
    local_parameter_moves,
    make_policy,
    parameter_moves,
    pareto_sink,
    pareto_step,
    path_seconds_per_byte,
    plan_cost,
    sci_step,
    solve_algorithm1,
    solve_chain,
    solve_dijkstra,
    solve_exhaustive,
    solve_inverse_weight,
    solve_pareto,
    solve_sci,
    training_problem,
    weighted_problem,
)
from cosim.splitting.collaborative import (
    collaborative_problem,
    distributed_omega,
    federated_omega,
    local_omega,
    qmix_omega,
)
from cosim.splitting.dads import ModelGraph, line_graph, solve_dads
from cosim.splitting.recurrent import (
    RecurrentModule,
    folded_line,
    linearised_problem,
    local_standard,
    standard_problem,
)

Solver = Callable[[SplitProblem], Sequence[int]]

# All find a plan of least cost; as cost forms, those of several metrics do so with one that counts.
OPTIMAL: dict[str, Solver] = {
    "sci": lambda p: solve_sci(p).boundaries,
    "algorithm1": lambda p: solve_algorithm1(p).boundaries,
    "algorithm1-without-skip": lambda p: solve_algorithm1(p, skip=False).boundaries,
    "dijkstra-grid": lambda p: solve_dijkstra(p).boundaries,
    "dijkstra-pairs": lambda p: solve_dijkstra(p, form="pairs").boundaries,
    "linear": lambda p: solve_sci(weighted_problem([p, p], [0.5, 0.5])).boundaries,
    "pareto": lambda p: solve_pareto(p, p, math.inf).boundaries,
    "pareto-capped": lambda p: solve_pareto(p, p, math.inf, cap=1).boundaries,
    "pareto-as-qa": lambda p: solve_pareto(p, p, 0.0).boundaries,
    "inverse-weight": lambda p: solve_inverse_weight([], [p], [1.0]),
    "training": lambda p: solve_sci(_untrained(p)).boundaries,
    "collaborative": lambda p: solve_sci(collaborative_problem(p, [0.0] * p.nodes)).boundaries,
    "hivemind": lambda p: solve_chain(HiveMind(), p).boundaries,
    "dijkstra": lambda p: solve_chain(make_policy("dijkstra"), p).boundaries,
    "exhaustive": lambda p: solve_chain(make_policy("exhaustive"), p).boundaries,
    "opt-latency": lambda p: solve_chain(make_policy("opt-latency"), p).boundaries,
    "hivemind-pareto": lambda p: (
        solve_chain(make_policy("hivemind-pareto"), p, energy=p).boundaries
    ),
}

PLAIN = SplitProblem([[3.0, 1.0], [1.0, 1.0]], [[1.0, 1.0, 0.0]])
DEGENERATE = {
    "one layer, two nodes": SplitProblem([[3.0], [1.0]], [[1.0, 0.0]]),
    "one layer, a tie": SplitProblem([[3.0], [1.0]], [[2.0, 0.0]]),
    "all zero": SplitProblem(np.zeros((3, 4)), np.zeros((2, 5))),
    "all the same": SplitProblem(np.ones((3, 4)), np.ones((2, 5))),
    "dead links": SplitProblem(np.ones((3, 2)), [[math.inf] * 2 + [0.0]] * 2),
    "a dead link": SplitProblem([[9.0, 9], [1, 1], [0, 0]], [[1.0, 1, 0], [math.inf] * 2 + [0]]),
    "no way for the result": SplitProblem([[1.0], [1.0]], [[math.inf, math.inf]]),
    "one node": SplitProblem([[1.0, 2.0]], []),
}


def _untrained(problem: SplitProblem) -> SplitProblem:
    nothing = np.zeros_like(problem.compute_s)
    return training_problem(problem, nothing, np.zeros_like(problem.transfer_s), nothing)


@pytest.mark.parametrize("name", DEGENERATE)
@pytest.mark.parametrize("solver", OPTIMAL)
def test_every_solver_answers_degenerate_problems(solver: str, name: str) -> None:
    problem = DEGENERATE[name]
    best = solve_exhaustive(problem)
    found = tuple(OPTIMAL[solver](problem))
    assert plan_cost(problem, found) == best.cost
    if math.isfinite(best.cost):
        assert found == best.boundaries  # ties are broken the same way everywhere


@given(st.integers(0, 2**32 - 1))
def test_single_precision_gives_every_solver_the_same_plan(seed: int) -> None:
    rng = np.random.default_rng(seed)
    nodes, layers = int(rng.integers(2, 5)), int(rng.integers(1, 8))
    compute = rng.integers(0, 9, (nodes, layers)).astype(np.float32) / np.float32(8)
    transfer = rng.integers(0, 9, (nodes - 1, layers + 1)).astype(np.float32) / np.float32(8)
    narrow = SplitProblem(compute, transfer)
    wide = SplitProblem(compute.astype(np.float64), transfer.astype(np.float64))
    best = solve_exhaustive(wide).boundaries
    for solver in OPTIMAL.values():
        assert tuple(solver(narrow)) == tuple(solver(wide)) == best


NAN, INF = math.nan, math.inf
ZERO, SUMS = np.zeros(3), np.array([0.0, 3.0, 4.0])
PAIR = np.array([[0.0, 1.0], [0.0, 1.0]])
SINK = pareto_sink(PAIR)
PATHS = path_seconds_per_byte([1e8], [1e8])
MODULE = RecurrentModule(3, [1.0, 2.0], [0.0, 1.0], 4.0)
TIMES = [[1.0, 1.0], [1.0, 1.0]]
LINE = line_graph([1.0, 1.0, 0.0])


def with_at(array: Any, index: Any, value: float) -> Any:
    changed = np.array(array, dtype=float)
    changed[index] = value
    return changed


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: sci_step(with_at(SUMS, 1, NAN), ZERO, ZERO), "prefix_s[1] is nan"),
        (lambda: sci_step(with_at(SUMS, 2, 1), ZERO, ZERO), "prefix_s[2] is 1.0: less"),
        (lambda: sci_step(SUMS, with_at(ZERO, 1, -1), ZERO), "transfer_s[1] is -1"),
        (lambda: sci_step(SUMS, ZERO, with_at(ZERO, 2, -INF)), "downstream_s[2] is -inf"),
        (lambda: sci_step(SUMS, ZERO, np.zeros(5)), "downstream_s must have shape (3,)"),
        (lambda: sci_step([0, [1], 2], ZERO, ZERO), "prefix_s[1] has 1 entries"),  # type: ignore[arg-type, list-item]
        (lambda: sci_step(ZERO[:1], ZERO[:1], ZERO[:1]), "prefix_s must have L+1 >= 2"),
        (lambda: algorithm1_step(np.array([INF, 1]), ZERO, ZERO), "compute_s[0] is inf"),
        (lambda: algorithm1_step(SUMS[1:], ZERO, ZERO[1:]), "downstream_s must have shape"),
        (lambda: solve_algorithm1(PLAIN, max_costs=2), "more than max_costs = 2"),
        (lambda: solve_exhaustive(PLAIN, max_plans=2), "more than max_plans = 2"),
        (lambda: pareto_step(with_at(PAIR, (1, 0), NAN), PAIR, SINK), "prefix[1][0] is nan"),
        (lambda: pareto_step(PAIR, with_at(PAIR, (0, 1), -1), SINK), "transfer[0, 1] is -1"),
        (lambda: pareto_step(np.zeros((2, 3)), np.zeros((2, 3)), SINK), "downstream is for"),
        (lambda: pareto_step(PAIR, PAIR[:1], SINK), "transfer must have shape (2, 2)"),
        (lambda: pareto_step(PAIR, PAIR, SINK, threshold=NAN), "threshold is nan"),
        (lambda: pareto_sink(PAIR[:1]), "prefix must have 2 rows"),
        (lambda: inverse_weight_step([SUMS], [ZERO], [NAN], ZERO, ZERO, ZERO), "thresholds[0]"),
        (
            lambda: inverse_weight_step(
                [SUMS, with_at(SUMS, 1, INF)], [ZERO] * 2, [1, 1], ZERO, ZERO, ZERO
            ),
            "qa_prefix[1][1] is inf",
        ),
        (lambda: inverse_weight_step([SUMS], [], [1], ZERO, ZERO, ZERO), "as many as each other"),
        (
            lambda: inverse_weight_step([], [], [], ZERO, with_at(ZERO, 0, NAN), ZERO),
            "be_transfer[0] is nan",
        ),
        (lambda: QualityAssurance(PLAIN, NAN), "threshold is nan"),
        (lambda: solve_inverse_weight([], [PLAIN], [INF]), "weights[0] is inf"),
        (lambda: plan_cost(PLAIN, [0, 0.5, 2]), "boundaries[1] is 0.5"),  # type: ignore[list-item]
        (lambda: plan_cost(PLAIN, [0, [1], 2]), "boundaries[1] is [1]"),  # type: ignore[list-item]
        (lambda: training_problem(PLAIN, [[1], [1, 1]], [ZERO]), "backward_s[1] has 2 entries"),
        (lambda: training_problem(PLAIN, TIMES, [[0, -1, 0]]), "gradient_s[0, 1] is -1"),
        (lambda: training_problem(PLAIN, TIMES, [ZERO], [[0, INF], [0, 0]]), "move_s[0, 1]"),
        (lambda: path_seconds_per_byte([1, NAN], [1, 1]), "down_bps[1] is nan"),
        (lambda: path_seconds_per_byte([1, 1], [1, -2]), "up_bps[1] is -2"),
        (
            lambda: parameter_moves([1, 2], [0, 1, 2], with_at(PATHS, (0, 1), NAN)),
            "path_s_per_byte[0, 1] is nan",
        ),
        (lambda: parameter_moves([1, 2], [0, 1, 2], np.zeros((3, 2))), "path_s_per_byte must"),
        (lambda: parameter_moves([1, 2], [0, 1, 1, 2], PATHS), "previous must have P+1 = 3"),
        (lambda: parameter_moves([1, 2], [0, NAN, 2], PATHS), "previous[1] is nan"),  # type: ignore[list-item]
        (lambda: parameter_moves([-1, 2], [0, 1, 2], PATHS), "param_bytes[0] is -1"),
        (lambda: local_parameter_moves([1, 2], 1, NAN, 1), "down_s_per_byte is nan"),
        (lambda: local_parameter_moves([1, 2], 1, 1, -1), "up_s_per_byte is -1"),
        (lambda: collaborative_problem(PLAIN, [1, INF]), "omega_s[1] is inf"),
        (lambda: collaborative_problem(PLAIN, [[1], 1]), "omega_s[1] has 0 entries"),  # type: ignore[list-item]
        (lambda: federated_omega(4, with_at(PATHS, (1, 0), -1)), "path_s_per_byte[1, 0] is -1"),
        (lambda: federated_omega(4, PATHS, server=7), "server is 7"),
        (lambda: federated_omega(NAN, PATHS), "param_bytes is nan"),
        (lambda: distributed_omega(4, PATHS, agents=0), "agents is 0"),
        (lambda: qmix_omega(4, -1, PATHS), "mixer_bytes is -1"),
        (lambda: qmix_omega(4, 1, PATHS, mixer=-3), "mixer is -3"),
        (lambda: local_omega(NAN, 1, 3, merges_downstream=True), "there_s is nan"),
        (lambda: local_omega(1, 1, 0, merges_downstream=True), "layers is 0"),
        (lambda: RecurrentModule(2, [1, NAN], [0, 0], 1), "activation_bytes[1] is nan"),
        (lambda: RecurrentModule(2, [1], [0], -1), "input_bytes is -1"),
        (lambda: linearised_problem(MODULE, [[1, NAN], [1, 1]], [1], [0]), "layer_s[0, 1] is nan"),
        (lambda: linearised_problem(MODULE, [[1], [1, 1]], [1], [0]), "layer_s[1] has 2"),
        (lambda: linearised_problem(MODULE, TIMES, [-1], [0]), "seconds_per_byte[0] is -1"),
        (lambda: standard_problem(MODULE, TIMES, [1], [0], [NAN]), "return_s_per_byte[0] is nan"),
        (lambda: local_standard(with_at(ZERO, 1, NAN), 2, 1), "transfer_s[1] is nan"),
        (lambda: local_standard(ZERO, 2, -1), "return_s is -1"),
        (lambda: local_standard(ZERO, 0, 1), "runs is 0"),
        (lambda: folded_line([1, NAN], 3), "live_bytes[1] is nan"),
        (lambda: solve_dads(LINE, [1, -1], [1, 1], rate_bps=1), "ue_s[1] is -1"),
        (lambda: solve_dads(LINE, [1, 1], [1], rate_bps=1), "server_s must have shape (2,)"),
        (lambda: solve_dads(LINE, [1, 1], [1, 1], rate_bps=NAN), "rate_bps is nan"),
        (lambda: solve_dads(ModelGraph([], [], 1), [], [], rate_bps=1), "output_bytes is empty"),
        (
            lambda: solve_dads(ModelGraph([(0,)], [1, 1], 1), [1, 1], [1, 1], rate_bps=1),  # type: ignore[list-item]
            "edges[0] = (0,)",
        ),
        (lambda: default_roles(0), "nodes must be at least 1"),
    ],
)
def test_what_is_wrong_is_named(call: Callable[[], object], named: str) -> None:
    with pytest.raises(ValueError, match=re.escape(named)):
        call()


def test_a_split_graph_that_would_not_fit_is_refused() -> None:
    problem = SplitProblem(np.ones((3, 5_000)), np.ones((2, 5_001)))
    with pytest.raises(ValueError, match="use 'grid'"):
        solve_dijkstra(problem, form="pairs")
    assert solve_dijkstra(problem).cost == solve_sci(problem).cost
