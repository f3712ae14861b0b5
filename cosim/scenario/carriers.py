"""Which channel bandwidths NR has at which subcarrier spacing and carrier.

TS 38.101-1 and TS 38.101-2 Table 5.3.2-1; what the radio stack (``NrFrame``) knows the numbers of
resource blocks of.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

# By numerology, MHz. 240 kHz carries data in no release; its channels are those for which TS
# 38.101-2 Table 5.3.3-2 gives the guard band of synchronisation blocks at that spacing.
_BANDWIDTHS_MHZ: Final = MappingProxyType(
    {
        0: (5, 10, 15, 20, 25, 30, 40, 50),
        1: (5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, 100),
        2: (50, 100, 200),
        3: (50, 100, 200, 400),
        4: (100, 200, 400),
    }
)
_FR1_END_HZ: Final = 7_125_000_000  # TS 38.101-1 Table 5.1-1
_FR2_BEGIN_HZ: Final = 24_250_000_000


def bandwidths_mhz(numerology: int) -> tuple[int, ...]:
    """The channel bandwidths at a numerology, MHz, smallest first."""
    return _BANDWIDTHS_MHZ.get(numerology, ())


def fits_carrier(numerology: int, carrier_hz: int) -> bool:
    """Whether the frequency range of a carrier has a numerology; between the ranges, all do."""
    if carrier_hz <= _FR1_END_HZ:
        return numerology <= 2
    return numerology >= 2 or carrier_hz < _FR2_BEGIN_HZ
