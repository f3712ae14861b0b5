"""What the paper promises of an SCI plan (IV.C.2, IV.D, VII.C.1), as properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.nodes.told import encode_told
from cosim.splitting import (
    NodeCosts,
    NodePolicy,
    Role,
    SplitProblem,
    TaskState,
    Told,
    decide_checked,
    default_roles,
    make_policy,
    plan_cost_parts,
    policy_names,
    solve_sci,
    tell_checked,
)


@st.composite
def ordered_problems(draw: st.DrawFn) -> SplitProblem:
    """The premise of IV.D: on every layer the UE is slowest and the cloud fastest."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    nodes, layers = draw(st.integers(2, 6)), draw(st.integers(1, 12))
    compute = -np.sort(-rng.random((nodes, layers)), axis=0)
    scale = draw(st.sampled_from([0.01, 0.1, 1.0, 10.0]))
    transfer = rng.random((nodes - 1, layers + 1)) * scale
    transfer[rng.random(transfer.shape) < draw(st.sampled_from([0.0, 0.2]))] = math.inf
    transfer[:, -1] = 0.0
    return SplitProblem(compute, transfer)


@given(ordered_problems())
def test_never_above_ue_only(problem: SplitProblem) -> None:
    assert solve_sci(problem).cost <= float(problem.prefix_s[0, -1]) * (1 + 1e-12)


@given(ordered_problems())
def test_communication_is_at_most_ue_only_less_cloud_only_compute(problem: SplitProblem) -> None:
    _, communication = plan_cost_parts(problem, solve_sci(problem).boundaries)
    bound = float(problem.prefix_s[0, -1] - problem.prefix_s[-1, -1])
    assert communication <= bound + 1e-9


@given(ordered_problems())
def test_dead_links_everywhere_mean_ue_only(problem: SplitProblem) -> None:
    transfer = np.full(problem.transfer_s.shape, math.inf)
    transfer[:, -1] = 0.0
    plan = solve_sci(SplitProblem(problem.compute_s, transfer))
    assert plan.boundaries == (0, *[problem.layers] * problem.nodes)
    assert plan.cost == pytest.approx(float(problem.prefix_s[0, -1]))


@pytest.mark.parametrize("name", policy_names())
@given(problem=ordered_problems(), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_decisions_downstream_do_not_depend_on_what_is_upstream(
    name: str, problem: SplitProblem, seed: int, data: st.DataObject
) -> None:
    """A handover changes nodes and links before p; from p on, every stop stays as it was."""
    p = data.draw(st.integers(1, problem.nodes - 1))
    rng = np.random.default_rng(seed)
    extra = data.draw(st.integers(0, 2))  # the new way may be longer
    layers = problem.layers
    compute = np.r_[rng.random((p + extra, layers)) * 3, problem.compute_s[p:]]
    transfer = np.r_[rng.random((p + extra, layers + 1)), problem.transfer_s[p:]]
    told, decided = [], []
    for changed in (problem, SplitProblem(compute, transfer)):
        nodes = nodes_of(changed, [make_policy(name) for _ in range(changed.nodes)])
        heard: list[Told | None] = [None]
        stops = []
        for policy, role, costs in nodes[: problem.nodes - p]:
            tasks = [
                TaskState(b, budget, plan)
                for b in range(layers + 1)
                for budget in (math.inf, 1.0)
                for plan in ((), (layers, layers))
            ]
            stops += [decide_checked(policy, role, costs, heard[-1], t).stop for t in tasks]
            heard.append(tell_checked(policy, role, costs, heard[-1]))
        told.append([encode_told(news) for news in heard[1:] if news is not None])
        decided.append(stops)
    assert told[0] == told[1] and decided[0] == decided[1]


def nodes_of(
    problem: SplitProblem, policies: list[NodePolicy]
) -> list[tuple[NodePolicy, Role, NodeCosts]]:
    """The nodes of a chain, the sink first."""
    roles = default_roles(problem.nodes)
    sink = problem.nodes - 1
    return [
        (
            policies[p],
            roles[p],
            NodeCosts(problem.prefix_s[p], None if p == sink else problem.transfer_s[p]),
        )
        for p in reversed(range(problem.nodes))
    ]
