"""What a link's capacity was at every moment of a run, for the oracle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class CapacityTrace:
    """A capacity that was reported now and then, and held from one report to the next.

    Attributes
    ----------
    times_s
        Shape ``(N,)``, rising.
    capacity_bps
        Shape ``(N,)``.
    """

    times_s: npt.NDArray[np.float64]
    capacity_bps: npt.NDArray[np.int64]

    def at(self, time_s: float) -> float:
        """The last report by then; before the first and after the last, the nearest."""
        # Half a ns: times are ns that were divided by 1e9.
        place = int(np.searchsorted(self.times_s, time_s + 5e-10, side="right")) - 1
        return float(self.capacity_bps[max(place, 0)])
