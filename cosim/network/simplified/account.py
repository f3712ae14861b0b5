"""The network's own account of its messages."""

from __future__ import annotations

from collections.abc import Collection

from cosim.network.port import Totals


class Account:
    """Counts what was sent, delivered and lost, and what went on besides."""

    def __init__(self) -> None:
        self.handovers = 0
        self.background_bytes = 0.0
        self._sent, self._delivered, self._lost = [0, 0], [0, 0], [0, 0]

    def sent(self, size_bytes: int) -> None:
        """A message was sent."""
        self._sent[0] += 1
        self._sent[1] += size_bytes

    def delivered(self, size_bytes: int) -> None:
        """A message arrived."""
        self._delivered[0] += 1
        self._delivered[1] += size_bytes

    def lost(self, size_bytes: int) -> None:
        """A message met a dead link."""
        self._lost[0] += 1
        self._lost[1] += size_bytes

    def totals(self, flying_bytes: Collection[int], events: int) -> Totals:
        """The account, given the sizes of what is still under way."""
        return Totals(
            sent_messages=self._sent[0],
            sent_bytes=self._sent[1],
            delivered_messages=self._delivered[0],
            delivered_bytes=self._delivered[1],
            in_flight_messages=len(flying_bytes),
            in_flight_bytes=sum(flying_bytes),
            lost_messages=self._lost[0],
            lost_bytes=self._lost[1],
            handovers=self.handovers,
            background_bytes=int(self.background_bytes),
            simulator_events=events,
        )
