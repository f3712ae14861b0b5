"""The radio at the paper's level of detail: Friis, SNR, and the rate of a TDD frame (VII.A)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from cosim.network.simplified.tables import FloatArray, LinkAdaptation
from cosim.scenario.schema import ArraySpec, RadioSpec

Direction = Literal["up", "down"]
DIRECTIONS: Final[tuple[Direction, Direction]] = ("down", "up")

_LIGHT_MPS: Final = 299_792_458.0
_NOISE_DBM_PER_HZ: Final = -173.98  # kT at 290 K
_SUBCARRIERS: Final = 12  # of a resource block
_DATA_SYMBOLS: Final = 12  # of a slot's 14: one control symbol each way
_SPECIAL_SYMBOLS: Final = 6  # downlink part of an S slot
_DMRS_ELEMENTS: Final = 6  # of a resource block and slot, for demodulation
_OCCUPIED: Final = 0.95  # of the bandwidth, by resource blocks (TS 38.101-2 5.3.2)
# From a byte in an idle queue to its slot, about as in the packet simulator (MacTiming).
_DOWNLINK_NS: Final = 125_000
_GRANT_NS: Final = 500_000  # of a scheduling request or a buffer report, at the usual K2
_USUAL_K2: Final = 2


def free_space_loss_db(distance_m: npt.ArrayLike, carrier_hz: float) -> FloatArray:
    """Friis: loss between isotropic antennas; below 1 m as at 1 m."""
    metres = np.maximum(distance_m, 1.0)
    return np.asarray(20 * np.log10(4 * math.pi * metres * carrier_hz / _LIGHT_MPS))


def array_gain_db(array: ArraySpec) -> float:
    """Gain of beams that point at each other, of isotropic elements."""
    return 10 * math.log10(array.rows * array.columns)


@dataclass(frozen=True)
class Frame:
    """The TDD frame of every cell.

    Attributes
    ----------
    pattern
        A letter a slot: D, S, U, F (half a slot each way), and ``-`` where the cell is silent for
        the others' sake.
    slot_ns
        Length of a slot (TS 38.211 4.3.2).
    resource_blocks
        In the bandwidth.
    """

    pattern: str
    slot_ns: int
    resource_blocks: int

    def symbols(self, slot: int, direction: Direction) -> int:
        """Data symbols of a slot in that direction."""
        kind = self.pattern[slot % len(self.pattern)]
        if kind == "F":
            return _DATA_SYMBOLS // 2
        if direction == "up":
            return _DATA_SYMBOLS if kind == "U" else 0
        return {"D": _DATA_SYMBOLS, "S": _SPECIAL_SYMBOLS}.get(kind, 0)

    def elements_per_s(self, direction: Direction) -> float:
        """Resource elements for data, so that a rate is this times the MCS's efficiency."""
        per_slot = (self.symbols(slot, direction) for slot in range(len(self.pattern)))
        elements = sum(_SUBCARRIERS * symbols - _DMRS_ELEMENTS for symbols in per_slot if symbols)
        return elements * self.resource_blocks / (len(self.pattern) * self.slot_ns / 1e9)

    def mean_slot_ns(self, direction: Direction) -> int:
        """From any instant to the end of the next slot of that direction that has not begun."""
        slots = 0.0
        for now in range(len(self.pattern)):
            slot = now + 1  # from an instant uniform in `now`, the next one at the earliest
            while not self.symbols(slot, direction):
                slot += 1
            slots += slot - now + 0.5
        return int(slots / len(self.pattern) * self.slot_ns)


class Radio:
    """What all radio links share.

    Parameters
    ----------
    spec
        The scenario's radio.
    has_relays
        With half duplex, cells at even and odd depth then take turns.
    excess_loss_db
        Loss beyond Friis between a UE and a cell.
    """

    def __init__(self, spec: RadioSpec, *, has_relays: bool, excess_loss_db: float) -> None:
        self.frame = make_frame(spec, takes_turns=spec.half_duplex != "none" and has_relays)
        self.adaptation = LinkAdaptation(spec.mcs_table)
        self._elements_per_s = {d: self.frame.elements_per_s(d) for d in DIRECTIONS}
        self._carrier_hz = float(spec.carrier)
        self._idle_ns = {
            d: _eligible_ns(spec, self.frame, d)
            + self.frame.mean_slot_ns(d)
            + int(spec.decode_latency)
            for d in DIRECTIONS
        }
        noise_dbm = _NOISE_DBM_PER_HZ + 10 * math.log10(spec.bandwidth) + spec.noise_figure
        ue_dbm = _limited_dbm(spec.ue_power, spec.ue_array, spec.eirp_limit)
        iab_dbm = _limited_dbm(spec.iab_power, spec.iab_array, spec.eirp_limit)
        ends_db = array_gain_db(spec.iab_array) - noise_dbm
        access_db = ends_db + array_gain_db(spec.ue_array) - excess_loss_db
        # What an SNR would be without path loss, by link and direction.
        self._access_db = {"up": ue_dbm + access_db, "down": iab_dbm + access_db}
        self._backhaul_db = iab_dbm + ends_db + array_gain_db(spec.iab_array)

    def idle_latency_ns(self, direction: Direction) -> int:
        """One way on an idle link: grant, mean wait for a slot and its end, decoding."""
        return self._idle_ns[direction]

    def access_snr_db(self, distance_m: npt.ArrayLike, direction: Direction) -> FloatArray:
        """Between a UE and a cell."""
        return self._access_db[direction] - free_space_loss_db(distance_m, self._carrier_hz)

    def backhaul_snr_db(self, distance_m: npt.ArrayLike) -> FloatArray:
        """Between two IAB nodes, the same both ways."""
        return self._backhaul_db - free_space_loss_db(distance_m, self._carrier_hz)

    def rate_bps(self, snr_db: npt.ArrayLike, direction: Direction) -> FloatArray:
        """Rate of the whole cell for one link."""
        return self.adaptation.efficiency(snr_db) * self._elements_per_s[direction]

    def rate_and_mcs(self, snr_db: float, direction: Direction) -> tuple[float, int]:
        """The same for one SNR, and the MCS."""
        efficiency, mcs = self.adaptation.choose(snr_db)
        return efficiency * self._elements_per_s[direction], mcs


def make_frame(spec: RadioSpec, *, takes_turns: bool) -> Frame:
    """The frame of a carrier; where cells take turns, half of it is silent."""
    silence = "-" * len(spec.tdd_pattern) if takes_turns else ""
    block_hz = _SUBCARRIERS * 15e3 * 2**spec.numerology
    blocks = max(1, round(_OCCUPIED * spec.bandwidth / block_hz))
    return Frame(spec.tdd_pattern + silence, 1_000_000 >> spec.numerology, blocks)


def _limited_dbm(power_dbm: float, array: ArraySpec, eirp_limit_dbm: float | None) -> float:
    """Transmit power within the limit of what the array radiates."""
    limit_dbm = math.inf if eirp_limit_dbm is None else eirp_limit_dbm - array_gain_db(array)
    return min(power_dbm, limit_dbm)


def _eligible_ns(spec: RadioSpec, frame: Frame, direction: Direction) -> int:
    """From a byte in an idle queue until a slot may carry it."""
    if direction == "down":
        return _DOWNLINK_NS
    if not spec.scheduling_request:
        return 0
    grant_ns = max(0, _GRANT_NS + (spec.k2 - _USUAL_K2) * frame.slot_ns)
    return grant_ns * (2 if spec.buffer_report else 1)
