"""Quality assurance and best effort, exactly: Pareto fronts in the SCI message (spec section 5).

One metric (quality assurance, "qa") has a threshold for the whole path; another (best effort,
"be") is to be as small as possible. A node tells, instead of one cost for every boundary, the
Pareto front of (qa, be) from there on. The source takes the point of least be among those that
meet the threshold; each node downstream goes on with the budget that is left, which is what the
point that it was chosen by says. So the threshold is never violated when some plan meets it, and
be is then the least that any such plan has.

**How it stays fast.** In a node's absolute coordinates, ``(T_qa[b'], T_be[b'])`` added, a stop b'
costs the same whatever boundary the task came with, as in the O(L) form of SCI. The front at b is
that of all stops from b on, so it changes, going down from L, only where a stop has something new
to offer. Only those changes are stored; between them boundaries share a front.

**Bounds.** Points beyond the threshold are dropped, but for the one of least qa, which is taken
when nothing meets the threshold. A front may be thinned to at most `cap` points before it is told:
what is dropped always has a neighbour of less qa, and of be not more than a reported gap above, so
that the final be exceeds the optimum by at most the sum of the nodes' gaps
(`ParetoPlan.excess_bound`). The threshold holds all the same.

The number of points can grow with the number of plans in the worst case; `cap` is the way out.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cosim.splitting.problem import FloatArray, IntArray, Plan, SplitProblem, plan_cost
from cosim.splitting.validate import same_shape

_QA, _BE = 0, 1


@dataclass(frozen=True, eq=False)
class Front:
    """Points that no other beats, by rising qa and falling be.

    Plain lists: fronts have some ten points, of which numpy would make longer work.

    Attributes
    ----------
    qa, be
        Costs of the K points, in the absolute coordinates of the node.
    choice
        The stop of each point, and which point of the next node's front at that stop it continues
        with. A node keeps this to itself.
    """

    qa: list[float]
    be: list[float]
    choice: list[tuple[int, int]]

    def copy(self) -> Front:
        """Another one with the same points."""
        return Front(self.qa[:], self.be[:], self.choice[:])


@dataclass(frozen=True, eq=False)
class ParetoMessage:
    """What a node tells upstream.

    Attributes
    ----------
    fronts
        The different fronts.
    which
        Shape ``(L + 1,)``: which of them holds at each boundary.
    prefix
        Shape ``(2, L + 1)``: to be taken off a front's costs at boundary b.
    gap
        By how much be may be above the true front's, because of thinning here or downstream.
    """

    fronts: tuple[Front, ...]
    which: IntArray
    prefix: FloatArray
    gap: float

    def at(self, boundary: int) -> FloatArray:
        """The (qa, be) points from `boundary` on, shape ``(2, K)``."""
        front = self.fronts[int(self.which[boundary])]
        return np.array([front.qa, front.be]) - self.prefix[:, boundary, None]

    @property
    def points(self) -> int:
        """How many points it holds."""
        return sum(len(front.qa) for front in self.fronts)


@dataclass(frozen=True)
class ParetoPlan:
    """The chosen plan.

    Attributes
    ----------
    boundaries
        As in `Plan`.
    qa, be
        Its two costs.
    meets
        Whether qa is within the threshold; when not, no plan's is, and qa is the least possible.
    excess_bound
        be is at most this much above the optimum; 0 when no front was thinned.
    points
        How many points the messages held.
    """

    boundaries: tuple[int, ...]
    qa: float
    be: float
    meets: bool
    excess_bound: float
    points: int


def pareto_sink(prefix: FloatArray) -> ParetoMessage:
    """The message of the last node, whose only choice is to run the rest."""
    layers = prefix.shape[1] - 1
    front = Front([float(prefix[_QA, -1])], [float(prefix[_BE, -1])], [(layers, 0)])
    return ParetoMessage((front,), np.zeros(layers + 1, dtype=np.int64), prefix, 0.0)


def pareto_step(
    prefix: FloatArray,
    transfer: FloatArray,
    downstream: ParetoMessage,
    *,
    threshold: float = math.inf,
    cap: int | None = None,
) -> ParetoMessage:
    """One node's part.

    Parameters
    ----------
    prefix
        Shape ``(2, L + 1)``: prefix sums of the node's qa and be for each layer.
    transfer
        Shape ``(2, L + 1)``: qa and be of sending what is live at each boundary; may be infinite.
    downstream
        What the next node told.
    threshold
        Of qa, for the whole path.
    cap
        Most points to keep in a front, at least 3; None keeps all.
    """
    if cap is not None and cap < 3:
        raise ValueError(f"cap must be at least 3, is {cap}")
    shift = prefix + transfer - downstream.prefix
    running = Front([], [], [])
    fronts = [running.copy()]  # at boundaries beyond the last stop from which there is a way on
    changed_at: list[int] = []
    limits = (prefix[_QA] + threshold).tolist()
    for stop, group, qa, be in _worthwhile_stops(shift, downstream.which):
        if _offer(running, downstream.fronts[group], qa, be, stop, limits[stop]):
            changed_at.append(stop)
            fronts.append(running.copy())
    boundaries = np.arange(prefix.shape[1])
    which = len(changed_at) - np.searchsorted(np.array(changed_at[::-1], dtype=int), boundaries)
    told, gap = _thinned(fronts, cap)
    return ParetoMessage(told, which, prefix, gap + downstream.gap)


def solve_pareto(
    qa: SplitProblem, be: SplitProblem, threshold: float, *, cap: int | None = None
) -> ParetoPlan:
    """The plan of least be whose qa is at most `threshold`; of least qa when there is none.

    Parameters
    ----------
    qa, be
        The same chain and model, in two metrics.
    threshold
        Not NaN.
    cap
        See `pareto_step`.

    Examples
    --------
    >>> seconds = SplitProblem([[4.0, 4.0], [1.0, 1.0]], [[2.0, 1.0, 0.0]])
    >>> joules = SplitProblem([[1.0, 1.0], [5.0, 5.0]], [[1.0, 1.0, 0.0]])
    >>> solve_pareto(seconds, joules, 6.0).boundaries
    (0, 1, 2)
    """
    same_shape(qa=qa, be=be)
    if math.isnan(threshold):
        raise ValueError("threshold is nan")
    prefix = np.stack([qa.prefix_s, be.prefix_s])
    transfer = np.stack([qa.transfer_s, be.transfer_s])
    messages = [pareto_sink(prefix[:, -1])]
    for p in reversed(range(qa.nodes - 1)):
        step = pareto_step(prefix[:, p], transfer[:, p], messages[-1], threshold=threshold, cap=cap)
        messages.append(step)
    messages.reverse()
    boundaries = _walk(messages, threshold)
    qa_cost, be_cost = plan_cost(qa, boundaries), plan_cost(be, boundaries)
    return ParetoPlan(
        boundaries=boundaries,
        qa=qa_cost,
        be=be_cost,
        meets=best_point(messages[0], 0, threshold)[1],
        excess_bound=messages[0].gap,
        points=sum(message.points for message in messages),
    )


def as_plan(plan: ParetoPlan) -> Plan:
    """The same, with be as its cost."""
    return Plan(plan.boundaries, plan.be)


# Sums of the same numbers in another order differ by this much; a plan on the threshold meets it.
_ROUNDING = 1e-12
_COMPARED = 8


def _worthwhile_stops(
    shift: FloatArray, which: IntArray
) -> Iterator[tuple[int, int, float, float]]:
    """Stops in falling order with their group and shift, but for the plainly beaten ones.

    Within a group, where the next node's front is the same, a stop is beaten by a larger one whose
    shift is no greater in either cost. Only the last few are compared: what is missed here costs
    time, not correctness.
    """
    seen: list[tuple[float, float]] = []
    before = -1
    rows = zip(which.tolist(), shift[_QA].tolist(), shift[_BE].tolist(), strict=True)
    for stop, (group, qa, be) in reversed(list(enumerate(rows))):
        if qa == math.inf:
            continue
        if group != before:
            before = group
            seen.clear()
        if any(q <= qa and b <= be for q, b in seen):
            continue
        seen.append((qa, be))
        if len(seen) > _COMPARED:
            del seen[0]
        yield stop, group, qa, be


def _offer(
    front: Front, offered: Front, qa_shift: float, be_shift: float, stop: int, limit: float
) -> bool:
    """Put what is new in `offered` into `front`; say whether there was something. Old wins ties."""
    all_qa, all_be, choice = front.qa, front.be, front.choice
    changed = False
    at = 0
    for child, (own_qa, own_be) in enumerate(zip(offered.qa, offered.be, strict=True)):
        qa = own_qa + qa_shift
        if qa > limit and all_qa and qa >= all_qa[0]:
            break
        be = own_be + be_shift
        at = bisect_right(all_qa, qa, at)
        if at and all_be[at - 1] <= be:
            continue
        begin = at - 1 if at and all_qa[at - 1] == qa else at
        end = begin
        while end < len(all_be) and all_be[end] >= be:
            end += 1
        all_qa[begin:end], all_be[begin:end], choice[begin:end] = [qa], [be], [(stop, child)]
        changed, at = True, begin + 1
    if changed and all_qa[-1] > limit:
        keep = max(1, bisect_right(all_qa, limit))
        del all_qa[keep:], all_be[keep:], choice[keep:]
    return changed


def _thinned(fronts: list[Front], cap: int | None) -> tuple[tuple[Front, ...], float]:
    """Fronts of at most `cap` points, and the largest gap in be that this left.

    Bands of be are the same for all fronts, so that neighbouring fronts keep the same points.
    """
    if cap is None or all(len(front.be) <= cap for front in fronts):
        return tuple(fronts), 0.0
    finite = [be for front in fronts for be in (front.be[:1] + front.be[1:2]) if be < math.inf]
    top = max(finite)
    spans = [_top_of(front) - front.be[-1] for front in fronts if len(front.be) > cap]
    # Not all of `cap` bands: where bands begin is not where a front does, and be may be infinite.
    width = max(spans) / (cap - 2)
    thinned = [
        _thin(front, top, width) if len(front.be) > cap else (front, 0.0) for front in fronts
    ]
    return tuple(front for front, _ in thinned), max(gap for _, gap in thinned)


def _top_of(front: Front) -> float:
    """The largest finite be; only the first point's can be infinite."""
    return front.be[0] if front.be[0] < math.inf else front.be[1]


