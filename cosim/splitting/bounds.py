"""What a plan under a threshold can cost at best: bounds that keep exact Pareto fronts small.

Who knows the costs of all nodes can tell of a point of a node's front that it is no part of the
answer: when even the cheapest way from the source to it makes the whole plan too costly. Besides
qa, what counts is ``be + slope * qa`` with the Lagrange multiplier of the threshold as the slope:
a plan within the threshold whose sum is above ``best + slope * threshold`` has more be than the
best plan that is known. This is how exact solvers of the resource-constrained shortest path
preprocess their graph (Handler and Zang 1980; Dumitrescu and Boland 2003).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cosim.splitting.fronts import Limits
from cosim.splitting.objectives import weighted_problem
from cosim.splitting.problem import FloatArray, SplitProblem, plan_cost
from cosim.splitting.solvers import solve_sci

# Sums of the same numbers in another order differ by far less, in parts of the largest.
_ROUNDING = 1e-12
_CLOSE = 1e-9
_MOST_SLOPES = 60


@dataclass(frozen=True, eq=False)
class Multiplier:
    """The slope of the best bound, and the least be of the plans within the threshold on the way.

    Attributes
    ----------
    slope
        be for one unit of qa.
    combined
        ``be + slope * qa`` as a problem.
    known_be
        Of a plan within the threshold.
    """

    slope: float
    combined: SplitProblem
    known_be: float


def node_limits(qa: SplitProblem, be: SplitProblem, threshold: float) -> list[Limits]:
    """For each node but the last, what a point may cost to be part of the answer.

    Where no plan meets the threshold, the answer is a plan of least qa.

    Parameters
    ----------
    qa, be
        The same chain and model, in two metrics.
    threshold
        Of qa; may be infinite.
    """
    threshold = max(threshold, solve_sci(qa).cost)
    found = lagrange_multiplier(qa, be, threshold)
    total = found.known_be + (found.slope * threshold if found.slope else 0.0)
    both = zip(_left(threshold, qa), _left(total, found.combined), strict=True)
    return [Limits(most_qa, found.slope, most) for most_qa, most in both]


def lagrange_multiplier(qa: SplitProblem, be: SplitProblem, threshold: float) -> Multiplier:
    """Close in on the threshold along the convex hull of all plans, by one `solve_sci` a step.

    Parameters
    ----------
    qa, be
        The same chain and model, in two metrics.
    threshold
        Of qa, not below the least possible.
    """
    be = _where_open(be, qa)

    def costs(problem: SplitProblem) -> tuple[float, float]:
        boundaries = solve_sci(problem).boundaries
        return plan_cost(qa, boundaries), plan_cost(be, boundaries)

    slope, combined = 0.0, be
    inside, outside = costs(qa), costs(be)
    if outside[0] <= threshold:
        return Multiplier(slope, combined, outside[1])
    scale = _largest(qa)
    for _ in range(_MOST_SLOPES):
        next_slope = (inside[1] - outside[1]) / (outside[0] - inside[0])
        if not (next_slope > 0 and next_slope * scale < math.inf):
            break
        slope, combined = next_slope, weighted_problem([be, qa], [1.0, next_slope])
        middle = costs(combined)
        if middle[1] + slope * middle[0] >= (inside[1] + slope * inside[0]) * (1 - _CLOSE):
            break
        inside, outside = (middle, outside) if middle[0] <= threshold else (inside, middle)
    return Multiplier(slope, combined, inside[1])


def _where_open(be: SplitProblem, qa: SplitProblem) -> SplitProblem:
    """`be` with the dead links of `qa`: a plan over one of them is no answer, however cheap."""
    dead = qa.transfer_s == math.inf
    if not dead.any():
        return be
    return SplitProblem(be.compute_s, np.where(dead, math.inf, be.transfer_s))


def _left(most: float, problem: SplitProblem) -> Iterator[FloatArray]:
    """By stop, what is left of `most` behind the cheapest way there; one node after the other.

    In the absolute coordinates of each node but the last.
    """
    most += _CLOSE * abs(most) + _ROUNDING * _largest(problem)
    arrival: FloatArray = np.full(problem.layers + 1, math.inf)
    arrival[0] = 0.0
    for prefix, transfer in zip(problem.prefix_s, problem.transfer_s, strict=False):
        begun = np.minimum.accumulate(arrival - prefix)
        left = np.full_like(begun, -math.inf if most < math.inf else math.inf)
        yield np.subtract(most, begun, out=left, where=begun < math.inf)
        arrival = begun + prefix + transfer


def _largest(problem: SplitProblem) -> float:
    """All compute of a node, or a transfer that is not infinite."""
    sent = problem.transfer_s[problem.transfer_s < math.inf]
    return max(float(problem.prefix_s[:, -1].max()), float(sent.max(initial=0.0)))
