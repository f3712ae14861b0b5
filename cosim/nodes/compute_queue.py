"""The queue of work at a node's processor."""

from __future__ import annotations


class ComputeQueue:
    """One processor, first in first out, in simulated time (integer ns)."""

    def __init__(self) -> None:
        self._free_ns = 0

    @property
    def free_ns(self) -> int:
        """When all that was accepted will be done."""
        return self._free_ns

    def reserve(self, now_ns: int, duration_ns: int) -> tuple[int, int]:
        """Accept work of `duration_ns`; return when it begins and when it ends."""
        if duration_ns < 0:
            raise ValueError(f"duration_ns must not be negative, is {duration_ns}")
        begin = max(now_ns, self._free_ns)
        self._free_ns = begin + duration_ns
        return begin, self._free_ns
