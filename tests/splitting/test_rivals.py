"""The rivals, against what their papers say they minimise."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.splitting import (
    NodeCosts,
    Role,
    SplitProblem,
    make_policy,
    plan_cost,
    policy_class,
    policy_description,
    policy_names,
    solve_chain,
    solve_exhaustive,
    weighted_problem,
)
from cosim.splitting.dads import ModelGraph, line_graph, solve_dads
from cosim.splitting.node import Objective
from cosim.splitting.objectives import QualityAssurance, solve_inverse_weight
from cosim.splitting.rivals import PipeDream


@st.composite
def problems(draw: st.DrawFn, dead: float = 0.0) -> SplitProblem:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    nodes, layers = draw(st.integers(2, 4)), draw(st.integers(1, 6))
    transfer = rng.integers(0, 9, (nodes - 1, layers + 1)).astype(float)
    transfer[:, -1] = 0.0
    transfer[rng.random(transfer.shape) < dead] = math.inf
    return SplitProblem(rng.integers(0, 9, (nodes, layers)), transfer)


def all_plans(problem: SplitProblem) -> list[tuple[int, ...]]:
    inner = itertools.combinations_with_replacement(range(problem.layers + 1), problem.nodes - 1)
    return [(0, *b, problem.layers) for b in inner]


@given(problems())
def test_edge_split_is_the_best_cut_between_ue_and_first_mec(problem: SplitProblem) -> None:
    layers, rest = problem.layers, [problem.layers] * (problem.nodes - 1)
    cuts = [plan_cost(problem, [0, cut, *rest]) for cut in range(layers + 1)]
    assert solve_chain(make_policy("edge-split"), problem).cost == min(cuts)


@given(problems())
def test_pipedream_has_the_best_slowest_stage(problem: SplitProblem) -> None:
    def slowest(plan: tuple[int, ...]) -> float:
        stages = [problem.compute_s[p, plan[p] : plan[p + 1]].sum() for p in range(problem.nodes)]
        links = [problem.transfer_s[p, plan[p + 1]] for p in range(problem.nodes - 1)]
        return max(stages + links)

    found = solve_chain(make_policy("pipedream"), problem).boundaries
    assert slowest(found) == min(map(slowest, all_plans(problem)))


def test_pipedream_keeps_what_it_decided_first() -> None:
    policy, role = PipeDream(), Role("ue", is_source=True)
    fast = NodeCosts(np.array([0.0, 4.0, 8.0]), np.array([1.0, 1.0, 0.0]))
    slow = NodeCosts(fast.prefix_s, np.array([1.0, 50.0, 0.0]))
    shut = NodeCosts(fast.prefix_s, np.array([math.inf, math.inf, 0.0]))
    downstream = np.array([6.0, 3.0, 0.0])
    assert policy.solve_node(role, fast, None).stop.tolist() == [2, 2, 2]  # nothing known yet
    assert policy.solve_node(role, fast, downstream).stop.tolist() == [1, 1, 2]
    assert policy.solve_node(role, slow, downstream).stop.tolist() == [1, 1, 2]
    assert policy.solve_node(role, shut, downstream).stop.tolist() == [2, 2, 2]
    assert PipeDream().solve_node(role, slow, downstream).stop[0] == 0


@given(problems(), st.integers(0, 2**32 - 1))
def test_policies_of_one_metric_reach_its_optimum(latency: SplitProblem, seed: int) -> None:
    rng = np.random.default_rng(seed)
    energy = SplitProblem(
        rng.integers(0, 9, latency.compute_s.shape), rng.integers(0, 9, latency.transfer_s.shape)
    )
    aim = Objective(latency_weight=2.0, energy_weight=3.0)
    both = weighted_problem([latency, energy], [2.0, 3.0])
    for name, goal in (("opt-latency", latency), ("opt-energy", energy), ("linear", both)):
        plan = solve_chain(make_policy(name), latency, energy=energy, objective=aim)
        best = min(plan_cost(goal, other) for other in all_plans(goal))
        assert plan_cost(goal, plan.boundaries) == best, name


@given(problems(), st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_hivemind_qa_is_equation_12(latency: SplitProblem, seed: int, limit: float) -> None:
    rng = np.random.default_rng(seed)
    energy = SplitProblem(rng.random(latency.compute_s.shape), rng.random(latency.transfer_s.shape))
    aim = Objective(latency_limit_s=limit, energy_weight=0.5)
    plan = solve_chain(make_policy("hivemind-qa"), latency, energy=energy, objective=aim)
    share = SplitProblem(latency.compute_s / limit, latency.transfer_s / limit)
    assert plan.boundaries == solve_inverse_weight([QualityAssurance(share, 1.0)], [energy], [0.5])


@given(problems(dead=0.2), st.integers(0, 2**32 - 1), st.integers(0, 40))
@settings(max_examples=150)
def test_hivemind_pareto_keeps_the_limit_at_least_energy(
    latency: SplitProblem, seed: int, limit: float
) -> None:
    """By messages, each node deciding for itself with the budget left, against all plans."""
    rng = np.random.default_rng(seed)
    energy = SplitProblem(
        rng.integers(0, 9, latency.compute_s.shape), rng.integers(0, 9, latency.transfer_s.shape)
    )
    aim = Objective(latency_limit_s=limit)
    plan = solve_chain(make_policy("hivemind-pareto"), latency, energy=energy, objective=aim)
    costs = [(plan_cost(latency, other), plan_cost(energy, other)) for other in all_plans(latency)]
    fitting = [joules for seconds, joules in costs if seconds <= limit]
    if fitting:
        assert plan.cost <= limit and plan_cost(energy, plan.boundaries) == min(fitting)
    else:
        assert plan.cost == min(seconds for seconds, _ in costs)


@pytest.mark.parametrize("name", ["dijkstra", "exhaustive"])
@given(problem=problems(dead=0.2))
@settings(max_examples=60)
def test_central_policies_reach_the_optimum_by_messages(name: str, problem: SplitProblem) -> None:
    assert solve_chain(make_policy(name), problem) == solve_exhaustive(problem)


@given(problems(dead=0.3), st.integers(0, 2**32 - 1))
@settings(max_examples=50)
def test_every_policy_gives_a_valid_plan_with_energy(problem: SplitProblem, seed: int) -> None:
    rng = np.random.default_rng(seed)
    energy = SplitProblem(rng.random(problem.compute_s.shape), rng.random(problem.transfer_s.shape))
    for name in policy_names():
        for limit in (1.0, math.inf):
            aim = Objective(latency_limit_s=limit)
            plan = solve_chain(make_policy(name), problem, energy=energy, objective=aim)
            assert plan.cost == plan_cost(problem, plan.boundaries)


def test_energy_of_another_chain_is_refused() -> None:
    one, two = (SplitProblem([[1.0]] * n, [[0.0, 0.0]] * (n - 1)) for n in (1, 2))
    with pytest.raises(ValueError, match=r"energy has \(P, L\) = \(2, 1\)"):
        solve_chain(make_policy("opt-energy"), one, energy=two)


def test_rivals_name_their_paper() -> None:
    for name in (
        "single-split",
        "edge-split",
        "dads",
        "pipedream",
        "linear",
        "hivemind-qa",
        "dijkstra",
        "exhaustive",
        "rnn-standard",
        "collab-standard",
    ):
        assert any(word in policy_description(name) for word in ("20", "HiveMind", "Eq."))


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
@settings(max_examples=60)
def test_dads_is_the_best_of_all_cuts_of_the_graph(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    edges = [(u, v) for u in range(count) for v in range(u + 1, count) if rng.random() < 0.5]
    graph = ModelGraph(edges, rng.integers(0, 9, count).tolist(), float(rng.integers(0, 9)))
    ue, server = rng.integers(0, 9, count).tolist(), rng.integers(0, 4, count).tolist()

    def latency(remote: set[int]) -> float:
        total = sum(server[op] if op in remote else ue[op] for op in range(count))
        sent = {u for u, v in edges if u not in remote and v in remote}
        total += sum(graph.output_bytes[u] * 8 / 4 for u in sent)
        roots = set(range(count)) - {v for _, v in edges}
        return float(total + (graph.input_bytes * 8 / 4 if roots & remote else 0.0))

    allowed = [
        latency(set(remote))
        for size in range(count + 1)
        for remote in itertools.combinations(range(count), size)
        if not any(u in remote and v not in remote for u, v in edges)
    ]
    cut = solve_dads(graph, ue, server, rate_bps=4.0)
    assert cut.latency_s == pytest.approx(min(allowed))
    assert latency(set(cut.on_server)) == pytest.approx(cut.latency_s)


@given(problems())
def test_dads_on_a_line_is_the_single_split(problem: SplitProblem) -> None:
    live = problem.transfer_s[0].copy()
    live[-1] = 0.0
    line = SplitProblem(problem.compute_s[:2], [live])
    cut = solve_dads(line_graph(live), line.compute_s[0], line.compute_s[1], rate_bps=8.0)
    assert cut.latency_s == pytest.approx(solve_chain(make_policy("dads"), line).cost)


def test_dads_over_a_dead_link_stays_on_the_ue() -> None:
    cut = solve_dads(line_graph([5, 5, 0]), [1.0, 2.0], [0.0, 0.0], rate_bps=0.0)
    assert cut.on_server == frozenset() and cut.latency_s == 3.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: solve_dads(ModelGraph([(0, 1), (1, 0)], [1, 1], 1), [1, 1], [1, 1], rate_bps=1),
            "has a cycle",
        ),
        (
            lambda: solve_dads(ModelGraph([(0, 2)], [1, 1], 1), [1, 1], [1, 1], rate_bps=1),
            r"edges\[0\] = \(0, 2\)",
        ),
        (
            lambda: solve_dads(ModelGraph([], [1], 1), [math.nan], [1], rate_bps=1),
            r"ue_s\[0\] is nan",
        ),
        (
            lambda: solve_dads(ModelGraph([], [1], 1), [1], [1, 2], rate_bps=1),
            r"server_s must have shape \(1,\)",
        ),
    ],
)
def test_bad_arguments_of_dads_are_named(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("name", "paper"),
    [
        ("single-split", "Kang et al."),
        ("edge-split", "Kang et al."),
        ("dads", "Hu et al."),
        ("pipedream", "Narayanan et al."),
        ("linear", "van Mieghem et al."),
        ("dijkstra", "Dijkstra 1959"),
        ("exhaustive", "HiveMind IV.B.2"),
        ("rnn-standard", "HiveMind VI.A"),
    ],
)
def test_a_rivals_docstring_names_its_paper_and_what_is_simplified(name: str, paper: str) -> None:
    text = " ".join((policy_class(name).__doc__ or "").split())
    assert paper in text and "Simplified:" in text
