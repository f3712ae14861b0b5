"""What the paper promises of an SCI plan (IV.C.2, IV.D, VII.C.1), as properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.splitting import (
    NodeCosts,
    NodeSolution,
    Policy,
    Role,
    SplitProblem,
    make_policy,
    plan_cost_parts,
    policy_names,
    solve_chain,
    solve_sci,
)
from cosim.splitting.policies import HiveMind
from cosim.splitting.problem import FloatArray


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


class Watched(Policy):
    """Keeps what each node decided."""

    def __init__(self, inner: Policy, seen: list[NodeSolution]) -> None:
        self.inner, self.seen = inner, seen

    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        self.seen.append(self.inner.solve_node(role, costs, downstream))
        return self.seen[-1]


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
    decided = []
    for changed in (problem, SplitProblem(compute, transfer)):
        seen: list[NodeSolution] = []
        watched = Watched(HiveMind(), seen)
        watched.inner = make_policy(name)
        if name == "pipedream":  # it keeps what it decided first, so each node needs its own
            watched = _Fresh(watched.inner, seen)
        solve_chain(watched, changed)
        decided.append(seen[: problem.nodes - p])
    for before, after in zip(*decided, strict=True):
        np.testing.assert_array_equal(before.stop, after.stop)
        np.testing.assert_array_equal(before.cost_to_go_s, after.cost_to_go_s)


class _Fresh(Watched):
    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        self.inner = type(self.inner)()
        return super().solve_node(role, costs, downstream)
