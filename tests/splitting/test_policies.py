from __future__ import annotations

import math
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

from cosim.errors import InputError, PolicyError, UnknownNameError
from cosim.splitting import (
    Decision,
    NodeCosts,
    NodePolicy,
    NodeSolution,
    Policy,
    Role,
    SplitProblem,
    TaskState,
    Told,
    decide_checked,
    make_policy,
    policy_class,
    policy_description,
    policy_names,
    registry,
    solve_chain,
    solve_checked,
    tell_checked,
)
from cosim.splitting.policies import HiveMind
from cosim.splitting.problem import FloatArray

UE, MEC, CLOUD = Role("ue", is_source=True), Role("iab"), Role("cloud", is_sink=True)

# Three nodes, each twice as fast as the one before it; boundary 1 is small.
PROBLEM = SplitProblem(
    [[4.0, 4.0, 8.0], [2.0, 2.0, 4.0], [0.5, 0.5, 1.0]],
    [[3.0, 1.0, 2.0, 0.0], [9.0, 9.0, 1.0, 0.0]],
)


@pytest.mark.parametrize(
    ("name", "boundaries"),
    [
        ("hivemind", (0, 1, 2, 3)),  # 4+1 +2+1 +1 = 9
        ("ue-only", (0, 3, 3, 3)),
        ("cloud-only", (0, 0, 0, 3)),
        ("edge-only", (0, 0, 3, 3)),
        ("single-split", (0, 2, 2, 3)),  # 8+2+1+1 = 12, against 14 and 15
    ],
)
def test_what_each_policy_does(name: str, boundaries: tuple[int, ...]) -> None:
    assert solve_chain(make_policy(name), PROBLEM).boundaries == boundaries


@pytest.mark.parametrize("name", ["hivemind", "single-split"])
def test_a_node_that_has_heard_nothing_finishes_the_task(name: str) -> None:
    costs = NodeCosts(PROBLEM.prefix_s[1], PROBLEM.transfer_s[1])
    assert solve_checked(make_policy(name), MEC, costs, None).stop.tolist() == [3, 3, 3, 3]


@pytest.mark.parametrize("name", policy_names())
@pytest.mark.parametrize("role", [UE, MEC])
def test_a_shut_way_on_means_finishing_here(name: str, role: Role) -> None:
    costs = NodeCosts(PROBLEM.prefix_s[0], np.array([math.inf, math.inf, math.inf, 0.0]))
    policy = make_policy(name)
    for heard in heard_by(policy):
        for boundary in range(4):
            task = TaskState(boundary, budget_s=1.0)
            assert decide_checked(policy, role, costs, heard, task).stop == 3


def heard_by(policy: NodePolicy) -> list[Told | None]:
    """Something that the policy may have heard: nothing, and what a cloud tells."""
    sink = NodeCosts(PROBLEM.prefix_s[2], None)
    told = tell_checked(policy, CLOUD, sink, None)
    if isinstance(told, np.ndarray):
        return [None, told, np.zeros(4), np.full(4, math.inf)]
    return [None, told]


def test_single_split_learns_that_the_backhaul_is_dead() -> None:
    transfer = PROBLEM.transfer_s.copy()
    transfer[1, :-1] = math.inf
    problem = SplitProblem(PROBLEM.compute_s, transfer)
    assert solve_chain(make_policy("single-split"), problem).boundaries == (0, 3, 3, 3)


class Half(Policy):
    """Run the first half on the UE, the rest on the next node."""

    uses_sci = False

    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        if not role.is_source or role.is_sink:
            return costs.finish_here(downstream)
        stop = np.maximum(np.arange(costs.layers + 1), costs.layers // 2)
        return costs.stop_at(stop, downstream)


class Wrong(Policy):
    name = "wrong"

    def __init__(self, answer: Callable[[NodeCosts], object]) -> None:
        self.answer = answer

    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        return self.answer(costs)  # type: ignore[return-value]


OK_STOP = np.array([3, 3, 3, 3])


def _untyped(cost: object, stop: object) -> NodeSolution:
    return NodeSolution(cost, stop)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda costs: None, "NoneType instead of a NodeSolution"),
        (lambda costs: NodeSolution(np.zeros(3), OK_STOP), r"cost_to_go_s of shape \(3,\)"),
        (lambda costs: NodeSolution(np.zeros(4), OK_STOP[:2]), r"stop of shape \(2,\)"),
        (lambda costs: NodeSolution(np.array([0, math.nan, 0, 0]), OK_STOP), r"_s\[1\] is NaN"),
        (lambda costs: NodeSolution(np.array([0, 0, -math.inf, 0]), OK_STOP), r"_s\[2\] is NaN or"),
        (lambda costs: NodeSolution(np.zeros(4), np.array([0, 0, 2, 3])), r"stop\[1\] = 0"),
        (lambda costs: NodeSolution(np.zeros(4), np.array([0, 1, 2, 4])), r"stop\[3\] = 4"),
        (lambda costs: NodeSolution(np.zeros(4), np.array([-1, 1, 2, 3])), r"stop\[0\] = -1"),
        (lambda costs: _untyped(np.zeros(4), OK_STOP * 1.0), "not integers"),
        (lambda costs: _untyped("abcd", OK_STOP), "no numbers"),
        (lambda costs: 1 / 0, "raised ZeroDivisionError"),
    ],
)
def test_a_nonsense_answer_is_a_policy_error(
    answer: Callable[[NodeCosts], object], message: str
) -> None:
    costs = NodeCosts(PROBLEM.prefix_s[0], PROBLEM.transfer_s[0])
    with pytest.raises(PolicyError, match=message) as caught:
        solve_checked(Wrong(answer), UE, costs, np.zeros(4))
    assert "'wrong'" in str(caught.value)


