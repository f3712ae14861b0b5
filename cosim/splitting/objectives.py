"""Several metrics at once (V, spec section 5): linear combination, and the inverse weight function.

Any single metric is a `SplitProblem` of its own: put its costs in place of the seconds. The exact
form for a threshold is in `cosim.splitting.pareto`; `cosim.splitting.study` compares them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cosim.splitting.problem import FloatArray, IntArray, SplitProblem
from cosim.splitting.solvers import follow_stops
from cosim.splitting.validate import prefix, same_shape, vector

_ROWS = 256  # boundaries that are worked through together
_RIVALS = 64  # stops that all others are compared with, to leave out the beaten ones


@dataclass(frozen=True, eq=False)
class QualityAssurance:
    """A metric that a plan's edge must keep below `threshold`."""

    problem: SplitProblem
    threshold: float

    def __post_init__(self) -> None:
        if not self.threshold > 0:
            raise ValueError(f"threshold is {self.threshold}: it must be more than 0")


def weighted_problem(problems: Sequence[SplitProblem], weights: Sequence[float]) -> SplitProblem:
    """The linear combination ``sum_j w_j * metric_j`` (Eq. 11), for any solver.

    A weight of 0 leaves a metric out, also where it is infinite.
    """
    if not problems or len(problems) != len(weights):
        raise ValueError(f"weights must be one for each of the {len(problems)} problems")
    same_shape(**{f"problems[{j}]": problem for j, problem in enumerate(problems)})
    for index, weight in enumerate(weights):
        if not (math.isfinite(weight) and weight >= 0):
            raise ValueError(f"weights[{index}] is {weight}: it must be finite and not negative")
    compute = np.zeros_like(problems[0].compute_s)
    transfer = np.zeros_like(problems[0].transfer_s)
    for problem, weight in zip(problems, weights, strict=True):
        if weight > 0:
            compute += weight * problem.compute_s
            transfer += weight * problem.transfer_s
    return SplitProblem(compute, transfer)


def inverse_weight(phi: FloatArray, threshold: float) -> FloatArray:
    """``W(phi) = -1 / (phi - threshold)`` below the threshold, infinite from there on (V)."""
    weight = np.full(np.shape(phi), math.inf)
    np.divide(1.0, threshold - phi, out=weight, where=phi < threshold)
    return weight


def inverse_weight_step(
    qa_prefix: Sequence[FloatArray],
    qa_transfer: Sequence[FloatArray],
    thresholds: Sequence[float],
    be_prefix: FloatArray,
    be_transfer: FloatArray,
    downstream: FloatArray,
) -> tuple[FloatArray, IntArray]:
    """One node's part with Eq. 12 as the cost of an edge: O(L^2) in the worst case, vectorised.

    An edge is this node's compute from b to b' and its transfer at b'. Its weight is not a sum of
    the two, so no suffix minimum helps. But a stop that costs no less in any metric than another
    one, which is open at the same boundaries, need not be looked at, nor one that is beyond a
    threshold, as it is then from all boundaries before, too. Few are left in long models.

    Parameters
    ----------
    qa_prefix, qa_transfer
        For each quality-assurance metric, shape ``(L + 1,)``.
    thresholds
        Theirs.
    be_prefix, be_transfer
        Shape ``(L + 1,)``: the best-effort metrics, weighted and added up.
    downstream
        Shape ``(L + 1,)``: the weight from the next node on.

    Returns
    -------
    weight_to_go, stop
        Shapes ``(L + 1,)``. Where every stop weighs infinitely much, the stop is L.

    Raises
    ------
    ValueError
        Naming the argument and the index at fault.
    """
    be_prefix = prefix("be_prefix", be_prefix)
    size = be_prefix.size
    be_transfer = vector("be_transfer", be_transfer, size=size, finite=False)
    downstream = vector("downstream", downstream, size=size, finite=False)
    if not len(qa_prefix) == len(qa_transfer) == len(thresholds):
        raise ValueError("qa_prefix, qa_transfer and thresholds must be as many as each other")
    for index, threshold in enumerate(thresholds):
        if not threshold > 0:
            raise ValueError(f"thresholds[{index}] is {threshold}: it must be more than 0")
    qa_prefix = [prefix(f"qa_prefix[{j}]", own, size) for j, own in enumerate(qa_prefix)]
    qa_transfer = [
        vector(f"qa_transfer[{j}]", own, size=size, finite=False)
        for j, own in enumerate(qa_transfer)
    ]
    weight_to_go = np.full(size, math.inf)
    stop = np.full(size, size - 1, dtype=np.int64)
    costs = np.stack(
        [
            be_prefix + be_transfer + downstream,
            *(own + transfer for own, transfer in zip(qa_prefix, qa_transfer, strict=True)),
        ]
    )
    stops: IntArray = np.zeros(0, dtype=np.int64)
    for begin in reversed(range(0, size, _ROWS)):
        rows = np.arange(begin, min(begin + _ROWS, size))
        stops = np.concatenate([rows, stops])
        total = costs[0, stops] - be_prefix[rows, None]
        is_open = stops >= rows[:, None]
        for own, done, threshold in zip(costs[1:], qa_prefix, thresholds, strict=True):
            weight = inverse_weight(own[stops] - done[rows, None], threshold)
            total += weight
            is_open &= weight < math.inf
        total[~is_open | np.isnan(total)] = math.inf
        at = stops.size - 1 - total[:, ::-1].argmin(axis=1)
        weight_to_go[rows] = total[np.arange(rows.size), at]
        stop[rows] = np.where(weight_to_go[rows] < math.inf, stops[at], size - 1)
        stops = _unbeaten(stops[is_open[0]], costs)
    # Rounding may leave a cost of zero a little below zero.
    return np.maximum(weight_to_go, 0.0), stop


def _unbeaten(stops: IntArray, costs: FloatArray) -> IntArray:
    """Without those that a rival beats: no dearer in any, and cheaper in one metric or later."""
    own = costs[:, stops]
    rivals = np.argsort(own.sum(axis=0), kind="stable")[:_RIVALS]
    no_dearer = (own[:, rivals, None] <= own[:, None, :]).all(axis=0)
    cheaper = (own[:, rivals, None] < own[:, None, :]).any(axis=0)
    later = stops[rivals, None] > stops
    return stops[~(no_dearer & (cheaper | later)).any(axis=0)]


def solve_inverse_weight(
    assured: Sequence[QualityAssurance],
    best_effort: Sequence[SplitProblem],
    weights: Sequence[float],
) -> tuple[int, ...]:
    """Boundaries of the plan of least weight by Eq. 12: O(P L^2) in the worst case.

    The thresholds bound every *edge*, not the path: a path of two edges just below a threshold
    violates it, and one cheap plan may be passed over because a single edge comes near it.
    """
    combined = weighted_problem(best_effort, weights)
    names = {f"assured[{j}]": qa.problem for j, qa in enumerate(assured)}
    same_shape(best_effort=combined, **names)
    last = combined.nodes - 1
    rest = combined.prefix_s[last, -1] - combined.prefix_s[last]
    for qa in assured:
        done = qa.problem.prefix_s[last]
        rest = rest + inverse_weight(done[-1] - done, qa.threshold)
    stops = []
    for p in reversed(range(last)):
        rest, stop = inverse_weight_step(
            [qa.problem.prefix_s[p] for qa in assured],
            [qa.problem.transfer_s[p] for qa in assured],
            [qa.threshold for qa in assured],
            combined.prefix_s[p],
            combined.transfer_s[p],
            rest,
        )
        stops.append(stop)
    return follow_stops(combined, stops[::-1]).boundaries
