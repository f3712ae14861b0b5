"""How long after a node told its costs the task comes that they were meant for."""

from __future__ import annotations

from collections import deque


class LagEstimator:
    """The mean over the last tasks (HiveMind IV.F); all times in integer ns.

    Parameters
    ----------
    tasks
        g, over how many.
    coherence_ns
        The link's coherence time: a smaller lag needs no forecast, the present value still holds.
    """

    def __init__(self, tasks: int, coherence_ns: int) -> None:
        if tasks < 1:
            raise ValueError(f"tasks is {tasks}: it must be at least 1")
        if coherence_ns < 0:
            raise ValueError(f"coherence_ns is {coherence_ns}: it must not be negative")
        self._lags: deque[int] = deque(maxlen=tasks)
        self._coherence_ns = coherence_ns
        self._told_ns: int | None = None

    def told(self, now_ns: int) -> None:
        """The node told its costs."""
        self._told_ns = now_ns

    def sent(self, now_ns: int) -> None:
        """The node sent a task over its link: the moment that the costs were about."""
        if self._told_ns is not None:
            self._lags.append(now_ns - self._told_ns)

    @property
    def mean_ns(self) -> float | None:
        """The estimate; None before the first task."""
        return sum(self._lags) / len(self._lags) if self._lags else None

    @property
    def ahead_ns(self) -> int:
        """How far ahead to forecast; 0 when there is no estimate or it is within the coherence."""
        mean = self.mean_ns
        return 0 if mean is None or mean < self._coherence_ns else round(mean)
