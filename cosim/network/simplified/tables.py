"""CQI and MCS of TS 38.214: from an SNR to the modulation and coding scheme, and its efficiency."""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from cosim.scenario.schema import McsTable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Of each range of MCS: modulation order, then target code rates x 1024.
# TS 38.214 Tables 5.1.3.1-1, -2 and -3.
_MCS: Final[Mapping[McsTable, tuple[tuple[int, tuple[float, ...]], ...]]] = MappingProxyType(
    {
        "64qam": (
            (2, (120, 157, 193, 251, 308, 379, 449, 526, 602, 679)),
            (4, (340, 378, 434, 490, 553, 616, 658)),
            (6, (438, 466, 517, 567, 616, 666, 719, 772, 822, 873, 910, 948)),
        ),
        "256qam": (
            (2, (120, 193, 308, 449, 602)),
            (4, (378, 434, 490, 553, 616, 658)),
            (6, (466, 517, 567, 616, 666, 719, 772, 822, 873)),
            (8, (682.5, 711, 754, 797, 841, 885, 916.5, 948)),
        ),
        "64qam-low-se": (
            (2, (30, 40, 50, 64, 78, 99, 120, 157, 193, 251, 308, 379, 449, 526, 602)),
            (4, (340, 378, 434, 490, 553, 616)),
            (6, (438, 466, 517, 567, 616, 666, 719, 772)),
        ),
    }
)
# The same of CQI 1 to 15. TS 38.214 Tables 5.2.2.1-2, -3 and -4.
_CQI: Final[Mapping[McsTable, tuple[tuple[int, tuple[float, ...]], ...]]] = MappingProxyType(
    {
        "64qam": (
            (2, (78, 120, 193, 308, 449, 602)),
            (4, (378, 490, 616)),
            (6, (466, 567, 666, 772, 873, 948)),
        ),
        "256qam": (
            (2, (78, 193, 449)),
            (4, (378, 490, 616)),
            (6, (466, 567, 666, 772, 873)),
            (8, (711, 797, 885, 948)),
        ),
        "64qam-low-se": (
            (2, (30, 50, 78, 120, 193, 308, 449, 602)),
            (4, (378, 490, 616)),
            (6, (466, 567, 666, 772)),
        ),
    }
)
# What a real code needs beyond Shannon's limit for a block error rate of 10 %. With 2 dB, 99.5 % of
# the packet simulator's choices on the UEs' ways of mmwave-iab and sub6 are within one CQI.
SNR_GAP_DB: Final = 2.0


class LinkAdaptation:
    """The choice of an MCS by a channel's SNR.

    Parameters
    ----------
    table
        Which of TS 38.214's three pairs of tables.
    """

    def __init__(self, table: McsTable) -> None:
        cqi, mcs = _efficiencies(_CQI[table]), _efficiencies(_MCS[table])
        self._least_snr_db = SNR_GAP_DB + 10 * np.log10(np.exp2(cqi) - 1)
        self._thresholds = self._least_snr_db.tolist()
        # The highest MCS within the CQI's efficiency; MCS 0 of table 1 is beyond CQI 1.
        allowed = [np.flatnonzero(mcs <= limit) for limit in cqi]
        self._mcs = np.array([-1, *(int(fits.max(initial=-1)) for fits in allowed)])
        self._efficiency = np.where(self._mcs < 0, 0.0, mcs[self._mcs])
        self._choices = list(zip(self._efficiency.tolist(), self._mcs.tolist(), strict=True))

    def cqi(self, snr_db: npt.ArrayLike) -> IntArray:
        """CQI 0 (out of range) to 15, of the same shape."""
        return np.asarray(np.searchsorted(self._least_snr_db, snr_db, side="right"), dtype=np.int64)

    def mcs(self, snr_db: npt.ArrayLike) -> IntArray:
        """The highest MCS that the CQI allows; -1 out of range."""
        return np.asarray(self._mcs[self.cqi(snr_db)], dtype=np.int64)

    def efficiency(self, snr_db: npt.ArrayLike) -> FloatArray:
        """Bits per resource element at that MCS; 0 out of range."""
        return np.asarray(self._efficiency[self.cqi(snr_db)])

    def choose(self, snr_db: float) -> tuple[float, int]:
        """Efficiency and MCS for one SNR."""
        return self._choices[bisect.bisect_right(self._thresholds, snr_db)]


def _efficiencies(ranges: tuple[tuple[int, tuple[float, ...]], ...]) -> FloatArray:
    return np.array([order * rate / 1024 for order, rates in ranges for rate in rates])
