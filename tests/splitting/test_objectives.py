"""Several metrics: each form against exhaustive search over all plans."""

from __future__ import annotations

import itertools
import math
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.paper_chain import paper_problems
from cosim.scenario.schema import ObjectiveSpec
from cosim.splitting import SplitProblem, plan_cost, solve_exhaustive, solve_sci
from cosim.splitting.objectives import (
    QualityAssurance,
    inverse_weight,
    inverse_weight_step,
    solve_inverse_weight,
    weighted_problem,
)
from cosim.splitting.pareto import ParetoMessage, pareto_sink, pareto_step, solve_pareto
from cosim.splitting.study import Case, compare_forms, random_cases, threshold_between


def all_plans(problem: SplitProblem) -> list[tuple[int, ...]]:
    inner = itertools.combinations_with_replacement(range(problem.layers + 1), problem.nodes - 1)
    return [(0, *b, problem.layers) for b in inner]


@st.composite
def pairs(draw: st.DrawFn, real: bool = False) -> tuple[SplitProblem, SplitProblem]:
    """Two metrics of one chain; about every third with dead links."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    nodes, layers = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    dead = draw(st.sampled_from([0.0, 0.0, 0.25]))

    def one() -> SplitProblem:
        if real:
            compute, transfer = rng.random((nodes, layers)), rng.random((nodes - 1, layers + 1))
        else:
            compute = rng.integers(0, 9, (nodes, layers)).astype(float)
            transfer = rng.integers(0, 9, (nodes - 1, layers + 1)).astype(float)
        transfer[rng.random(transfer.shape) < dead] = math.inf
        return SplitProblem(compute, transfer)

    return one(), one()


@given(pairs(), st.floats(0, 9), st.floats(0, 9))
def test_linear_combination_is_best_for_the_weighted_sum(
    pair: tuple[SplitProblem, SplitProblem], v: float, w: float
) -> None:
    found = solve_sci(weighted_problem(pair, [v, w])).boundaries
    totals = [_weighted(pair, plan, v, w) for plan in all_plans(pair[0])]
    assert _weighted(pair, found, v, w) == pytest.approx(min(totals))


def _weighted(pair: Any, plan: tuple[int, ...], v: float, w: float) -> float:
    costs = [plan_cost(problem, plan) for problem in pair]
    return sum(weight * cost for weight, cost in zip((v, w), costs, strict=True) if weight > 0)


@given(pairs(), st.integers(1, 40))
def test_inverse_weight_is_best_for_equation_12(
    pair: tuple[SplitProblem, SplitProblem], threshold: float
) -> None:
    qa, be = pair

    def weight(plan: tuple[int, ...]) -> float:
        total = plan_cost(be, plan)
        for p in range(qa.nodes):
            phi = qa.compute_s[p, plan[p] : plan[p + 1]].sum()
            phi += qa.transfer_s[p, plan[p + 1]] if p < qa.nodes - 1 else 0.0
            total += -1 / (phi - threshold) if phi < threshold else math.inf
        return total

    found = solve_inverse_weight([QualityAssurance(qa, threshold)], [be], [1.0])
    assert weight(found) == pytest.approx(min(map(weight, all_plans(qa))))


EXACT = {"bounds of one who knows all costs": None, "nodes that tell all points": 10**6}


@pytest.mark.parametrize("cap", EXACT.values(), ids=EXACT)
@given(pair=pairs(), threshold=st.integers(-1, 60) | st.just(math.inf))
@settings(max_examples=200)
def test_pareto_never_violates_what_can_be_met_and_reaches_the_optimum(
    pair: tuple[SplitProblem, SplitProblem], threshold: float, cap: int | None
) -> None:
    qa, be = pair
    found = solve_pareto(qa, be, threshold, cap=cap)
    costs = [(plan_cost(qa, plan), plan_cost(be, plan)) for plan in all_plans(qa)]
    meeting = [b for a, b in costs if a <= threshold and a < math.inf]
    assert found.meets == bool(meeting)
    assert (found.qa, found.be) == (
        plan_cost(qa, found.boundaries),
        plan_cost(be, found.boundaries),
    )
    if meeting:
        assert found.qa <= threshold and found.be == min(meeting)
    else:
        assert found.qa == min(costs)[0]


@given(pairs(), st.integers(0, 60), st.integers(1, 5))
@settings(max_examples=200)
def test_a_capped_front_keeps_the_threshold_and_the_stated_bound(
    pair: tuple[SplitProblem, SplitProblem], threshold: float, cap: int
) -> None:
    exact, capped = (solve_pareto(*pair, threshold, cap=c) for c in (None, cap))
    assert exact.excess_bound == 0.0
    assert capped.meets == exact.meets
    for message in _capped_messages(pair, cap):
        least = np.r_[math.inf, np.minimum.accumulate(message.costs[0])[:-1]]
        assert message.points <= max(cap, int((message.costs[0] < least).sum()))
    if exact.meets:
        assert capped.qa <= threshold
        assert capped.be <= exact.be + capped.excess_bound * (1 + 1e-12) + 1e-9


def _capped_messages(pair: tuple[SplitProblem, SplitProblem], cap: int) -> list[ParetoMessage]:
    """All that nodes tell, without a threshold, which leaves the most points."""
    prefix = np.stack([problem.prefix_s for problem in pair])
    transfer = np.stack([problem.transfer_s for problem in pair])
    told = [pareto_sink(prefix[:, -1])]
    for p in reversed(range(pair[0].nodes - 1)):
        told.append(pareto_step(prefix[:, p], transfer[:, p], told[-1], cap=cap))
    return told


@pytest.mark.parametrize("cap", EXACT.values(), ids=EXACT)
@given(pair=pairs(real=True), share=st.floats(0.0, 1.2))
def test_pareto_in_floating_point(
    pair: tuple[SplitProblem, SplitProblem], share: float, cap: int | None
) -> None:
    qa, be = pair
    costs = [(plan_cost(qa, plan), plan_cost(be, plan)) for plan in all_plans(qa)]
    least = min(a for a, _ in costs)
    if math.isinf(least):
        return
    threshold = least + share * 3
    found = solve_pareto(qa, be, threshold, cap=cap)
    assert found.meets and found.qa <= threshold * (1 + 1e-11)
    assert found.be <= min(b for a, b in costs if a <= threshold) * (1 + 1e-11) + 1e-12


@given(pairs())
@settings(max_examples=50)
def test_the_message_holds_the_whole_front_of_every_boundary(
    pair: tuple[SplitProblem, SplitProblem],
) -> None:
    """Two nodes: the points that are told are those that no other stop beats."""
    qa, be = pair
    if qa.nodes < 2:
        return
    prefix = np.stack([qa.prefix_s, be.prefix_s])
    transfer = np.stack([qa.transfer_s, be.transfer_s])
    sink = pareto_sink(prefix[:, -1])
    message = pareto_step(prefix[:, 0], transfer[:, 0], sink)
    for b in range(qa.layers + 1):
        stops = range(b, qa.layers + 1)
        points = {
            tuple(
                float(prefix[m, 0, c] - prefix[m, 0, b] + transfer[m, 0, c])
                + float(prefix[m, -1, -1] - prefix[m, -1, c])
                for m in (0, 1)
            )
            for c in stops
        }
        points = {point for point in points if point[0] < math.inf}
        front = {
            p for p in points if not any(q != p and q[0] <= p[0] and q[1] <= p[1] for q in points)
        }
        assert {(float(x), float(y)) for x, y in message.at(b).T} == front


@pytest.mark.parametrize("rate_factor", [0.3, 1.0, 3.0, 10.0])
def test_the_default_cap_loses_little_on_resnet152(rate_factor: float) -> None:
    qa, be = paper_problems("resnet152", rate_factor)
    cap = ObjectiveSpec().front_cap
    for share in (0.05, 0.25, 0.5, 1.0):
        limit = threshold_between(qa, be, share)
        exact, capped = solve_pareto(qa, be, limit), solve_pareto(qa, be, limit, cap=cap)
        assert capped.meets and capped.qa <= limit * (1 + 1e-12)
        assert capped.be <= exact.be * 1.002
        assert capped.be <= exact.be + capped.excess_bound


def test_fronts_beyond_all_measure_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    qa, be = paper_problems("resnet18")
    monkeypatch.setattr("cosim.splitting.fronts.MAX_POINTS", 100)
    with pytest.raises(ValueError, match="more than 100 points: set a lower cap"):
        solve_pareto(qa, be, 1.0, cap=1000)
    assert solve_pareto(qa, be, 1.0, cap=90).meets
    assert solve_pareto(qa, be, 1.0).points < 90  # one who knows all costs needs fewer


def test_fronts_that_take_too_long_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where both metrics have the same sum on every plan, no bound leaves out a point."""
    rng = np.random.default_rng(1)
    compute, transfer = rng.random((5, 60)), np.zeros((4, 61))
    qa, be = SplitProblem(compute, transfer), SplitProblem(1 - compute, transfer)
    threshold = threshold_between(qa, be, 0.5)
    monkeypatch.setattr("cosim.splitting.fronts.MAX_MOVED", 100_000)
    with pytest.raises(ValueError, match="moved more than 100000 points: set a lower cap"):
        solve_pareto(qa, be, threshold)
    assert solve_pareto(qa, be, threshold, cap=50).meets


