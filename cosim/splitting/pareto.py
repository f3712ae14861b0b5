"""Quality assurance and best effort, exactly: Pareto fronts in the SCI message (spec section 5).

One metric (quality assurance, "qa") has a threshold for the whole path; another (best effort,
"be") is to be as small as possible. A node tells, instead of one cost for every boundary, the
Pareto front of (qa, be) from there on. The source takes the point of least be among those that
meet the threshold; each node downstream goes on with the budget that is left, which is what the
point that it was chosen by says. So the threshold is never violated when some plan meets it, and
be is then the least that any such plan has.

**How it stays small and fast.** In a node's absolute coordinates, ``(T_qa[b'], T_be[b'])`` added, a
stop b' costs the same whatever boundary the task came with, as in the O(L) form of SCI. The front
at b is that of all stops from b on, so going down from L it only ever gains points. Each point is
stored once, with the stop from which on it holds; no front is stored.

**Bounds.** Points beyond the threshold are left out, but for those of least qa, which are taken
when nothing meets the threshold. When there are more than `cap` points, those that improve be
least are left out: such a point always has a neighbour of no more qa, and of be not more than a
reported gap above, so that the final be exceeds the optimum by at most the sum of the nodes' gaps
(`ParetoPlan.excess_bound`). Points of least qa always stay, at most one for each boundary: the
threshold holds all the same.

`solve_pareto` without a cap knows the costs of all nodes, and by them leaves out nearly all points
of a model whose layers differ (`bounds`): 10^5 layers on 64 nodes take seconds. The number of
points can grow with the number of plans all the same, as where the sum of both metrics hardly
depends on the plan: hundreds of layers of a recurrent model do that, whose layers repeat. Fronts
that take more than some seconds at one node are refused; `cap` is the way out.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cosim.splitting import validate
from cosim.splitting.bounds import node_limits
from cosim.splitting.fronts import Front, Limits, Points
from cosim.splitting.problem import FloatArray, IntArray, SplitProblem, plan_cost
from cosim.splitting.validate import same_shape, table

_QA, _BE = 0, 1

# Sums of the same numbers in another order differ by this much; a plan on the threshold meets it.
_ROUNDING = 1e-12

# So many stops before are compared with the next one.
_COMPARED = 8


@dataclass(frozen=True, eq=False)
class ParetoMessage:
    """What a node tells upstream: K points, by falling stop.

    Attributes
    ----------
    stop
        Shape ``(K,)``: where the node stops for this point, which so holds at every boundary up to
        there.
    costs
        Shape ``(2, K)``: qa and be, in the absolute coordinates of the node.
    onward
        Shape ``(K,)``: which point of the next node it continues with. A node keeps this to itself.
    prefix
        Shape ``(2, L + 1)``: to be taken off `costs` at boundary b.
    gap
        By how much be may be above the true front's, because of what is left out here or
        downstream.
    """

    stop: IntArray
    costs: FloatArray
    onward: IntArray
    prefix: FloatArray
    gap: float

    def at(self, boundary: int) -> FloatArray:
        """The front: (qa, be) from `boundary` on, by rising qa and falling be, ``(2, M)``."""
        costs = self.costs[:, : self._held(boundary)]
        costs = costs[:, np.lexsort((costs[_BE], costs[_QA]))]
        best = np.minimum.accumulate(costs[_BE])
        kept = np.r_[True, best[1:] < best[:-1]][: best.size]
        return np.asarray(costs[:, kept] - self.prefix[:, boundary, None])

    def best(self, boundary: int, budget: float) -> tuple[int | None, bool]:
        """Which point from `boundary` on to take, and whether it is within the budget.

        The one of least be within, else the one of least qa; None where no way is open.
        """
        qa, be = self.costs[:, : self._held(boundary)]
        if qa.size == 0:
            return None, False
        allowed = budget if budget <= 0 or math.isinf(budget) else budget * (1 + _ROUNDING)
        within = np.flatnonzero(qa - self.prefix[_QA, boundary] <= allowed)
        if within.size:
            return int(within[np.lexsort((qa[within], be[within]))[0]]), True
        return int(np.lexsort((be, qa))[0]), False

    @property
    def points(self) -> int:
        """K."""
        return int(self.stop.size)

    def _held(self, boundary: int) -> int:
        """How many points hold at a boundary."""
        return int(np.searchsorted(-self.stop, -boundary, side="right"))


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
        be is at most this much above the optimum; 0 when no point was left out.
    points
        How many points the messages held, or had to be looked at without a cap.
    """

    boundaries: tuple[int, ...]
    qa: float
    be: float
    meets: bool
    excess_bound: float
    points: int


