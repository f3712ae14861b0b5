"""Does a policy keep its contract? The situations of a run, put to it one by one.

The situations are those of small chains: short models and a longer one, every kind of node, links
that work, that are dead, and that are dead but for some boundaries, and a downstream neighbour that
has told nothing yet. What a policy hears is always what it told itself, from the sink up.
"""

from __future__ import annotations

import copy
import math
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from cosim.errors import PolicyError
from cosim.splitting.node import Decision, NodeCosts, NodeEnergy, Role, RoleKind, TaskState, Told
from cosim.splitting.policy import NodePolicy, decide_checked, tell_checked
from cosim.splitting.problem import FloatArray, prefix_sums

Verdict = Literal["pass", "note", "fail"]
MakePolicy = Callable[[], NodePolicy]

SLOW_DECISION_S: Final = 0.01  # a wave of nine nodes every 50 ms would fill the wall time by itself
_KINDS: Final[tuple[RoleKind, ...]] = ("ue", "iab", "donor", "core", "cloud")
_RESNET18_LAYERS: Final = 69
_TIMED: Final = 30
_TIMED_S: Final = 0.5


@dataclass(frozen=True)
class Check:
    """What one check found: it passed, it failed, or there is something to know (a note)."""

    name: str
    verdict: Verdict
    detail: str


@dataclass(frozen=True, eq=False)
class Situation:
    """What a node may be asked in; `label` says which one it is."""

    label: str
    role: Role
    costs: NodeCosts
    heard: Told | None

    def tasks(self) -> Iterator[TaskState]:
        """A task at every boundary that one may come with; a UE's own begins at 0."""
        for boundary in [0] if self.role.is_source else range(self.costs.layers + 1):
            yield TaskState(boundary)


def check_policy(make: MakePolicy) -> list[Check]:
    """Put a policy through all checks.

    Parameters
    ----------
    make
        Gives a fresh instance, as every node has one.

    Returns
    -------
    list[Check]
        The policy conforms when none has failed. A failure to decide at all, or a policy that
        writes to what it is given, ends the list: the other checks would have nothing to judge.
    """
    try:
        situations = list(_situations(make))
        first = [
            _check_decisions(make, copy.deepcopy(situations)),
            _check_purity(make, situations),
        ]
    except PolicyError as error:
        return [Check("decisions", "fail", error.message)]
    if first[-1].verdict == "fail":
        return first
    others = (_check_dead_links, _check_determinism, _check_memory, _check_honesty)
    return [*first, *(check(make, situations) for check in others), _check_time(make)]


def _situations(make: MakePolicy) -> Iterator[Situation]:
    for layers in (1, 6):
        for name, dead in (("links up", None), ("dead link", 0), ("one boundary open", layers - 1)):
            yield from _chain(make, layers, dead, f"{layers} layers, {name}")


def _chain(make: MakePolicy, layers: int, dead: int | None, label: str) -> Iterator[Situation]:
    """Situations of a chain of five nodes, sink first, and each with nothing heard.

    `dead`: boundaries up to this one cannot be sent from the nodes of the middle; None is none.
    """
    random = np.random.default_rng(layers)
    heard: Told | None = None
    for p in reversed(range(len(_KINDS))):
        role = Role(_KINDS[p], is_source=p == 0, is_sink=p == len(_KINDS) - 1)
        costs = _costs(random, layers, p, is_sink=role.is_sink)
        if dead is not None and costs.transfer_s is not None and p in (0, 2):
            shut = costs.transfer_s.copy()
            shut[: layers if dead == 0 else dead] = math.inf
            costs = replace(costs, transfer_s=shut)
        label_here = f"{label}, {role.kind}"
        policy = make()
        yield Situation(label_here, role, costs, heard if policy.uses_sci else None)
        if not role.is_sink:
            yield Situation(f"{label_here}, nothing heard", role, costs, None)
        if policy.uses_sci:
            with _labelled(label_here):
                heard = tell_checked(policy, role, *copy.deepcopy((costs, heard)))


def _costs(random: np.random.Generator, layers: int, p: int, *, is_sink: bool) -> NodeCosts:
    """Of node p: each one downstream computes faster, and sends more slowly, than the one above."""
    prefix_s = prefix_sums(random.uniform(0.5e-3, 2e-3, layers) / 3.0**p)
    transfer_s = None
    transfer_j = None
    if not is_sink:
        transfer_s = random.uniform(1e-4, 1e-3, layers + 1) * 1.5**p
        transfer_s[-1] = 0.0
        transfer_j = transfer_s * 2.0
    return NodeCosts(prefix_s, transfer_s, NodeEnergy(prefix_s * 5.0, transfer_j))


def _answers(policy: NodePolicy, at: Situation) -> tuple[list[Decision], Told | None]:
    """What a policy decides for every task, and what it tells."""
    decisions = [decide_checked(policy, at.role, at.costs, at.heard, task) for task in at.tasks()]
    told = tell_checked(policy, at.role, at.costs, at.heard) if policy.uses_sci else None
    return decisions, told


@contextmanager
def _labelled(label: str) -> Iterator[None]:
    """Say of a failure in which situation it was."""
    try:
        yield
    except PolicyError as error:
        raise PolicyError(f"{error.message} ({label})") from error