def test_a_capped_front_of_the_smallest_floats_ends() -> None:
    """A part of their range is zero: a front was thinned by nothing again and again."""
    qa = SplitProblem([[1.0] * 6, [0.0] * 6], np.zeros((1, 7)))
    be = SplitProblem([[0.0] * 6, [5e-324] * 6], np.zeros((1, 7)))
    assert solve_pareto(qa, be, 3.0, cap=2).meets


@pytest.mark.parametrize("cap", EXACT.values(), ids=EXACT)
def test_the_greatest_threshold_overflows_nothing(cap: int | None) -> None:
    qa, be = paper_problems("resnet18")
    with np.errstate(all="raise"):
        huge, without = (solve_pareto(qa, be, t, cap=cap) for t in (sys.float_info.max, math.inf))
    assert huge.boundaries == without.boundaries


def test_a_plan_on_the_threshold_meets_it_beside_far_larger_costs() -> None:
    """Sums up to the last layer hold what is small to a few digits only; the plan's cost does."""
    compute = [[1.4e6, 0.5], [0.7, 1e6], [1e6, 0.8]]
    qa = SplitProblem(compute, [[0.1, 0.2, 0.7], [0.8, 0.2, 0.3]])
    least = solve_sci(qa).cost
    assert solve_pareto(qa, qa, least).meets
    assert not solve_pareto(qa, qa, least * 0.999).meets


