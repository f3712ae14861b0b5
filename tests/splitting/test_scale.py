"""Degenerate inputs and large ones; precision."""

from __future__ import annotations

import math
import time
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.errors import PolicyError
from cosim.splitting import (
    Objective,
    SplitProblem,
    inverse_weight_step,
    make_policy,
    plan_cost,
    policy_names,
    sci_step,
    solve_chain,
    solve_dijkstra,
    solve_pareto,
    solve_sci,
)
from cosim.splitting.bottleneck import least_slowest
from cosim.splitting.objectives import inverse_weight
from cosim.splitting.problem import FloatArray
from cosim.splitting.study import threshold_between


@pytest.mark.parametrize(
    ("compute", "transfer", "message"),
    [
        ([[1, math.nan]], [], r"compute_s\[0, 1\] is nan"),
        ([[1, math.inf]], [], r"compute_s\[0, 1\] is inf"),
        ([[1, -1]], [], r"compute_s\[0, 1\] is -1"),
        ([[1, 2], [3]], [], r"compute_s\[1\] has 1 entries"),
        ([[1, 2], [3, 4]], [[1, math.nan, 0]], r"transfer_s\[0, 1\] is nan"),
        ([[1, 2], [3, 4]], [[1, 2, -math.inf]], r"transfer_s\[0, 2\] is -inf"),
        ([[1], [2], [3]], [[1, 2], [3]], r"transfer_s\[1\] has 1 entries"),
        ([[1, 2], [3, 4]], [[1, 2]], r"transfer_s must have shape .*\(1, 3\)"),
        ([[]], [], r"compute_s must have shape"),
        ([["a"]], [], "compute_s is not a rectangular table"),
        ([[1e308, 1e308]], [], r"compute_s\[0\] adds up"),
    ],
)
def test_what_is_wrong_is_named_with_its_index(compute: Any, transfer: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SplitProblem(compute, transfer)


def test_one_layer_on_two_nodes() -> None:
    assert solve_sci(SplitProblem([[3.0], [1.0]], [[1.0, 0.0]])).boundaries == (0, 0, 1)
    assert solve_sci(SplitProblem([[3.0], [1.0]], [[2.0, 0.0]])).boundaries == (0, 1, 1)  # a tie
    zero = solve_sci(SplitProblem([[0.0], [0.0]], [[0.0, 0.0]]))
    assert zero.boundaries == (0, 1, 1) and zero.cost == 0.0


def test_a_hundred_thousand_layers_on_64_nodes() -> None:
    nodes, layers = 64, 100_000
    rng = np.random.default_rng(5)
    speed = np.geomspace(1, 60, nodes)[:, None]
    compute = (rng.random(layers) / speed).astype(np.float32)
    transfer = rng.random((nodes - 1, layers + 1), dtype=np.float32) * 100 + 10
    transfer[:, -1] = 0
    problem = SplitProblem(compute, transfer)
    tracemalloc.start()
    plan = solve_sci(problem)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * problem.transfer_s.nbytes
    assert plan.cost == plan_cost(problem, plan.boundaries)
    assert plan.cost <= float(problem.prefix_s[0, -1])
    small = SplitProblem(compute[::16], transfer[:3])
    assert solve_dijkstra(small).cost == pytest.approx(solve_sci(small).cost, rel=1e-9)


@given(st.integers(0, 2**32 - 1))
def test_float32_inputs_are_taken_as_they_are(seed: int) -> None:
    rng = np.random.default_rng(seed)
    nodes, layers = int(rng.integers(2, 6)), int(rng.integers(1, 30))
    compute = rng.random((nodes, layers), dtype=np.float32)
    transfer = rng.random((nodes - 1, layers + 1), dtype=np.float32)
    narrow = SplitProblem(compute, transfer)
    wide = SplitProblem(compute.astype(float), transfer.astype(float))
    assert narrow.compute_s.dtype == np.float64
    assert solve_sci(narrow) == solve_sci(wide)


@given(st.integers(0, 2**32 - 1))
def test_rounding_to_float32_costs_little(seed: int) -> None:
    """The plan of rounded inputs, under the true ones, is best but for the rounding."""
    rng = np.random.default_rng(seed)
    compute, transfer = rng.random((4, 50)), rng.random((3, 51)) * 5
    true = SplitProblem(compute, transfer)
    rounded = SplitProblem(compute.astype(np.float32), transfer.astype(np.float32))
    assert plan_cost(true, solve_sci(rounded).boundaries) <= solve_sci(true).cost * (1 + 1e-6)


def test_ties_over_a_whole_range_take_the_largest_boundary() -> None:
    flat = np.zeros(6)
    for step in (flat, np.full(6, math.inf)):
        _, stop = sci_step(flat, flat, step)
        np.testing.assert_array_equal(stop, np.full(6, 5))
    _, stop = sci_step(flat, np.array([1.0, 0, 0, 1, 0, 1]), flat)
    np.testing.assert_array_equal(stop, [4, 4, 4, 4, 4, 5])


@pytest.mark.parametrize("size", [2, 9, 400])
def test_a_step_with_many_changes_of_the_minimum(size: int) -> None:
    """Rising values change the suffix minimum at every boundary: the other way of writing stops."""
    prefix = np.arange(size, dtype=float)
    cost, stop = sci_step(prefix, np.zeros(size), np.zeros(size))
    np.testing.assert_array_equal(stop, np.arange(size))
    np.testing.assert_array_equal(cost, np.zeros(size))


LONG = 20_000


def long_pair(nodes: int) -> tuple[SplitProblem, SplitProblem]:
    """Two metrics of a long model, of which a plan cannot have both at their least."""
    rng = np.random.default_rng(5)
    speed = np.geomspace(1, 60, nodes)[:, None]
    transfer = rng.random((nodes - 1, LONG + 1)) * 100 + 10
    transfer[:, -1] = 0
    qa = SplitProblem(rng.random(LONG) / speed, transfer)
    be = SplitProblem(rng.random((nodes, LONG)), rng.random((nodes - 1, LONG + 1)) * 100)
    return qa, be


def test_fronts_of_a_long_model_on_many_nodes_stay_small() -> None:
    began = time.process_time()
    qa, be = long_pair(24)
    threshold = threshold_between(qa, be, 0.5)
    plan = solve_pareto(qa, be, threshold, cap=550)
    # Points of least qa are told beyond the cap; there are far fewer of them than boundaries.
    assert plan.meets and plan.points < 24 * LONG / 20
    exact = solve_pareto(qa, be, threshold)
    assert exact.meets and exact.excess_bound == 0.0
    assert exact.be <= plan.be <= exact.be + plan.excess_bound
    assert time.process_time() - began < 30  # all points of all fronts would take minutes


@pytest.mark.parametrize("name", [*policy_names()])
def test_every_policy_manages_a_long_model(name: str) -> None:
    """In about as much time as there are layers, but for the one that says that it cannot."""
    qa, be = long_pair(8)
    aim = Objective(latency_limit_s=threshold_between(qa, be, 0.5), front_cap=550)
    if name == "exhaustive":
        with pytest.raises(PolicyError, match="cannot try all"):
            solve_chain(make_policy(name), qa, energy=be, objective=aim)
        return
    began = time.process_time()
    plan = solve_chain(make_policy(name), qa, energy=be, objective=aim)
    assert plan.cost == plan_cost(qa, plan.boundaries)
    assert time.process_time() - began < 30  # a quadratic one takes minutes


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_the_least_slowest_stage_is_that_of_a_full_search(seed: int, whole: bool) -> None:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 70))
    steps, later = rng.random(size) * 4, rng.random(size) * 2 * size
    if whole:  # many ties
        steps, later = np.floor(steps), np.floor(later)
    later[rng.random(size) < 0.2] = math.inf
    prefix = np.cumsum(steps)
    cost, stop = least_slowest(prefix, later)
    for b in range(size):
        slowest = np.maximum(prefix[b:] - prefix[b], later[b:])
        assert cost[b] == slowest.min()
        assert stop[b] == size - 1 - int(slowest[::-1].argmin())


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_stops_that_are_left_out_weigh_no_less(seed: int, whole: bool) -> None:
    """Of the inverse weight function, at a length where stops are left out; ties to the largest."""
    rng = np.random.default_rng(seed)
    size, metrics = int(rng.integers(300, 700)), int(rng.integers(1, 3))

    def draw(scale: float) -> FloatArray:
        return np.floor(rng.random(size) * scale) if whole else rng.random(size) * scale

    def rising(scale: float) -> FloatArray:
        sums = np.cumsum(draw(scale))
        return sums - sums[0]

    prefixes, transfers = [rising(2) for _ in range(metrics)], [draw(9) for _ in range(metrics)]
    thresholds = [float(rng.integers(3, 200)) for _ in range(metrics)]
    own, sent, onward = rising(2), draw(50), draw(50)
    sent[rng.random(size) < 0.2] = math.inf
    weight, stop = inverse_weight_step(prefixes, transfers, thresholds, own, sent, onward)
    for b in rng.integers(0, size, 40).tolist():
        total = own[b:] - own[b] + sent[b:] + onward[b:]
        for prefix, transfer, threshold in zip(prefixes, transfers, thresholds, strict=True):
            total = total + inverse_weight((prefix + transfer)[b:] - prefix[b], threshold)
        assert weight[b] == pytest.approx(total.min(), rel=1e-9)
        if weight[b] < math.inf:
            assert total[stop[b] - b] == pytest.approx(total.min(), rel=1e-9)
        else:
            assert stop[b] == size - 1
