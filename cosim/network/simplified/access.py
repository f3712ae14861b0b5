"""A UE's way through the cells: where it is, how well each cell is received, and who serves it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from cosim.network.simplified.environment import blockage_loss_db
from cosim.network.simplified.radio import Radio
from cosim.network.simplified.tables import FloatArray
from cosim.network.simplified.traffic import IntArray
from cosim.network.trajectory import trajectory
from cosim.scenario.schema import NodeSpec, RadioSpec, Scenario
from cosim.scenario.topology import access_link

_BLOCK_STEPS: Final = 512


class AccessStep(NamedTuple):
    """What a UE's radio link is like from `time_ns` on."""

    ue: str
    time_ns: int
    serving: str
    up_snr_db: float
    down_snr_db: float


class HandoverRule:
    """Event A3 (TS 38.331 5.5.4.4): another cell is better by an offset, for a time.

    Parameters
    ----------
    spec
        With the offset and the time to trigger.
    serving
        Index of the first serving cell.
    """

    def __init__(self, spec: RadioSpec, serving: int) -> None:
        self.serving = serving
        self._offset_db = float(spec.handover_hysteresis)
        self._trigger_ns = int(spec.handover_time_to_trigger)
        self._better = -1
        self._since_ns = 0

    @property
    def is_waiting(self) -> bool:
        """Whether another cell is better, but not yet for long enough."""
        return self._better >= 0

    def measure(self, time_ns: int, gains_db: Sequence[float]) -> int:
        """Take note of the gain of every cell; return which one serves now."""
        best = max(range(len(gains_db)), key=gains_db.__getitem__)
        if best == self.serving or gains_db[best] < gains_db[self.serving] + self._offset_db:
            self._better = -1
            return self.serving
        if best != self._better:
            self._better, self._since_ns = best, time_ns
        if time_ns - self._since_ns >= self._trigger_ns:
            self.serving, self._better = best, -1
        return self.serving

    def leave(self, gains_db: Sequence[float]) -> int:
        """Go to the best cell at once."""
        self.serving = max(range(len(gains_db)), key=gains_db.__getitem__)
        self._better = -1
        return self.serving


class _Measured(NamedTuple):
    """Every cell as a UE receives it at one time."""

    time_ns: int
    gains_db: list[float]  # without obstacles
    up_snr_db: FloatArray
    down_snr_db: FloatArray


class Access:
    """A UE's choice of its cell, as the packet simulator's ``AccessManager`` does.

    It measures every ``radio.channel_update`` while the UE moves, and where it stands as long as
    another cell is better: when it came there, or when a node fell asleep or woke.

    Parameters
    ----------
    scenario, ue, cells, radio
        Whose way it is, and through which cells.

    Attributes
    ----------
    next_ns
        When to measure next; None when nothing will change.
    """

    def __init__(
        self, scenario: Scenario, ue: NodeSpec, cells: Sequence[NodeSpec], radio: Radio
    ) -> None:
        self._scenario, self._ue, self._radio = scenario, ue, radio
        self._names = [cell.name for cell in cells]
        self._places = np.array([cell.position_m for cell in cells])
        self._period_ns = int(scenario.radio.channel_update)
        self._planned = self._plan()
        self._ahead: _Measured | None = next(self._planned)
        self._again_ns: int | None = None
        self._rule = HandoverRule(scenario.radio, int(np.argmax(self._ahead.gains_db)))

    @property
    def next_ns(self) -> int | None:
        if self._again_ns is None or self._ahead is None:
            return self._again_ns if self._ahead is None else self._ahead.time_ns
        return min(self._again_ns, self._ahead.time_ns)

    def step(self, now_ns: int, asleep: Collection[str]) -> AccessStep:
        """Measure, at the time for it."""
        if self._ahead is not None and self._ahead.time_ns == now_ns:
            measured, self._ahead = self._ahead, next(self._planned, None)
        else:
            measured = self._measure_at(now_ns)
        serving = self._rule.measure(now_ns, self._awake(measured.gains_db, asleep))
        next_ns = (now_ns // self._period_ns + 1) * self._period_ns
        self._again_ns = next_ns if self._rule.is_waiting else None
        return self._made(measured, serving)

    def reselect(self, now_ns: int, asleep: Collection[str]) -> AccessStep | None:
        """After a node fell asleep or woke: leave a cell that sleeps, or look out for a better one.

        None when the UE stays.
        """
        self._again_ns = max(1, -(-now_ns // self._period_ns)) * self._period_ns
        if self._names[self._rule.serving] not in asleep:
            return None
        measured = self._measure_at(now_ns)
        return self._made(measured, self._rule.leave(self._awake(measured.gains_db, asleep)))

    def _plan(self) -> Iterator[_Measured]:
        for times in _step_times(self._scenario, self._ue):
            yield from self._measure(times)

    def _measure_at(self, time_ns: int) -> _Measured:
        return next(self._measure(np.array([time_ns], dtype=np.int64)))

    def _measure(self, times: IntArray) -> Iterator[_Measured]:
        distance_m = np.linalg.norm(_positions(self._ue, times)[:, None, :] - self._places, axis=2)
        gains_db = self._radio.access_snr_db(distance_m, "down")
        loss_db = blockage_loss_db(self._scenario, access_link(self._ue.name), times)
        up_db = self._radio.access_snr_db(distance_m, "up") - loss_db[:, None]
        down_db = gains_db - loss_db[:, None]
        for row, time_ns in enumerate(times.tolist()):
            yield _Measured(time_ns, gains_db[row].tolist(), up_db[row], down_db[row])

    def _awake(self, gains_db: list[float], asleep: Collection[str]) -> list[float]:
        if not asleep:
            return gains_db
        pairs = zip(self._names, gains_db, strict=True)
        return [-math.inf if name in asleep else gain for name, gain in pairs]

    def _made(self, measured: _Measured, serving: int) -> AccessStep:
        up_db, down_db = float(measured.up_snr_db[serving]), float(measured.down_snr_db[serving])
        return AccessStep(self._ue.name, measured.time_ns, self._names[serving], up_db, down_db)


def _step_times(scenario: Scenario, ue: NodeSpec) -> Iterator[IntArray]:
    """Times of the steps, in blocks."""
    points = trajectory(ue)
    period = int(scenario.radio.channel_update)
    last = -(-points[-1].time_ns // period) * period if points else 0
    blocked = [b for b in scenario.blockages if b.link == access_link(ue.name)]
    once = np.unique(np.array([0, *(t for b in blocked for t in (b.start, b.end))], dtype=np.int64))
    for begin in range(0, last + 1, _BLOCK_STEPS * period):
        end = begin + _BLOCK_STEPS * period
        periodic = np.arange(begin, min(end, last + 1), period, dtype=np.int64)
        now = once[(once >= begin) & (once < end)]
        yield np.union1d(periodic, now)
    late = once[once >= begin + _BLOCK_STEPS * period]
    if late.size:
        yield late


def _positions(ue: NodeSpec, times_ns: IntArray) -> FloatArray:
    """Position at each time, shape ``(T, 3)``, m; the last one is kept."""
    points = trajectory(ue)
    if not points:
        return np.tile(np.array(ue.position_m, dtype=np.float64), (times_ns.size, 1))
    at = np.array([point.time_ns for point in points], dtype=np.float64)
    places = np.array([point.position_m for point in points])
    return np.column_stack([np.interp(times_ns, at, places[:, axis]) for axis in range(3)])
