"""When a UE's tasks begin: one after the other, at a fixed interval, or as a Poisson process."""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np

ArrivalKind = Literal["closed-loop", "periodic", "poisson"]


class ArrivalConfig(msgspec.Struct, frozen=True):
    """How a UE's tasks arrive.

    Attributes
    ----------
    kind
        ``closed-loop``: the next one when the one before has ended; the others do not wait.
    interval_ns
        Time between two arrivals, or its mean.
    seed
        Of the UE's own stream of random numbers.
    """

    kind: ArrivalKind = "closed-loop"
    interval_ns: int = 100_000_000
    seed: tuple[int, ...] = (0,)


class Arrivals:
    """The arrivals of one UE; the same seed gives the same ones, whatever the policy."""

    def __init__(self, config: ArrivalConfig) -> None:
        self._kind = config.kind
        self._interval_ns = config.interval_ns
        self._draw = np.random.default_rng(config.seed)

    @property
    def is_open(self) -> bool:
        """Whether tasks arrive without regard to the ones before."""
        return self._kind != "closed-loop"

    def first_ns(self) -> int:
        """How long after the UE's start its first task begins: periodic ones are out of phase."""
        if self._kind == "periodic":
            return int(self._draw.integers(self._interval_ns))
        return self.next_ns() if self.is_open else 0

    def next_ns(self) -> int:
        """Time to the next arrival, at least 1 ns: it must not stop the clock."""
        if self._kind == "periodic":
            return self._interval_ns
        return max(1, round(self._draw.exponential(self._interval_ns)))
