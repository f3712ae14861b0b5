"""The paper's Algorithm 1, word for word: O(L^2) per node, with its skip rule (IV.C.2).

It is the reference that the O(L) form of `cosim.splitting.solvers` is checked and timed against.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from cosim.splitting.problem import FloatArray, IntArray, Plan, SplitProblem
from cosim.splitting.solvers import follow_stops
from cosim.splitting.validate import vector

MAX_COSTS: Final = 2_000_000_000
"""L = 63,000 without the skip rule; with it, mostly far more."""


@dataclass(frozen=True, eq=False)
class Algorithm1Step:
    """One node's outcome.

    Attributes
    ----------
    cost_to_go_s
        Shape ``(L + 1,)``, s: the SCI message.
    stop
        Shape ``(L + 1,)``: the best b' for each b, the largest of equals.
    evaluated
        How many vertices' costs were calculated (line 4); ``(L + 1)(L + 2) / 2`` without the skip
        rule.
    """

    cost_to_go_s: FloatArray
    stop: IntArray
    evaluated: int


def algorithm1_step(
    compute_s: FloatArray,
    transfer_s: FloatArray,
    downstream_s: FloatArray,
    *,
    skip: bool = True,
    max_costs: int = MAX_COSTS,
) -> Algorithm1Step:
    """One node's part.

    Two things are read differently from the printed algorithm, whose indices do not fit together
    (its set i both begins with layer i and is entered with the data before it):

    - set b holds the vertices that begin with layer ``b + 1``, plus the relay, which the loop of
      line 3 would miss;
    - each node counts its outgoing link, not its incoming one. That is the same sum, and it makes
      line 11 right: with the incoming link in the cost, it would have to take the difference of
      the two sets' links into account.

    Parameters
    ----------
    compute_s
        Shape ``(L,)``, s: time of each layer on this node.
    transfer_s, downstream_s
        Shape ``(L + 1,)``, s: as for `cosim.splitting.sci_step`.
    skip
        Whether to use the skip rule of lines 8 to 12: where set b stops at n, so do the sets
        between b and n.
    max_costs
        What is still calculated, within some ten seconds.

    Raises
    ------
    ValueError
        When there are more, or naming the argument and the index at fault.
    """
    compute_s = vector("compute_s", compute_s)
    layers = int(compute_s.size)
    transfer_s = vector("transfer_s", transfer_s, size=layers + 1, finite=False)
    downstream_s = vector("downstream_s", downstream_s, size=layers + 1, finite=False)
    tau, onward = compute_s.tolist(), transfer_s + downstream_s
    cost = [0.0] * (layers + 1)
    stop = [layers] * (layers + 1)
    evaluated = 0
    b = 0
    while b <= layers:
        # Lines 3 to 7, for all vertices of the set at once.
        theta = np.cumsum(np.concatenate(([0.0], compute_s[b:]))) + onward[b:]
        best_stop = layers - int(theta[::-1].argmin())
        evaluated += theta.size
        if evaluated > max_costs:
            raise ValueError(f"more than max_costs = {max_costs} costs to calculate: use sci_step")
        cost[b], stop[b] = float(theta[best_stop - b]), best_stop
        if skip:
            for inner in range(b + 1, best_stop + 1):
                cost[inner], stop[inner] = max(cost[inner - 1] - tau[inner - 1], 0.0), best_stop
            b = best_stop
        b += 1
    return Algorithm1Step(np.array(cost), np.array(stop, dtype=np.int64), evaluated)


def solve_algorithm1(
    problem: SplitProblem, *, skip: bool = True, max_costs: int = MAX_COSTS
) -> Plan:
    """The optimal plan by Algorithm 1, from sink to source: up to O(P L^2).

    Raises
    ------
    ValueError
        When a node would have more than `max_costs` costs to calculate.
    """
    last = problem.nodes - 1
    cost = problem.prefix_s[last, -1] - problem.prefix_s[last]
    stops = []
    for p in reversed(range(last)):
        step = algorithm1_step(
            problem.compute_s[p], problem.transfer_s[p], cost, skip=skip, max_costs=max_costs
        )
        cost = step.cost_to_go_s
        stops.append(step.stop)
    return follow_stops(problem, stops[::-1])
