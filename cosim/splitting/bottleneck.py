"""The least slowest stage of a node and those after it, for every boundary."""

from __future__ import annotations

import numpy as np

from cosim.splitting.problem import FloatArray, IntArray


def least_slowest(prefix_s: FloatArray, later_s: FloatArray) -> tuple[FloatArray, IntArray]:
    """``min over b' >= b of max(T[b'] - T[b], later[b'])`` for every b, in O(L log L).

    The first term rises with b', and the second may be taken as its running minimum, which falls:
    so the minimum is where they cross. That is searched for at all b together, in steps of falling
    powers of two over a table of range minima.

    Parameters
    ----------
    prefix_s
        Shape ``(L + 1,)``, s: prefix sums T of the node's layer times.
    later_s
        Shape ``(L + 1,)``, s: the slowest stage from there on; may be infinite.

    Returns
    -------
    cost_s, stop
        Shapes ``(L + 1,)``: the minimum, and where it stands, the largest b' of equals.
    """
    size = prefix_s.size
    least = _range_minima(later_s)
    begin: IntArray = np.arange(size, dtype=np.int64)
    end, slowest = begin.copy(), np.full(size, np.inf)  # no stop yet, of those in begin..end-1
    for power in reversed(range(len(least))):
        step = 1 << power
        last = np.minimum(end + step, size) - 1
        lower = np.minimum(slowest, least[power][np.minimum(end, size - step)])
        grows = (end + step <= size) & (prefix_s[last] - prefix_s < lower)
        end, slowest = np.where(grows, end + step, end), np.where(grows, lower, slowest)
    crossing = np.minimum(end, size - 1)
    beyond = np.where(end < size, prefix_s[crossing] - prefix_s, np.inf)
    cost = np.minimum(slowest, beyond)
    stop = begin.copy()  # the last that is early enough
    for power in reversed(range(len(least))):
        further = np.minimum(stop + (1 << power), size - 1)
        stop = np.where(prefix_s[further] - prefix_s <= cost, further, stop)
    for power in reversed(range(len(least))):  # and back to one from which on it is fast enough
        first = stop - (1 << power) + 1
        slow = (first >= 0) & (least[power][np.maximum(first, 0)] > cost)
        stop = np.where(slow, first - 1, stop)
    return cost, stop


def _range_minima(values: FloatArray) -> list[FloatArray]:
    """The minima of all ranges of 1, 2, 4, ... values, as many as there are."""
    table = [values]
    while 2 << (len(table) - 1) <= values.size:
        half = 1 << (len(table) - 1)
        table.append(np.minimum(table[-1][:-half], table[-1][half:]))
    return table
