"""Background UEs that move: where each is, which cell serves it, and how well.

The packet simulator's random waypoint: in a straight line from place to place, each uniform in the
disc around a cell, which are all alike. Here whichever cell is received best serves, without the
hysteresis and the interruption of a handover, as seen once an epoch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from cosim.network.simplified.radio import Direction, Radio
from cosim.network.simplified.tables import FloatArray
from cosim.network.simplified.traffic import IntArray, MixtureRate

UE_HEIGHT_M: Final = 1.5  # TR 38.901 Table 7.2-1
_NS_PER_S: Final = 1e9


def place_around(
    centre_m: FloatArray, radius_m: float, count: int, rng: np.random.Generator
) -> FloatArray:
    """Places uniform in a disc, but for its very middle, as the packet simulator's, ``(n, 2)``."""
    ground_m = radius_m * np.sqrt(rng.uniform(0.01, 1, count))
    angle = rng.uniform(0, 2 * np.pi, count)
    offset_m = ground_m[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return np.asarray(centre_m + offset_m)


class RandomWaypoint:
    """A way without end.

    Parameters
    ----------
    centres_m, radius_m
        Of the discs, on the ground, shape ``(cells, 2)``.
    first
        Index of the disc where it begins.
    speed_mps
        Always the same.
    rng
        Where the draws come from.
    """

    def __init__(
        self,
        centres_m: FloatArray,
        radius_m: float,
        first: int,
        speed_mps: float,
        rng: np.random.Generator,
    ) -> None:
        self._centres_m, self._radius_m = centres_m, radius_m
        self._speed_mps, self._rng = speed_mps, rng
        self._times_ns = [0.0]
        self._places_m = [place_around(centres_m[first], radius_m, 1, rng)[0]]

    def at(self, times_ns: IntArray) -> FloatArray:
        """Places at these times, ``(T, 2)``, m; no time may lie before those asked for last."""
        while len(self._times_ns) > 1 and self._times_ns[1] <= times_ns[0]:
            del self._times_ns[0], self._places_m[0]
        while self._times_ns[-1] < times_ns[-1]:
            self._go_on()
        places = np.array(self._places_m)
        return np.column_stack([np.interp(times_ns, self._times_ns, xy) for xy in places.T])

    def _go_on(self) -> None:
        disc = self._rng.integers(len(self._centres_m))
        place = place_around(self._centres_m[disc], self._radius_m, 1, self._rng)[0]
        leg_s = float(np.linalg.norm(place - self._places_m[-1])) / self._speed_mps
        self._times_ns.append(self._times_ns[-1] + leg_s * _NS_PER_S)
        self._places_m.append(place)


@dataclass(frozen=True, eq=False)
class MovingUser:
    """A background UE that moves.

    Attributes
    ----------
    way, demand
        Where it goes, and what it wants wherever it is.
    cells_m
        Antennas of all cells, shape ``(cells, 3)``.
    radio
        That receives it.
    """

    way: RandomWaypoint
    demand: MixtureRate
    cells_m: FloatArray
    radio: Radio

    def distances_m(self, times_ns: IntArray) -> FloatArray:
        """To each cell, ``(T, cells)``."""
        place = np.column_stack([self.way.at(times_ns), np.full(times_ns.size, UE_HEIGHT_M)])
        return np.asarray(np.linalg.norm(place[:, None, :] - self.cells_m, axis=2))


@dataclass(frozen=True, eq=False)
class Visit:
    """A moving UE as one cell sees it: a user of it with no demand while another cell serves.

    Attributes
    ----------
    user, cell
        Who, and the index of the cell.
    asleep
        Indices of the cells that serve nobody.
    """

    user: MovingUser
    cell: int
    asleep: frozenset[int] = frozenset()

    def at(self, times_ns: IntArray) -> FloatArray:
        """Its demand here, shape ``(T,)``, bit/s."""
        distances_m = self.user.distances_m(times_ns)
        distances_m[:, sorted(self.asleep)] = np.inf
        nearest = distances_m.argmin(axis=1)
        return np.where(nearest == self.cell, self.user.demand.at(times_ns), 0.0)

    def rate_bps(self, times_ns: IntArray, direction: Direction) -> FloatArray:
        """Rate of the whole cell for it, shape ``(T,)``."""
        radio, distance_m = self.user.radio, self.user.distances_m(times_ns)[:, self.cell]
        return radio.rate_bps(radio.access_snr_db(distance_m, direction), direction)
