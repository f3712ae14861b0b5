"""Forecasters of one link's capacity, behind one interface.

A forecaster is told what was observed, in order of time, and asked for the value some time after
the last observation. It never forecasts less than 0. Values are in whatever unit is put in.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt


class Forecaster(ABC):
    """Forecasts one quantity from its own past."""

    def observe(self, time_s: float, value: float) -> None:
        """Take note of a value.

        Raises
        ------
        ValueError
            When the value is not a finite number, or the time is before the last one.
        """
        if not math.isfinite(value):
            raise ValueError(f"value at {time_s} s is {value}: it must be a finite number")
        if time_s < self._last_s:
            raise ValueError(f"time_s went back from {self._last_s} to {time_s}")
        self._last_s = time_s
        self._take(time_s, value)

    def forecast(self, ahead_s: float) -> float:
        """The value `ahead_s` after the last observation.

        Raises
        ------
        ValueError
            When nothing was observed yet, or `ahead_s` is negative.
        """
        if not ahead_s >= 0:
            raise ValueError(f"ahead_s is {ahead_s}: it must not be negative")
        if self._last_s == -math.inf:
            raise ValueError("nothing was observed yet")
        return max(0.0, self._look(ahead_s))

    _last_s: float = -math.inf

    @abstractmethod
    def _take(self, time_s: float, value: float) -> None: ...

    @abstractmethod
    def _look(self, ahead_s: float) -> float: ...


class LastValue(Forecaster):
    """It stays as it is."""

    def __init__(self) -> None:
        self._value = 0.0

    def _take(self, time_s: float, value: float) -> None:
        self._value = value

    def _look(self, ahead_s: float) -> float:
        return self._value


class Ewma(Forecaster):
    """Exponentially weighted moving average.

    Parameters
    ----------
    half_life_s
        After which an observation counts half; so the spacing of observations does not matter.
    """

    def __init__(self, half_life_s: float = 0.05) -> None:
        if not half_life_s > 0:
            raise ValueError(f"half_life_s is {half_life_s}: it must be more than 0")
        self._half_life_s = half_life_s
        self._value: float | None = None
        self._time_s = 0.0

    def _take(self, time_s: float, value: float) -> None:
        if self._value is None:
            self._value = value
        else:
            kept = 0.5 ** ((time_s - self._time_s) / self._half_life_s)
            self._value = kept * self._value + (1 - kept) * value
        self._time_s = time_s

    def _look(self, ahead_s: float) -> float:
        return self._value or 0.0


class Autoregressive(Forecaster):
    """AR(p) about the mean, by least squares over a window of even observations.

    Parameters
    ----------
    order
        p.
    window
        How many observations to fit to; until there are ``2 p + 2``, the last value is forecast.
    """

    def __init__(self, order: int = 3, window: int = 200) -> None:
        if order < 1:
            raise ValueError(f"order is {order}: it must be at least 1")
        if window < 2 * order + 2:
            raise ValueError(f"window is {window}: it must be at least {2 * order + 2}")
        self._order = order
        self._values: deque[float] = deque(maxlen=window)
        self._times: deque[float] = deque(maxlen=window)

    def _take(self, time_s: float, value: float) -> None:
        if self._times and time_s == self._times[-1]:
            self._values[-1] = value
            return
        self._times.append(time_s)
        self._values.append(value)

    def _look(self, ahead_s: float) -> float:
        values, order = np.array(self._values), self._order
        if values.size < 2 * order + 2 or np.ptp(values) == 0:
            return float(values[-1])
        step_s = (self._times[-1] - self._times[0]) / (values.size - 1)
        mean = values.mean()
        coefficients = _fit(values - mean, order)
        recent = deque((values[-order:] - mean)[::-1], maxlen=order)  # the newest first
        for _ in range(min(round(ahead_s / step_s), values.size)):
            recent.appendleft(float(np.dot(coefficients, recent)))
        # A trend may go on, but an unstable fit must not run away from all that was ever seen.
        margin = np.ptp(values) / 2
        return float(np.clip(mean + recent[0], values.min() - margin, values.max() + margin))


class Oracle(Forecaster):
    """Knows the future, but for a Gaussian relative error (HiveMind Fig. 16 and 17).

    Parameters
    ----------
    truth
        The true value at a time in s.
    relative_error
        Standard deviation of the error, as a fraction of the true value.
    rng
        Source of the error.
    """

    def __init__(
        self,
        truth: Callable[[float], float],
        relative_error: float = 0.0,
        rng: np.random.Generator | None = None,
    ) -> None:
        if not relative_error >= 0:
            raise ValueError(f"relative_error is {relative_error}: it must not be negative")
        self._truth = truth
        self._error = relative_error
        self._rng = rng or np.random.default_rng(0)

    def _take(self, time_s: float, value: float) -> None:
        pass

    def _look(self, ahead_s: float) -> float:
        value = self._truth(self._last_s + ahead_s)
        return value * (1 + self._error * float(self._rng.standard_normal()))


_FACTORIES: Final[dict[str, Callable[[], Forecaster]]] = {
    "last": LastValue,
    "ewma": Ewma,
    "autoregressive": Autoregressive,
}


def forecaster_names() -> tuple[str, ...]:
    """Those that need nothing but the past, and so can run in a simulation."""
    return tuple(_FACTORIES)


def make_forecaster(name: str) -> Forecaster:
    """A new forecaster by name."""
    if name not in _FACTORIES:
        raise ValueError(f"no forecaster is called '{name}'; there are {', '.join(_FACTORIES)}")
    return _FACTORIES[name]()


def _fit(values: npt.NDArray[np.float64], order: int) -> npt.NDArray[np.float64]:
    """Coefficients of the last `order` values, the newest first."""
    rows = values.size - order
    past = np.column_stack([values[order - 1 - k : order - 1 - k + rows] for k in range(order)])
    solution = np.linalg.lstsq(past, values[order:], rcond=None)[0]
    return np.asarray(solution)
