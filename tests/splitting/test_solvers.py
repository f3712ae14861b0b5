"""SCI against exhaustive search and the paper's bounds, as properties over random problems."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.splitting import (
    SplitProblem,
    default_roles,
    make_policy,
    plan_cost,
    plan_cost_parts,
    policy_names,
    sci_step,
    solve_chain,
    solve_exhaustive,
    solve_sci,
)
from cosim.splitting.policies import HiveMind

# Small integers give exact arithmetic, many ties and many zeros; the floats give neither.
_EXACT = st.integers(0, 6).map(float)
_REAL = st.floats(0.0, 1e3, allow_subnormal=False)


@st.composite
def problems(draw: st.DrawFn, exact: bool = True, result_stays: bool = False) -> SplitProblem:
    value = _EXACT if exact else _REAL
    link = st.one_of(value, value, value, st.just(math.inf))
    nodes, layers = draw(st.integers(2, 5)), draw(st.integers(1, 6))
    compute = [[draw(value) for _ in range(layers)] for _ in range(nodes)]
    transfer = [[draw(link) for _ in range(layers + 1)] for _ in range(nodes - 1)]
    if result_stays:
        transfer = [[*row[:-1], 0.0] for row in transfer]
    return SplitProblem(compute, transfer)


@given(problems())
def test_sci_equals_exhaustive_search_with_the_same_tie_break(problem: SplitProblem) -> None:
    assert solve_sci(problem) == solve_exhaustive(problem)


@given(problems(exact=False))
def test_sci_cost_equals_exhaustive_search_in_floating_point(problem: SplitProblem) -> None:
    sci, best = solve_sci(problem), solve_exhaustive(problem)
    assert sci.cost == pytest.approx(best.cost, rel=1e-12, abs=1e-9)
    assert sci.cost == plan_cost(problem, sci.boundaries)


@given(problems())
@settings(max_examples=30)
def test_exhaustive_search_is_the_minimum_of_plan_cost(problem: SplitProblem) -> None:
    inner = itertools.combinations_with_replacement(range(problem.layers + 1), problem.nodes - 1)
    costs = {(0, *b, problem.layers): plan_cost(problem, (0, *b, problem.layers)) for b in inner}
    plan = solve_exhaustive(problem)
    assert plan.cost == min(costs.values())
    assert plan.boundaries == max(b for b, cost in costs.items() if cost == plan.cost)


@given(problems())
def test_the_policy_by_messages_equals_the_central_solver(problem: SplitProblem) -> None:
    assert solve_chain(HiveMind(), problem) == solve_sci(problem)


@given(st.one_of(problems(), problems(exact=False)))
def test_hivemind_is_never_worse_than_any_baseline(problem: SplitProblem) -> None:
    best = solve_chain(HiveMind(), problem).cost
    for name in policy_names():
        cost = solve_chain(make_policy(name), problem).cost
        assert best <= cost * (1 + 1e-12) + 1e-9, name


@given(problems(exact=False, result_stays=True))
def test_communication_never_exceeds_what_offloading_can_save(problem: SplitProblem) -> None:
    """IV.D: communication <= (UE-only compute) - (compute on the fastest nodes)."""
    plan = solve_sci(problem)
    _, communication = plan_cost_parts(problem, plan.boundaries)
    ue_only = float(problem.compute_s[0].sum())
    fastest = float(problem.compute_s.min(axis=0).sum())
    assert plan.cost <= ue_only * (1 + 1e-12) + 1e-9
    assert communication <= (ue_only - fastest) + 1e-9 * (1 + ue_only)


@given(problems(result_stays=True))
def test_a_dead_access_link_means_ue_only(problem: SplitProblem) -> None:
    transfer = problem.transfer_s.copy()
    transfer[0, :-1] = math.inf
    dead = SplitProblem(problem.compute_s, transfer)
    ue_only = (0, *[dead.layers] * dead.nodes)
    assert solve_sci(dead).boundaries == ue_only
    for name in policy_names():
        assert solve_chain(make_policy(name), dead).boundaries == ue_only, name


@given(problems(exact=False))
def test_float32_messages_cost_almost_nothing(problem: SplitProblem) -> None:
    exact = solve_sci(problem).cost
    rounded = solve_chain(HiveMind(), problem, sci_dtype=np.float32)
    assert rounded.cost <= exact * (1 + 1e-6) + 1e-6 or math.isinf(exact)
    assert rounded.boundaries[0] == 0 and rounded.boundaries[-1] == problem.layers


@given(problems(exact=False))
def test_every_policy_gives_a_valid_plan(problem: SplitProblem) -> None:
    for name in policy_names():
        plan = solve_chain(make_policy(name), problem)
        assert plan.cost == plan_cost(problem, plan.boundaries)


def test_ties_keep_the_work_upstream() -> None:
    problem = SplitProblem(np.ones((3, 4)), np.zeros((2, 5)))
    assert solve_sci(problem).boundaries == (0, 4, 4, 4)
    assert solve_exhaustive(problem).boundaries == (0, 4, 4, 4)
    free = SplitProblem(np.zeros((3, 2)), [[0, 0, 1], [0, 0, 0]])
    assert solve_sci(free).boundaries == solve_exhaustive(free).boundaries == (0, 1, 2, 2)


@pytest.mark.parametrize("last", [0.0, math.inf])
def test_everything_dead_is_ue_only_without_nan(last: float) -> None:
    problem = SplitProblem(np.ones((4, 3)), np.c_[np.full((3, 3), math.inf), np.full(3, last)])
    with np.errstate(all="raise"):
        plan = solve_sci(problem)
    assert plan.boundaries == (0, 3, 3, 3, 3)
    assert plan.cost == (3.0 if last == 0.0 else math.inf)


@pytest.mark.parametrize(("nodes", "layers"), [(1, 1), (1, 5), (2, 1), (2, 7), (6, 1)])
def test_degenerate_sizes(nodes: int, layers: int) -> None:
    rng = np.random.default_rng(nodes * 10 + layers)
    problem = SplitProblem(rng.random((nodes, layers)), rng.random((nodes - 1, layers + 1)))
    plan = solve_sci(problem)
    assert plan == solve_exhaustive(problem)
    assert len(plan.boundaries) == nodes + 1
    assert solve_chain(HiveMind(), problem, default_roles(nodes)) == plan


def test_toy_of_figure_2_multi_split_is_never_worse() -> None:
    """Fig. 2: 3 layers on nodes of capacity 1, 3, 10; UE-MEC 2, MEC-cloud 0.1 to 1."""
    work = np.array([0.5, 1.0, 4.0])
    compute = work / np.array([[1.0], [3.0], [10.0]])
    data = np.array([1.2, 1.0, 4.0, 0.0])
    for backhaul in np.linspace(0.1, 1.0, 10):
        problem = SplitProblem(compute, [data / 2, data / backhaul])
        multi = solve_sci(problem).cost
        for name in ("ue-only", "cloud-only", "single-split", "edge-only"):
            assert multi <= solve_chain(make_policy(name), problem).cost + 1e-12


def test_exhaustive_search_refuses_what_it_cannot_finish() -> None:
    with pytest.raises(ValueError, match="use solve_sci"):
        solve_exhaustive(SplitProblem(np.ones((5, 174)), np.ones((4, 175))))


def test_a_step_is_the_definition_of_v() -> None:
    rng = np.random.default_rng(3)
    layers = 9
    prefix = np.r_[0.0, np.cumsum(rng.random(layers))]
    transfer, downstream = rng.random(layers + 1), rng.random(layers + 1)
    value, stop = sci_step(prefix, transfer, downstream)
    for b in range(layers + 1):
        terms = [prefix[c] - prefix[b] + transfer[c] + downstream[c] for c in range(b, layers + 1)]
        assert value[b] == pytest.approx(min(terms))
        assert stop[b] == b + int(np.argmin(terms))
