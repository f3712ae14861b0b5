"""The points of a node's Pareto fronts, while it looks for them (see `pareto`)."""

from __future__ import annotations

import math
import sys
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from cosim.splitting.problem import FloatArray, IntArray

MAX_POINTS: Final = 1_000_000
"""Of one node's message: some seconds, and 50 MB."""

MAX_MOVED: Final = 10_000_000_000
"""Points that a front moves up for those put in before them: some seconds."""

_FINEST = 16  # parts of the range of be over the cap that thinning begins with


class Limit(NamedTuple):
    """What a point of one stop may cost, in the absolute coordinates of its node.

    Attributes
    ----------
    qa
        Points beyond it are left out, but for those of least qa.
    slope, total
        Of ``be + slope * qa``: points beyond it are left out.
    """

    qa: float
    slope: float = 0.0
    total: float = math.inf


@dataclass(frozen=True, eq=False)
class Limits:
    """The limits of all stops of a node: `Limit` with shapes ``(L + 1,)`` for qa and total."""

    qa: FloatArray
    slope: float
    total: FloatArray

    def by_stop(self) -> list[Limit]:
        """One for each."""
        both = zip(self.qa.tolist(), self.total.tolist(), strict=True)
        return [Limit(qa, self.slope, total) for qa, total in both]


@dataclass
class Front:
    """Points that no other beats, by rising qa and falling be, each with a number of its own.

    Plain lists: fronts have some ten points, of which numpy would make longer work.
    """

    qa: list[float] = field(default_factory=list)
    be: list[float] = field(default_factory=list)
    number: list[int] = field(default_factory=list)
    moved: int = 0

    def put(self, at: int, qa: float, be: float, number: int) -> int:
        """Put in a point behind the `at` ones of no more qa, for those that it beats."""
        begin = at - 1 if at and self.qa[at - 1] == qa else at
        end = begin
        while end < len(self.be) and self.be[end] >= be:
            end += 1
        self.moved += len(self.be) - end
        if self.moved > MAX_MOVED:
            raise ValueError(f"a front moved more than {MAX_MOVED} points: set a lower cap")
        self.qa[begin:end], self.be[begin:end], self.number[begin:end] = [qa], [be], [number]
        return begin + 1


class Points:
    """All points so far, and the front that they make; at most `cap`, but for those of least qa."""

    def __init__(self, cap: int | None) -> None:
        self._cap = cap
        self._rows: list[tuple[int, float, float, int]] = []
        self._front = Front()
        self._width = 0.0  # what improves be by no more is left out
        self._left = 0.0  # the most that something left out would have, at this width
        self._left_before = 0.0  # the same at former widths, added up

    @property
    def gap(self) -> float:
        """By how much be may be too great because of what the cap left out."""
        return self._left_before + self._left

    def columns(self) -> tuple[IntArray, FloatArray, IntArray]:
        """Stops, costs and the next node's points, as in `ParetoMessage`."""
        stop, qa, be, onward = zip(*self._rows, strict=True) if self._rows else ((), (), (), ())
        numbers = np.array([stop, onward], dtype=np.int64)
        return numbers[0], np.array([qa, be], dtype=np.float64), numbers[1]

    def offer(self, heard: Front, qa: float, be: float, stop: int, limit: Limit) -> None:
        """Take what is new in a front of the next node, with `qa` and `be` to be added."""
        self._take(heard, qa, be, stop, limit)
        if len(self._rows) > MAX_POINTS:
            raise ValueError(f"a front has more than {MAX_POINTS} points: set a lower cap")
        while self._cap is not None and len(self._rows) > self._cap and self._width < math.inf:
            finite = [row[2] for row in self._rows if row[2] < math.inf]
            span = max(finite, default=0.0) - min(finite, default=0.0)
            width = max(2 * self._width, span / (_FINEST * self._cap), sys.float_info.min)
            self._thin(width if width < span else math.inf)  # then all are of least qa

    def _take(
        self, heard: Front, qa_shift: float, be_shift: float, stop: int, limit: Limit
    ) -> None:
        """Of points with equal costs the first one, with the greatest stop, stays."""
        front, rows = self._front, self._rows
        all_qa, all_be, width = front.qa, front.be, self._width
        most_qa, slope, most_total = limit
        at = 0
        for own_qa, own_be, number in zip(heard.qa, heard.be, heard.number, strict=True):
            qa = own_qa + qa_shift
            if qa > most_qa and all_qa and qa >= all_qa[0]:
                break
            be = own_be + be_shift
            if be + slope * qa > most_total:
                continue
            at = bisect_right(all_qa, qa, at)
            if at and all_be[at - 1] <= be + width:
                if all_be[at - 1] > be:
                    self._left = max(self._left, all_be[at - 1] - be)
                continue
            at = front.put(at, qa, be, len(rows))
            rows.append((stop, qa, be, number))

    def _thin(self, width: float) -> None:
        """Look through all points again, and leave out more."""
        rows, self._rows, self._front = self._rows, [], Front()
        self._width, self._left_before, self._left = width, self.gap, 0.0
        for stop, qa, be, number in rows:
            self._take(Front([qa], [be], [number]), 0.0, 0.0, stop, Limit(math.inf))
