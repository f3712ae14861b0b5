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
from cosim.splitting.validate import same_shape

_ROWS_AT_A_TIME = 2**20  # entries of the (b, b') table that are in memory at once


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
    """One node's part with Eq. 12 as the cost of an edge, in O(L^2), vectorised.

    An edge is this node's compute from b to b' and its transfer at b'. Its weight is not a sum of
    the two, so no suffix minimum helps.

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
    """
    size = be_prefix.size
    weight_to_go = np.empty(size)
    stop = np.empty(size, dtype=np.int64)
    onward = be_prefix + be_transfer + downstream
    rows = max(1, _ROWS_AT_A_TIME // size)
    for begin in range(0, size, rows):
        b = slice(begin, min(begin + rows, size))
        total = onward[None, begin:] - be_prefix[b, None]
        for prefix, transfer, threshold in zip(qa_prefix, qa_transfer, thresholds, strict=True):
            phi = (prefix + transfer)[None, begin:] - prefix[b, None]
            total += inverse_weight(phi, threshold)
        total[np.tri(total.shape[0], total.shape[1], k=-1, dtype=np.bool_)] = math.inf  # b' < b
        total[np.isnan(total)] = math.inf
        at = total.shape[1] - 1 - total[:, ::-1].argmin(axis=1)
        weight_to_go[b] = np.take_along_axis(total, at[:, None], axis=1)[:, 0]
        stop[b] = begin + at
    return weight_to_go, stop


def solve_inverse_weight(
    assured: Sequence[QualityAssurance],
    best_effort: Sequence[SplitProblem],
    weights: Sequence[float],
) -> tuple[int, ...]:
    """Boundaries of the plan of least weight by Eq. 12: O(P L^2).

    The thresholds bound every *edge*, not the path: a path of two edges just below a threshold
    violates it, and one cheap plan may be passed over because a single edge comes near it.
    """
    combined = weighted_problem(best_effort, weights)
    names = {f"assured[{j}]": qa.problem for j, qa in enumerate(assured)}
    same_shape(best_effort=combined, **names)
    last = combined.nodes - 1
    rest = combined.prefix_s[last, -1] - combined.prefix_s[last]
    for qa in assured:
        prefix = qa.problem.prefix_s[last]
        rest = rest + inverse_weight(prefix[-1] - prefix, qa.threshold)
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
