"""A link's capacity over time as an earlier run recorded it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LinkTrace:
    """Observations of one directed link, in order of time.

    Attributes
    ----------
    times_s, values
        Shape ``(N,)``, N at least 1.
    """

    times_s: FloatArray
    values: FloatArray

    def __post_init__(self) -> None:
        if self.times_s.shape != self.values.shape or self.times_s.ndim != 1:
            raise ValueError(f"values must have shape {self.times_s.shape}: {self.values.shape}")
        if self.times_s.size == 0:
            raise ValueError("times_s is empty")
        if (np.diff(self.times_s) < 0).any():
            index = int(np.argmax(np.diff(self.times_s) < 0)) + 1
            raise ValueError(f"times_s[{index}] is before the one before it")

    def at(self, time_s: float) -> float:
        """The newest value at that time; before the first observation, that one."""
        # Half a ns: times are ns that were divided by 1e9.
        index = int(np.searchsorted(self.times_s, time_s + 5e-10, side="right")) - 1
        return float(self.values[max(index, 0)])

    @property
    def step_s(self) -> float:
        """Usual spacing of the observations; 0 when there is only one."""
        return float(np.median(np.diff(self.times_s))) if self.times_s.size > 1 else 0.0
