"""Algorithm 1 and Dijkstra against SCI and exhaustive search; what each would have to send."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.cli.main import main
from cosim.nodes.messages import SciMessage, encode
from cosim.splitting import (
    SplitProblem,
    algorithm1_step,
    count_signalling,
    plan_count,
    sci_step,
    solve_algorithm1,
    solve_dijkstra,
    solve_exhaustive,
    split_graph,
)
from cosim.splitting.signalling import edge_count, paper_figures, relay_edge_count

_EXACT = st.integers(0, 6).map(float)
_REAL = st.floats(0.0, 1e3, allow_subnormal=False)


@st.composite
def problems(draw: st.DrawFn, exact: bool = True) -> SplitProblem:
    value = _EXACT if exact else _REAL
    link = st.one_of(value, value, value, st.just(math.inf))
    nodes, layers = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    compute = [[draw(value) for _ in range(layers)] for _ in range(nodes)]
    transfer = [[draw(link) for _ in range(layers + 1)] for _ in range(nodes - 1)]
    return SplitProblem(compute, transfer)


@given(problems())
def test_all_solvers_find_the_same_plan(problem: SplitProblem) -> None:
    best = solve_exhaustive(problem)
    assert solve_algorithm1(problem) == best
    assert solve_algorithm1(problem, skip=False) == best
    assert solve_dijkstra(problem) == best
    assert solve_dijkstra(problem, form="pairs") == best


@given(problems(exact=False))
def test_all_solvers_find_the_same_cost_in_floating_point(problem: SplitProblem) -> None:
    best = pytest.approx(solve_exhaustive(problem).cost, rel=1e-12, abs=1e-9)
    assert solve_algorithm1(problem).cost == best
    assert solve_dijkstra(problem).cost == best
    assert solve_dijkstra(problem, form="pairs").cost == best


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
@settings(max_examples=50)
def test_a_step_of_algorithm_1_is_a_step_of_sci(seed: int, layers: int) -> None:
    rng = np.random.default_rng(seed)
    compute, transfer, downstream = (
        rng.integers(0, 9, n).astype(float) for n in (layers, layers + 1, layers + 1)
    )
    prefix = np.r_[0.0, np.cumsum(compute)]
    cost, stop = sci_step(prefix, transfer, downstream)
    every = (layers + 1) * (layers + 2) // 2
    for skip in (False, True):
        step = algorithm1_step(compute, transfer, downstream, skip=skip)
        np.testing.assert_array_equal(step.stop, stop)
        np.testing.assert_array_equal(step.cost_to_go_s, cost)
        assert step.evaluated <= every
        assert skip or step.evaluated == every


def test_the_skip_rule_saves_work() -> None:
    onward = np.r_[np.full(100, 5.0), 0.0]
    step = algorithm1_step(np.zeros(100), np.zeros(101), onward)
    assert step.evaluated == 101  # the first set stops at L, so no other is looked at


@pytest.mark.parametrize(("form", "edges"), [("grid", 3 * 4 + 2 * 5), ("pairs", 2 * 15 + 4)])
def test_the_graph_has_the_edges_that_it_says(form: str, edges: int) -> None:
    problem = SplitProblem(np.ones((3, 4)), np.ones((2, 5)))
    assert split_graph(problem, form).nnz == edges  # type: ignore[arg-type]


def test_a_graph_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="form must be 'grid' or 'pairs'"):
        split_graph(SplitProblem([[1.0]], []), "paper")  # type: ignore[arg-type]


@pytest.mark.parametrize(("layers", "nodes"), [(1, 2), (3, 2), (4, 3), (5, 4)])
def test_edges_are_counted_as_equation_6_says(layers: int, nodes: int) -> None:
    vertices = [
        (p, m, n)
        for p in range(1, nodes + 1)
        for n in range(1, layers + 1)
        for m in range(1, n + 1)
    ]
    edges = sum(
        p < q and x == n + 1 and (q < nodes or y == layers)
        for p, _, n in vertices
        for q, x, y in vertices
    )
    assert edge_count(layers, nodes) == edges


def test_counts_of_the_paper_that_follow_and_those_that_do_not() -> None:
    assert plan_count(174, 5) == pytest.approx(4.0e7, rel=0.02)
    ours = {figure.what: figure for figure in paper_figures()}
    assert ours["edges, ResNet50 on 5 nodes"].ours == pytest.approx(5.3e6, rel=0.01)
    messages = ours["distributed Dijkstra, ResNet50 on 5 nodes"]
    assert messages.ours == pytest.approx(messages.paper, rel=0.1)
    sci = ours["SCI message, ResNet152"]
    assert sci.ours < sci.paper
    assert relay_edge_count(1) == 4  # two sets, each a vertex and a relay on either side of it


def test_sci_sends_one_message_an_edge_and_the_least_bytes() -> None:
    rows = {row.solver: row for row in count_signalling(514, 5)}
    assert rows["sci"].messages == 4
    assert rows["sci"].total_bytes == min(row.total_bytes for row in rows.values())
    real = len(encode(SciMessage(1, 0, 2, 3, np.zeros(515))))
    assert rows["sci"].largest_message_bytes == real < 4096


@pytest.mark.parametrize(("layers", "nodes", "name"), [(0, 3, "layers"), (4, 1, "nodes")])
def test_counting_refuses_what_is_no_chain(layers: int, nodes: int, name: str) -> None:
    with pytest.raises(ValueError, match=name):
        count_signalling(layers, nodes)


def test_the_command_prints_ours_beside_the_papers() -> None:
    result = CliRunner().invoke(main, ["signalling", "--layers", "514", "--nodes", "5"])
    assert result.exit_code == 0
    assert "distributed-dijkstra" in result.output and "does not follow" in result.output
    result = CliRunner().invoke(main, ["signalling", "--model", "resnet18", "--json"])
    told = json.loads(result.output)
    assert told["model"] == "resnet18" and told["solvers"][0]["messages"] == 4


def test_the_command_says_what_to_do_without_a_profile() -> None:
    result = CliRunner().invoke(main, ["signalling", "--model", "resnet9"])
    assert result.exit_code == 2
    assert "--layers" in result.output