def _check_decisions(make: MakePolicy, situations: list[Situation]) -> Check:
    count = 0
    for at in situations:
        with _labelled(at.label):
            count += len(_answers(make(), at)[0])
    return Check("decisions", "pass", f"{count} decisions have the right shape and range")


def _check_dead_links(make: MakePolicy, situations: list[Situation]) -> Check:
    for at in situations:
        if at.costs.transfer_s is None:
            continue
        policy = make()
        for task in at.tasks():
            stop = decide_checked(policy, at.role, at.costs, at.heard, task).stop
            if math.isinf(at.costs.transfer_s[stop]):
                problem = f"sends a task at boundary {stop} over a dead link ({at.label})"
                return Check("dead links", "fail", problem)
    return Check("dead links", "pass", "no task is sent where nothing gets through")


def _check_purity(make: MakePolicy, situations: list[Situation]) -> Check:
    for at in situations:
        before = copy.deepcopy((at.costs, at.heard))
        given = copy.deepcopy(at)
        _answers(make(), given)
        if not _same(before, (given.costs, given.heard)):
            return Check("purity", "fail", f"changes the arrays that it is given ({at.label})")
    return Check("purity", "pass", "what it is given stays as it was")


def _check_determinism(make: MakePolicy, situations: list[Situation]) -> Check:
    for at in situations:
        if not _same(_answers(make(), at), _answers(make(), at)):
            problem = f"two fresh instances answer differently ({at.label})"
            return Check("determinism", "fail", problem)
    return Check("determinism", "pass", "the same question has the same answer")


def _check_memory(make: MakePolicy, situations: list[Situation]) -> Check:
    """An instance may keep something, as PipeDream keeps its plan; its author should know."""
    for at in situations:
        used = make()
        for other in situations:
            if other.role == at.role and other.costs.layers == at.costs.layers:
                _answers(used, other)
        # Twice, for one that takes turns may be where it began.
        fresh = _answers(make(), at)
        if not (_same(_answers(used, at), fresh) and _same(_answers(used, at), fresh)):
            detail = f"an answer depends on what was asked before ({at.label})"
            return Check("memory", "note", detail)
    return Check("memory", "pass", "an answer depends on nothing but the question")


def _check_honesty(make: MakePolicy, situations: list[Situation]) -> Check:
    """The cost that a policy tells should be that of the stop which it takes."""
    policy = make()
    if not policy.uses_sci:
        return Check("cost honesty", "pass", "tells no costs (uses_sci is False)")
    if policy.tells is not np.ndarray:
        return Check("cost honesty", "note", f"tells a {policy.tells.__name__}, no cost vector")
    for at in situations:
        policy = make()
        told = tell_checked(policy, at.role, at.costs, at.heard)
        assert isinstance(told, np.ndarray)
        for boundary in range(at.costs.layers + 1):
            stop = decide_checked(policy, at.role, at.costs, at.heard, TaskState(boundary)).stop
            real = _cost_s(at, boundary, stop)
            if not _is_honest(float(told[boundary]), real, at):
                detail = (
                    f"tells {told[boundary]:g} for boundary {boundary}, where its stop {stop} "
                    f"costs {real:g} s ({at.label}); right only if it minimises something else"
                )
                return Check("cost honesty", "note", detail)
    return Check("cost honesty", "pass", "the cost that it tells is that of its stop, in s")


def _cost_s(at: Situation, boundary: int, stop: int) -> float:
    beyond = float(at.heard[stop]) if isinstance(at.heard, np.ndarray) else 0.0
    return at.costs.share_s(boundary, stop) + beyond


def _is_honest(told: float, real_s: float, at: Situation) -> bool:
    """A shut way may be told as such although a task that is here is finished all the same."""
    transfer = at.costs.transfer_s
    beyond = [] if not isinstance(at.heard, np.ndarray) else [np.isinf(at.heard).any()]
    shut = any([*beyond, transfer is not None and bool(np.isinf(transfer).any())])
    return math.isclose(told, real_s, rel_tol=1e-6, abs_tol=1e-12) or (shut and math.isinf(told))


def _check_time(make: MakePolicy) -> Check:
    label = f"{_RESNET18_LAYERS} layers"
    try:
        at = list(_chain(make, _RESNET18_LAYERS, None, label))[-2]  # the UE, that has heard
        policy = make()
        times_s: list[float] = []
        while len(times_s) < _TIMED and sum(times_s) < _TIMED_S:
            begin = time.perf_counter()
            decide_checked(policy, at.role, at.costs, at.heard, TaskState())
            times_s.append(time.perf_counter() - begin)
    except PolicyError as error:
        return Check("time", "note", error.message)
    median_s = statistics.median(times_s)
    verdict: Verdict = "note" if median_s > SLOW_DECISION_S else "pass"
    return Check("time", verdict, f"{median_s * 1e6:.0f} us per decision ({label}, median)")


def _same(one: object, other: object) -> bool:
    """Equality that looks into arrays, sequences and objects made of them."""
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and _same_array(one, other)
    if isinstance(one, list | tuple):
        if not isinstance(other, list | tuple) or len(one) != len(other):
            return False
        return all(_same(a, b) for a, b in zip(one, other, strict=True))
    fields = getattr(one, "__dict__", None)
    if fields is not None and type(one) is type(other):
        return all(_same(value, vars(other)[name]) for name, value in fields.items())
    return bool(one == other)


def _same_array(one: FloatArray, other: FloatArray) -> bool:
    return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