def pareto_sink(prefix: FloatArray) -> ParetoMessage:
    """The message of the last node, whose only choice is to run the rest.

    Parameters
    ----------
    prefix
        Shape ``(2, L + 1)``: as for `pareto_step`.
    """
    prefix = _prefixes(prefix)
    layers = np.array([prefix.shape[1] - 1], dtype=np.int64)
    return ParetoMessage(layers, prefix[:, -1:], np.zeros(1, dtype=np.int64), prefix, 0.0)


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
        Most points to tell, at least 1, but for those of least qa; None tells all.

    Raises
    ------
    ValueError
        Naming the argument and the index at fault, or when a front takes more than some seconds.
    """
    prefix = _prefixes(prefix)
    transfer = table("transfer", transfer, prefix.shape, finite=False)
    if downstream.prefix.shape != prefix.shape:
        raise ValueError(
            f"downstream is for (2, L+1) = {downstream.prefix.shape}, not {prefix.shape}"
        )
    _refuse(threshold, cap)
    return _step(prefix, transfer, downstream, _limits(prefix[_QA], threshold), cap)


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
        What nodes find that tell at most so many points, see `pareto_step`. None: the optimum, by
        one who knows the costs of all nodes, and so leaves out early what is no part of it.

    Raises
    ------
    ValueError
        Naming the argument at fault, or when a front takes more than some seconds.

    Examples
    --------
    >>> seconds = SplitProblem([[4.0, 4.0], [1.0, 1.0]], [[2.0, 1.0, 0.0]])
    >>> joules = SplitProblem([[1.0, 1.0], [5.0, 5.0]], [[1.0, 1.0, 0.0]])
    >>> solve_pareto(seconds, joules, 6.0).boundaries
    (0, 1, 2)
    """
    same_shape(qa=qa, be=be)
    _refuse(threshold, cap)
    prefix = np.stack([qa.prefix_s, be.prefix_s])
    transfer = np.stack([qa.transfer_s, be.transfer_s])
    if cap is None:
        limits = node_limits(qa, be, threshold)
    else:
        limits = [_limits(own, threshold) for own in qa.prefix_s]
    messages = [pareto_sink(prefix[:, -1])]
    for p in reversed(range(qa.nodes - 1)):
        messages.append(_step(prefix[:, p], transfer[:, p], messages[-1], limits[p], cap))
    messages.reverse()
    boundaries, meets = _walk(messages, threshold)
    cost = plan_cost(qa, boundaries)
    return ParetoPlan(
        boundaries=boundaries,
        qa=cost,
        be=plan_cost(be, boundaries),
        meets=meets or cost <= threshold < math.inf,
        excess_bound=messages[0].gap,
        points=sum(message.points for message in messages),
    )


def _step(
    prefix: FloatArray,
    transfer: FloatArray,
    downstream: ParetoMessage,
    limits: Limits,
    cap: int | None,
) -> ParetoMessage:
    found, limit = Points(cap), limits.by_stop()
    for stop, heard, qa, be in _worthwhile_stops(prefix + transfer, downstream):
        found.offer(heard, qa, be, stop, limit[stop])
    stops, costs, onward = found.columns()
    return ParetoMessage(stops, costs, onward, prefix, found.gap + downstream.gap)


def _prefixes(prefix: FloatArray) -> FloatArray:
    if len(prefix) != 2:
        raise ValueError(f"prefix must have 2 rows, qa and be, not {len(prefix)}")
    qa = validate.prefix("prefix[0]", prefix[_QA])
    return np.stack([qa, validate.prefix("prefix[1]", prefix[_BE], qa.size)])


def _refuse(threshold: float, cap: int | None) -> None:
    if math.isnan(threshold):
        raise ValueError("threshold is nan")
    if cap is not None and cap < 1:
        raise ValueError(f"cap must be at least 1, is {cap}")


def _limits(prefix: FloatArray, threshold: float) -> Limits:
    """What a node knows by itself."""
    with np.errstate(over="ignore"):  # no limit, then
        most = (prefix + threshold) * (1 + _ROUNDING)
    return Limits(most, 0.0, np.full(prefix.size, math.inf))


def _worthwhile_stops(
    costs: FloatArray, downstream: ParetoMessage
) -> Iterator[tuple[int, Front, float, float]]:
    """Stops in falling order, each with the next node's front there and what is to be added to it.

    The plainly beaten ones are left out: where the next node's front is the same, a stop is beaten
    by a larger one that adds no more to either cost. Only the last few are compared: what is missed
    here costs time, not correctness.
    """
    shift = costs - downstream.prefix
    points = zip(*downstream.costs.tolist(), strict=True)
    coming = list(zip(downstream.stop.tolist(), points, strict=True))[::-1]
    heard = Front()
    seen: list[tuple[float, float]] = []
    rows = list(zip(shift[_QA].tolist(), shift[_BE].tolist(), strict=True))
    for stop in range(len(rows) - 1, -1, -1):
        while coming and coming[-1][0] >= stop:
            _, (qa, be) = coming.pop()
            at = bisect_right(heard.qa, qa)
            if not at or heard.be[at - 1] > be:
                heard.put(at, qa, be, downstream.points - len(coming) - 1)
                seen.clear()
        qa, be = rows[stop]
        if qa == math.inf or any(q <= qa and b <= be for q, b in seen):
            continue
        seen.append((qa, be))
        if len(seen) > _COMPARED:
            del seen[0]
        yield stop, heard, qa, be


def _walk(messages: list[ParetoMessage], threshold: float) -> tuple[tuple[int, ...], bool]:
    """Follow the chosen point from node to node; say whether it meets the threshold."""
    boundaries, layers = [0], messages[0].prefix.shape[1] - 1
    point, meets = messages[0].best(0, threshold)
    for message in messages:
        if point is None:  # no way is open: what is here stays here
            boundaries.append(layers)
            continue
        boundaries.append(int(message.stop[point]))
        point = int(message.onward[point])
    return tuple(boundaries), meets
