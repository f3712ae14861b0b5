"""The conformance checker: what it lets pass, and each fault that it must find."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from cosim.splitting import HiveMind, NodeCosts, NodeSolution, Policy, Role, policy_names
from cosim.splitting.conformance import Check, check_policy
from cosim.splitting.problem import FloatArray
from cosim.splitting.registry import make_policy


class Blind(Policy):
    """Passes everything on, whether or not the way is open."""

    name = "blind"
    uses_sci = False

    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        if role.is_sink:
            return costs.finish_here(downstream)
        stop = np.arange(costs.layers + 1)
        return NodeSolution(np.zeros(stop.size), stop)


class Backwards(Blind):
    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        return NodeSolution(np.zeros(costs.layers + 1), np.zeros(costs.layers + 1, dtype=int))


class Short(Blind):
    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        answer = costs.finish_here(downstream)
        return NodeSolution(answer.cost_to_go_s[1:], answer.stop)


class LostWithoutNews(HiveMind):
    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        if not role.is_sink and downstream is None:
            raise LookupError("nobody told me")
        return super().solve_node(role, costs, downstream)


class Scribbler(HiveMind):
    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        answer = super().solve_node(role, costs, downstream)
        if costs.transfer_s is not None:
            costs.transfer_s[:] = 1.0
        return answer


class Dice(HiveMind):
    draws = np.random.default_rng(0)

    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        stop = self.draws.integers(np.arange(costs.layers + 1), costs.layers, endpoint=True)
        return costs.finish_here(downstream) if role.is_sink else costs.stop_at(stop, downstream)


class Habit(HiveMind):
    def __init__(self) -> None:
        self.asked = itertools.count()

    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        if next(self.asked) < 3:
            return super().solve_node(role, costs, downstream)
        return costs.finish_here(downstream)


class Turns(Blind):
    """Has two answers and gives them in turn."""

    def __init__(self) -> None:
        self.answers = itertools.cycle((True, False))

    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        if next(self.answers):
            return super().solve_node(role, costs, downstream)
        return costs.finish_here(downstream)


class Imaginary(Blind):
    uses_sci = True

    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        return NodeSolution(np.full(costs.layers + 1, 1j), np.full(costs.layers + 1, costs.layers))


class Boaster(HiveMind):
    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        answer = super().solve_node(role, costs, downstream)
        return NodeSolution(answer.cost_to_go_s / 2, answer.stop)


def found(policy: type[Policy]) -> dict[str, Check]:
    return {check.name: check for check in check_policy(policy)}


@pytest.mark.parametrize("name", policy_names())
def test_built_in_policies_conform(name: str) -> None:
    checks = check_policy(lambda: make_policy(name))
    assert [check for check in checks if check.verdict == "fail"] == []
    assert len(checks) == 7


def test_hivemind_gives_no_cause_for_a_note() -> None:
    others = [check for check in check_policy(HiveMind) if check.name != "time"]
    assert {check.verdict for check in others} == {"pass"}


@pytest.mark.parametrize(
    ("policy", "name", "verdict", "says"),
    [
        (Blind, "dead links", "fail", "over a dead link"),
        (Backwards, "decisions", "fail", "is not between 1 and L = 1"),
        (Short, "decisions", "fail", "cost_to_go_s of shape (1,)"),
        (Imaginary, "decisions", "fail", "hold no numbers"),
        (Imaginary, "decisions", "fail", "(1 layers, links up, cloud)"),
        (LostWithoutNews, "decisions", "fail", "raised LookupError: nobody told me"),
        (Scribbler, "purity", "fail", "changes the arrays"),
        (Dice, "determinism", "fail", "answer differently"),
        (Habit, "memory", "note", "depends on what was asked before"),
        (Turns, "memory", "note", "depends on what was asked before"),
        (Boaster, "cost honesty", "note", "minimises something else"),
    ],
)
def test_a_fault_is_found(policy: type[Policy], name: str, verdict: str, says: str) -> None:
    check = found(policy)[name]
    assert (check.verdict, says in check.detail) == (verdict, True), check