def test_a_sink_must_finish() -> None:
    policy = Wrong(lambda costs: NodeSolution(np.zeros(4), np.arange(4)))
    with pytest.raises(PolicyError, match=r"stop\[0\] = 0 is not between 3 and L = 3"):
        solve_checked(policy, CLOUD, NodeCosts(PROBLEM.prefix_s[2], None), None)


def test_built_in_names_and_descriptions() -> None:
    assert policy_names()[0] == "hivemind"
    assert {"ue-only", "cloud-only", "single-split", "edge-only"} <= set(policy_names())
    assert all(policy_description(name) for name in policy_names())
    assert isinstance(make_policy("hivemind"), HiveMind)
    assert make_policy("hivemind") is not make_policy("hivemind")


def test_an_unknown_name_is_told_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'hivemind'"):
        policy_class("hivemnd")


def test_a_users_class_by_module_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_policies.py").write_text(
        "from cosim.splitting import Policy\n"
        "class Mine(Policy):\n"
        "    def solve_node(self, role, costs, downstream):\n"
        "        return costs.finish_here(downstream)\n"
        "class Abstract(Policy): pass\n"
        "class Demanding(Mine):\n"
        "    def __init__(self, x): pass\n"
        "class NoPolicy: pass\n"
    )
    (tmp_path / "broken_policies.py").write_text("import no_such_module_at_all\n")
    monkeypatch.chdir(tmp_path)
    mine = make_policy("my_policies:Mine")
    assert mine.name == "my_policies:Mine"
    assert solve_chain(mine, PROBLEM).boundaries == (0, 3, 3, 3)
    for path, error, message in [
        ("my_policies:Mein", UnknownNameError, "did you mean 'Mine'"),
        ("no_such_module_at_all:X", UnknownNameError, "unknown policy"),
        ("my_policies:NoPolicy", InputError, "not a subclass"),
        ("my_policies:Abstract", InputError, "does not define solve_node"),
        ("my_policies:Demanding", InputError, "without arguments"),
        ("broken_policies:X", InputError, "cannot be imported"),
        (":X", InputError, "cannot be imported"),
        ("os:getcwd.x", UnknownNameError, "known: none"),
    ]:
        with pytest.raises(error, match=message):
            make_policy(path)


def test_an_installed_policy_joins_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint("half", f"{__name__}:Half", "cosim.policies"),
        EntryPoint("gone", "no_such_module_at_all:Gone", "cosim.policies"),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    monkeypatch.setattr(EntryPoint, "load", _load)
    assert policy_names()[-2:] == ["gone", "half"]
    assert solve_chain(make_policy("half"), PROBLEM).boundaries == (0, 1, 3, 3)
    with pytest.raises(InputError, match="cannot be imported"):
        make_policy("gone")


def _load(point: EntryPoint) -> object:
    if point.name == "half":
        return Half
    raise ModuleNotFoundError(point.value)


def test_roles_must_match_the_chain() -> None:
    with pytest.raises(ValueError, match="roles must have P = 3"):
        solve_chain(HiveMind(), PROBLEM, (UE, CLOUD))


class Reuses(Policy):
    """Answers in the same two arrays each time."""

    def __init__(self) -> None:
        self._answer = NodeSolution(np.zeros(4), np.zeros(4, dtype=np.int64))

    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        fresh = HiveMind().solve_node(role, costs, downstream)
        self._answer.cost_to_go_s[:], self._answer.stop[:] = fresh.cost_to_go_s, fresh.stop
        return self._answer


def test_a_policy_may_answer_in_the_same_arrays_again() -> None:
    """What was told is coded once and kept by identity: it must not change behind the node."""
    policy, costs = Reuses(), NodeCosts(PROBLEM.prefix_s[1], PROBLEM.transfer_s[1])
    near, far = np.zeros(4), np.array([9.0, 9.0, 9.0, 0.0])
    solved, told = solve_checked(policy, MEC, costs, near), tell_checked(policy, MEC, costs, near)
    assert tell_checked(policy, MEC, costs, far) is not told
    for answer in (solved.cost_to_go_s, told):
        np.testing.assert_array_equal(answer, HiveMind().solve_node(MEC, costs, near).cost_to_go_s)


class TellsOne(NodePolicy):
    """Tells one array, which it changes."""

    def __init__(self) -> None:
        self.told = np.zeros(4)

    def tell(self, role: Role, costs: NodeCosts, heard: Told | None) -> Told:
        self.told += 1
        return self.told

    def decide(self, role: Role, costs: NodeCosts, heard: Told | None, task: TaskState) -> Decision:
        return Decision(costs.layers)


def test_a_policy_may_tell_the_same_array_again() -> None:
    policy, costs = TellsOne(), NodeCosts(PROBLEM.prefix_s[1], PROBLEM.transfer_s[1])
    first, second = (tell_checked(policy, MEC, costs, None) for _ in range(2))
    np.testing.assert_array_equal(first, np.ones(4))
    np.testing.assert_array_equal(second, np.full(4, 2.0))
