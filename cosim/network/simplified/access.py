"""A UE's way through the cells: where it is, how well each cell is received, and who serves it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


def access_steps(
    scenario: Scenario, ue: NodeSpec, cells: Sequence[NodeSpec], radio: Radio
) -> Iterator[AccessStep]:
    """All steps of a UE from time 0 on: every ``radio.channel_update`` while it moves."""
    places = np.array([cell.position_m for cell in cells])
    rule: HandoverRule | None = None
    for times in _step_times(scenario, ue):
        distance_m = np.linalg.norm(_positions(ue, times)[:, None, :] - places, axis=2)
        gains_db = radio.access_snr_db(distance_m, "down")
        loss_db = blockage_loss_db(scenario, access_link(ue.name), times)
        up_db = radio.access_snr_db(distance_m, "up") - loss_db[:, None]
        down_db = gains_db - loss_db[:, None]
        for row, time_ns in enumerate(times.tolist()):
            gains = gains_db[row].tolist()
            if rule is None:
                rule = HandoverRule(scenario.radio, int(np.argmax(gains_db[row])))
            serving = rule.measure(time_ns, gains)
            up, down = float(up_db[row, serving]), float(down_db[row, serving])
            yield AccessStep(ue.name, time_ns, cells[serving].name, up, down)


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
