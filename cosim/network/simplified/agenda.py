"""What is to happen when, and what has happened."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any, Final

from cosim.network.port import Event, Step

# At one moment the tree changes first, then what is left of its links, then messages move, then the
# report tells of all that.
TREE, WORLD, MESSAGES, REPORT = range(4)
NEVER_NS: Final = 1 << 62

Act = Callable[[Any], None]


class Agenda:
    """The network's own time.

    Attributes
    ----------
    now_ns
        The present moment.
    events
        What the engine is to hear of it.
    count
        Entries so far.
    """

    __slots__ = ("_entries", "count", "events", "now_ns")

    def __init__(self) -> None:
        self.now_ns = 0
        self.events: list[Event] = []
        self.count = 0
        self._entries: list[tuple[int, int, int, Act, Any]] = []

    def at(self, time_ns: int, rank: int, act: Act, what: object) -> None:
        """Let `act` be called with `what` at a time, after what was put down for it before."""
        self.count += 1
        heapq.heappush(self._entries, (time_ns, rank, self.count, act, what))

    def run(self, until_ns: int) -> Step:
        """Go to a time, or to the first moment with an event."""
        entries, events = self._entries, self.events
        while entries and entries[0][0] <= until_ns:
            if events and entries[0][0] > self.now_ns:
                break
            self.now_ns, _, _, act, what = heapq.heappop(entries)
            act(what)
        if not events:
            self.now_ns = until_ns
        step = Step(self.now_ns, tuple(events))
        events.clear()
        return step

    def clear(self) -> None:
        """Drop what is to come."""
        self._entries.clear()
