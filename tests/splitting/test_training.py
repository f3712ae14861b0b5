"""Training: the folded costs against a count from first principles."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.splitting import SplitProblem, plan_cost, solve_exhaustive, solve_sci
from cosim.splitting.training import (
    assigned_nodes,
    local_parameter_moves,
    parameter_moves,
    path_seconds_per_byte,
    training_problem,
)


def random_step(rng: np.random.Generator, nodes: int, layers: int) -> dict[str, Any]:
    return {
        "forward": rng.integers(0, 9, (nodes, layers)).astype(float),
        "backward": rng.integers(0, 9, (nodes, layers)).astype(float),
        "transfer": rng.integers(0, 9, (nodes - 1, layers + 1)).astype(float),
        "gradient": rng.integers(0, 9, (nodes - 1, layers + 1)).astype(float),
        "params": rng.integers(0, 9, layers).astype(float),
        "down": 8.0 / rng.integers(1, 5, nodes - 1),
        "up": 8.0 / rng.integers(1, 5, nodes - 1),
        "previous": (
            0,
            *(int(b) for b in np.sort(rng.integers(0, layers + 1, nodes - 1))),
            layers,
        ),
    }


def cost_by_hand(step: dict[str, Any], plan: tuple[int, ...], kind: str) -> float:
    """Eq. 8, layer by layer."""
    nodes = len(plan) - 1
    cost = 0.0
    for p in range(nodes):
        for layer in range(plan[p], plan[p + 1]):
            cost += step["forward"][p, layer] + step["backward"][p, layer]
            before = next(q for q in range(nodes) if layer < step["previous"][q + 1])
            hops = [8 / step["down"][q] for q in range(before, p)]
            hops += [8 / step["up"][q] for q in range(p, before)]
            slow = max(hops, default=0.0) if kind == "bottleneck" else sum(hops)
            cost += step["params"][layer] * slow
        if p < nodes - 1:
            cost += step["transfer"][p, plan[p + 1]] + step["gradient"][p, plan[p + 1]]
    return cost


@pytest.mark.parametrize("kind", ["bottleneck", "hops"])
@given(st.integers(0, 2**32 - 1), st.integers(2, 4), st.integers(1, 5))
@settings(max_examples=60)
def test_the_folded_problem_costs_what_a_step_costs(
    kind: Any, seed: int, nodes: int, layers: int
) -> None:
    step = random_step(np.random.default_rng(seed), nodes, layers)
    path = path_seconds_per_byte(step["down"], step["up"], kind)
    folded = training_problem(
        SplitProblem(step["forward"], step["transfer"]),
        step["backward"],
        step["gradient"],
        parameter_moves(step["params"], step["previous"], path),
    )
    inner = itertools.combinations_with_replacement(range(layers + 1), nodes - 1)
    costs = {(0, *b, layers): cost_by_hand(step, (0, *b, layers), kind) for b in inner}
    for plan, cost in costs.items():
        assert plan_cost(folded, plan) == pytest.approx(cost)
    assert solve_sci(folded).cost == pytest.approx(min(costs.values()))


@given(st.integers(0, 2**32 - 1), st.integers(2, 5), st.integers(1, 6))
@settings(max_examples=60)
def test_moves_booked_at_the_links_add_up_to_moves_booked_at_the_nodes(
    seed: int, nodes: int, layers: int
) -> None:
    step = random_step(np.random.default_rng(seed), nodes, layers)
    path = path_seconds_per_byte(step["down"], step["up"], "hops")
    compute = step["forward"]
    central = SplitProblem(
        compute + parameter_moves(step["params"], step["previous"], path), step["transfer"]
    )
    local = [
        local_parameter_moves(
            step["params"], step["previous"][p + 1], 8 / step["down"][p], 8 / step["up"][p]
        )
        for p in range(nodes - 1)
    ]
    linkwise = SplitProblem(compute, step["transfer"] + np.array(local))
    inner = itertools.combinations_with_replacement(range(layers + 1), nodes - 1)
    for b in inner:
        plan = (0, *b, layers)
        assert plan_cost(linkwise, plan) == pytest.approx(plan_cost(central, plan))
    assert solve_sci(linkwise).cost == pytest.approx(solve_exhaustive(central).cost)


def test_nothing_moves_when_the_assignment_stays() -> None:
    path = path_seconds_per_byte([1e6, 2e6], [3e6, 4e6])
    moves = parameter_moves([10, 20, 30], (0, 1, 1, 3), path)
    assert moves[0, 0] == 0 and moves[2, 1] == 0 and moves[2, 2] == 0
    assert moves[1, 0] == pytest.approx(10 * 8 / 1e6)
    assert moves[0, 2] == pytest.approx(30 * 8 / 3e6)  # the slower of 3 and 4 Mbps


def test_parameters_keep_an_assignment_that_would_hardly_gain() -> None:
    """A step that is 1 s faster elsewhere is not worth moving parameters for 2 s."""
    inference = SplitProblem([[3.0], [1.0]], [[0.0, 0.0]])
    zero, path = np.zeros((2, 1)), path_seconds_per_byte([8.0], [8.0])
    for size, end in ((1.0, 0), (2.5, 1)):
        moves = parameter_moves([size], (0, 1, 1), path)
        best = solve_sci(training_problem(inference, zero, np.zeros((1, 2)), moves))
        assert best.boundaries == (0, end, 1)


def test_a_dead_link_keeps_parameters_where_they_are() -> None:
    moves = local_parameter_moves([4.0, 0.0, 5.0], 1, math.inf, math.inf)
    np.testing.assert_array_equal(moves, [math.inf, 0.0, 0.0, math.inf])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: assigned_nodes((0, 2, 1, 3), 3), "no boundaries from 0 to L = 3"),
        (lambda: local_parameter_moves([1.0], 2, 1, 1), "previous_boundary must be from 0 to 1"),
        (lambda: local_parameter_moves([1.0, -1], 1, 1, 1), r"param_bytes\[1\] is -1"),
        (lambda: path_seconds_per_byte([1.0], [1.0, 2.0]), r"up_bps must have shape \(1,\)"),
        (lambda: path_seconds_per_byte([1.0], [1.0], "x"), "kind must be"),  # type: ignore[arg-type]
        (
            lambda: training_problem(SplitProblem([[1.0]], []), [[math.nan]], []),
            r"backward_s\[0, 0\] is nan",
        ),
        (
            lambda: training_problem(
                SplitProblem([[1.0], [1.0]], [[0, 0]]), [[1.0], [1.0]], [[0, -1]]
            ),
            r"gradient_s\[0, 1\] is -1",
        ),
    ],
)
def test_bad_arguments_are_named(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
