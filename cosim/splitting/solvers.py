"""Solvers of the split problem: the SCI recursion and exhaustive search (IV.B, IV.C).

Ties are broken the same way everywhere: among equal costs the *largest* boundary wins, node by node
from the source, so that work (and the data) stays upstream, nearest the UE. Costs are compared as
computed, in double precision.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from cosim.splitting.problem import FloatArray, IntArray, Plan, SplitProblem, plan_cost
from cosim.splitting.validate import prefix, vector

_CHUNK = 65_536


def sci_step(
    prefix_s: FloatArray, transfer_s: FloatArray, downstream_s: FloatArray
) -> tuple[FloatArray, IntArray]:
    """One node's part of the SCI recursion, in O(L) (IV.C, spec section 2).

    The paper's Algorithm 1 searches every (b, b') pair, O(L^2). As the cost is additive,
    ``g[b'] = T[b'] + transfer[b'] + V_down[b']`` does not depend on b, and so
    ``V[b] = min(g[b:]) - T[b]``: a suffix minimum.

    Parameters
    ----------
    prefix_s
        Shape ``(L + 1,)``, s: prefix sums T of the node's layer times.
    transfer_s
        Shape ``(L + 1,)``, s: time to send what is live at each boundary; may be infinite.
    downstream_s
        Shape ``(L + 1,)``, s: the SCI message, V of the next node downstream; may be infinite.

    Returns
    -------
    cost_to_go_s, stop
        Shapes ``(L + 1,)``: V of this node in s, and the best b' for each b, the largest of equals.

    Raises
    ------
    ValueError
        Naming the argument and the index at fault.
    """
    own = prefix("prefix_s", prefix_s)
    sent = vector("transfer_s", transfer_s, size=own.size, finite=False)
    return sci_recursion(
        own, sent, vector("downstream_s", downstream_s, size=own.size, finite=False)
    )


def sci_recursion(
    prefix_s: FloatArray, transfer_s: FloatArray, downstream_s: FloatArray
) -> tuple[FloatArray, IntArray]:
    """`sci_step` for arrays that were checked before, as those of a `SplitProblem` are."""
    onward = prefix_s + transfer_s
    onward += downstream_s
    best, stop = suffix_minimum(onward)
    # Rounding may leave a cost of zero a little below zero; infinity minus a finite T is infinity.
    # In place: for long models, new arrays take longer than the arithmetic.
    np.subtract(best, prefix_s, out=onward)
    return np.maximum(onward, 0.0, out=onward), stop


def suffix_minimum(values: FloatArray) -> tuple[FloatArray, IntArray]:
    """Minimum of ``values[b:]`` for every b, and the largest index where it stands."""
    size = values.size
    running = np.minimum.accumulate(values[::-1])[::-1]
    improves = (values[:-1] < running[1:]).nonzero()[0]
    if not improves.size:  # the last one is the best from everywhere
        return running, np.full(size, size - 1, dtype=np.int64)
    if improves.size * 8 < size:  # few steps, as nearly always: write each one out
        ends = np.empty(improves.size + 1, dtype=np.int64)
        ends[:-1] = improves
        ends[-1] = size - 1
        lengths = ends.copy()
        lengths[1:] -= ends[:-1]
        lengths[0] += 1
        return running, ends.repeat(lengths)
    index = np.full(size, size - 1, dtype=np.int64)
    index[improves] = improves
    return running, np.minimum.accumulate(index[::-1])[::-1]


def solve_sci(problem: SplitProblem) -> Plan:
    """The optimal plan, by the SCI recursion from sink to source: O(P L).

    Examples
    --------
    >>> problem = SplitProblem([[1.0, 4.0], [0.5, 0.5]], [[9.0, 1.0, 0.0]])
    >>> solve_sci(problem)
    Plan(boundaries=(0, 1, 2), cost=2.5)
    """
    last = problem.nodes - 1
    cost = problem.prefix_s[last, -1] - problem.prefix_s[last]
    stops: list[IntArray] = []
    for p in reversed(range(last)):
        cost, stop = sci_recursion(problem.prefix_s[p], problem.transfer_s[p], cost)
        stops.append(stop)
    return follow_stops(problem, stops[::-1])


def solve_exhaustive(problem: SplitProblem, *, max_plans: int = 5_000_000) -> Plan:
    """The optimal plan, by trying all ``C(P+L-1, L)`` of them: for checking the others.

    Raises
    ------
    ValueError
        When there are more than `max_plans` plans.
    """
    count = math.comb(problem.nodes + problem.layers - 1, problem.layers)
    if count > max_plans:
        raise ValueError(
            f"problem has {count} plans, more than max_plans = {max_plans}: use solve_sci"
        )
    candidates = itertools.combinations_with_replacement(
        range(problem.layers + 1), problem.nodes - 1
    )
    best_cost, best = math.inf, (problem.layers,) * (problem.nodes - 1)
    while chunk := list(itertools.islice(candidates, _CHUNK)):
        costs = _costs(problem, np.array(chunk, dtype=np.int64).reshape(len(chunk), -1))
        # Candidates come in rising lexicographic order: the last of equals keeps most upstream.
        index = len(chunk) - 1 - int(np.argmin(costs[::-1]))
        if costs[index] <= best_cost:
            best_cost, best = float(costs[index]), chunk[index]
    return make_plan(problem, (0, *best, problem.layers))


def follow_stops(problem: SplitProblem, stops: Sequence[IntArray]) -> Plan:
    """The plan that results when each node but the last, source first, stops where it says."""
    boundaries = [0]
    for stop in stops:
        boundaries.append(int(stop[boundaries[-1]]))
    return make_plan(problem, [*boundaries, problem.layers])


def make_plan(problem: SplitProblem, boundaries: list[int] | tuple[int, ...]) -> Plan:
    """A `Plan` with its cost filled in."""
    return Plan(boundaries=tuple(boundaries), cost=plan_cost(problem, boundaries))


def _costs(problem: SplitProblem, inner: IntArray) -> FloatArray:
    """Costs, shape ``(N,)``, of N plans given by their inner boundaries, shape ``(N, P-1)``."""
    costs = np.zeros(len(inner))
    start: IntArray = np.zeros(len(inner), dtype=np.int64)
    for p in range(problem.nodes):
        last = p == problem.nodes - 1
        stop = np.full_like(start, problem.layers) if last else inner[:, p]
        costs += problem.prefix_s[p, stop] - problem.prefix_s[p, start]
        if not last:
            costs += problem.transfer_s[p, stop]
        start = stop
    return costs