def _thin(front: Front, top: float, width: float) -> tuple[Front, float]:
    """Of each band of be, keep the point of least qa, which has the most be."""
    kept, gap, band = [], 0.0, -math.inf
    for index, cost in enumerate(front.be):
        here = (top - cost) // width if cost < math.inf else -1.0
        if here != band:
            kept.append(index)
            band = here
        elif cost < math.inf:
            gap = max(gap, front.be[kept[-1]] - cost)
    qa, be = [front.qa[index] for index in kept], [front.be[index] for index in kept]
    return Front(qa, be, [front.choice[index] for index in kept]), gap


def best_point(message: ParetoMessage, boundary: int, budget: float) -> tuple[int, bool]:
    """Which point from `boundary` on to take, and whether it is within the budget."""
    qa = message.at(boundary)[_QA]
    allowed = budget if budget <= 0 or math.isinf(budget) else budget * (1 + _ROUNDING)
    within = int(np.searchsorted(qa, allowed, side="right"))
    return max(within - 1, 0), within > 0


def _walk(messages: list[ParetoMessage], threshold: float) -> tuple[int, ...]:
    """Follow the chosen point from node to node."""
    boundaries = [0]
    layers = messages[0].which.size - 1
    point, _ = best_point(messages[0], 0, threshold)
    for message in messages:
        front = message.fronts[int(message.which[boundaries[-1]])]
        if not front.choice:  # no way is open: what is here stays here
            boundaries.append(layers)
            continue
        stop, point = front.choice[point]
        boundaries.append(stop)
    return tuple(boundaries)
