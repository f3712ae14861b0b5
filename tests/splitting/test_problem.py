from __future__ import annotations

import math

import numpy as np
import pytest

from cosim.splitting import Plan, SplitProblem, plan_cost, plan_cost_parts, prefix_sums


def test_cost_adds_compute_and_transfer() -> None:
    problem = SplitProblem([[1, 2], [4, 8], [16, 32]], [[100, 200, 0], [300, 400, 0]])
    assert plan_cost(problem, (0, 1, 1, 2)) == 1 + 200 + 400 + 32
    assert plan_cost_parts(problem, (0, 0, 2, 2)) == (12.0, 100.0)
    assert plan_cost(problem, (0, 2, 2, 2)) == 3.0


def test_arrays_are_copied_and_read_only() -> None:
    source = np.ones((2, 3))
    problem = SplitProblem(source, np.ones((1, 4)))
    source[0, 0] = 7.0
    assert problem.compute_s[0, 0] == 1.0
    assert (problem.nodes, problem.layers) == (2, 3)
    with pytest.raises(ValueError, match="read-only"):
        problem.compute_s[0, 0] = 2.0


@pytest.mark.parametrize(
    ("compute", "transfer", "message"),
    [
        ([[1.0, math.nan]], [], r"compute_s\[0, 1\] is nan"),
        ([[1.0], [math.inf]], [[0, 0]], r"compute_s\[1, 0\] is inf"),
        ([[1.0], [-2.0]], [[0, 0]], r"compute_s\[1, 0\] is -2.0"),
        ([[1.0], [2.0]], [[0, math.nan]], r"transfer_s\[0, 1\] is nan"),
        ([[1.0], [2.0]], [[-1, 0]], r"transfer_s\[0, 0\] is -1"),
        ([[1.0], [2.0]], [[0, 0, 0]], r"transfer_s must have shape .* = \(1, 2\)"),
        ([[1.0, 2.0], [3.0]], [[0, 0, 0]], r"compute_s\[1\] has 1 entries"),
        ([[1.0], [2.0], [3.0]], [[0, 0], [0]], r"transfer_s\[1\] has 1 entries"),
        ([1.0, 2.0], [[0, 0, 0]], "compute_s must have 2 dimensions"),
        ([[]], [[0]], r"compute_s must have shape \(P, L\)"),
        ([], [], r"compute_s must have shape \(P, L\)"),
        ([["a"]], [], "compute_s is not a rectangular table of numbers"),
        ([[1.0], [1.0]], [["x", 0]], "transfer_s is not a rectangular table of numbers"),
        ([[1j]], [], "compute_s is not"),
        ([[1e308, 1e308]], [], r"compute_s\[0\] adds up"),
    ],
)
def test_bad_input_is_named(compute: object, transfer: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SplitProblem(compute, transfer)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("boundaries", "message"),
    [
        ((0, 2), "P\\+1 = 3"),
        ((0, 1, 1), "from 0 to L = 2"),
        ((1, 1, 2), "from 0 to L = 2"),
        ((0, 3, 2), r"boundaries\[2\] = 2 is less"),
    ],
)
def test_bad_boundaries_are_named(boundaries: tuple[int, ...], message: str) -> None:
    problem = SplitProblem(np.ones((2, 2)), np.ones((1, 3)))
    with pytest.raises(ValueError, match=message):
        plan_cost(problem, boundaries)


def test_one_node_needs_no_transfer() -> None:
    assert plan_cost(SplitProblem([[1.0, 2.0]], np.zeros((0, 3))), (0, 2)) == 3.0
    assert plan_cost(SplitProblem([[1.0, 2.0]], []), (0, 2)) == 3.0


def test_dead_link_makes_only_the_plans_over_it_infinite() -> None:
    problem = SplitProblem([[1.0], [1.0]], [[math.inf, 0.0]])
    assert plan_cost(problem, (0, 0, 1)) == math.inf
    assert plan_cost(problem, (0, 1, 1)) == 1.0


def test_prefix_sums_and_plan_equality() -> None:
    assert prefix_sums([1, 2, 3]).tolist() == [0, 1, 3, 6]
    assert Plan((0, 1), 1.0) == Plan((0, 1), 1.0)