def test_pareto_beats_what_a_weighted_sum_can_reach() -> None:
    """A point inside the convex hull of the front: no weights find it."""
    qa = SplitProblem([[10.0, 0.0], [0.0, 0.0]], [[0.0, 6.0, 20.0]])
    be = SplitProblem([[0.0, 0.0], [10.0, 0.0]], [[0.0, 6.0, 20.0]])
    found = solve_pareto(qa, be, 16.0)
    assert (found.qa, found.be) == (16.0, 6.0)
    assert solve_pareto(qa, be, 15.0).boundaries == (0, 0, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda a, b: weighted_problem([a], [1.0, 2.0]), "weights must be one for each"),
        (lambda a, b: weighted_problem([a], [-1.0]), r"weights\[0\] is -1"),
        (lambda a, b: weighted_problem([a, b], [1.0, 1.0]), r"problems\[1\] has \(P, L\)"),
        (lambda a, b: solve_pareto(a, b, 1.0), r"be has \(P, L\) = \(1, 2\)"),
        (lambda a, b: solve_pareto(a, a, math.nan), "threshold is nan"),
        (lambda a, b: QualityAssurance(a, 0.0), "threshold is 0"),
        (
            lambda a, b: solve_pareto(SplitProblem([[1], [1]], [[0, 0]]), _TWO, 1.0, cap=0),
            "cap must be at least 1",
        ),
    ],
)
def test_bad_arguments_are_named(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(SplitProblem([[1.0]], []), SplitProblem([[1.0, 2.0]], []))


_TWO = SplitProblem([[1], [1]], [[0, 0]])


def test_the_weight_function() -> None:
    weights = inverse_weight(np.array([0.0, 9.0, 9.9, 10.0, 11.0]), 10.0)
    np.testing.assert_allclose(weights, [0.1, 1.0, 10.0, math.inf, math.inf])


def test_inverse_weight_in_several_pieces() -> None:
    """A long model is worked through in blocks of rows."""
    rng = np.random.default_rng(4)
    size = 2000
    prefix, other = (np.r_[0.0, rng.random(size - 1).cumsum()] for _ in range(2))
    transfer, downstream = rng.random(size), rng.random(size)
    weight, stop = inverse_weight_step([prefix], [transfer], [50.0], other, transfer, downstream)
    for b in (0, 700, size - 1):
        phi = prefix[b:] - prefix[b] + transfer[b:]
        total = other[b:] - other[b] + transfer[b:] + downstream[b:] + inverse_weight(phi, 50.0)
        assert weight[b] == pytest.approx(total.min())
        assert stop[b] == b + int(np.argmin(total))


def test_the_study_shows_what_the_approximate_forms_lose() -> None:
    results = {r.form: r for r in compare_forms(random_cases(40, nodes=4, layers=12))}
    exact = results["exact"]
    assert (exact.violations, exact.mean_excess) == (0, 0.0) and exact.cases == 40
    assert results["inverse-weight"].violations + results["linear"].violations > 0
    assert results["linear-best"].mean_excess > 0
    for result in results.values():
        assert not result.worst_excess < -1e-9  # nobody beats the exact form


def test_the_study_leaves_out_what_nobody_can_meet() -> None:
    problem = solve_exhaustive(_TWO)
    assert threshold_between(_TWO, _TWO, 0.5) >= problem.cost
    (exact, *_) = compare_forms([Case(_TWO, _TWO, 0.5)])
    assert exact.cases == 0 and math.isnan(exact.mean_excess)
