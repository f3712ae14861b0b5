"""Other people's traffic: who wants how much, who gets what, and how long a packet waits for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cosim.network.simplified.tables import FloatArray
from cosim.scenario.schema import LogNormalSpec

IntArray = npt.NDArray[np.int64]


def named_stream(seed: int, name: str) -> np.random.Generator:
    """A source of chance of its own for everything that is drawn, whatever else is drawn."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *name.encode()])))


class MixtureRate:
    """A rate that is drawn anew every coherence time (the log-normal mixture of the paper's [48]).

    Parameters
    ----------
    mixture
        Of the draws, bit/s.
    coherence_ns
        Between draws.
    rng
        Where the draws come from.
    """

    def __init__(
        self, mixture: Sequence[LogNormalSpec], coherence_ns: int, rng: np.random.Generator
    ) -> None:
        self.coherence_ns = coherence_ns
        self._upto = np.cumsum([part.weight for part in mixture])
        self._median_bps = np.array([part.median for part in mixture])
        self._sigma = np.array([part.sigma for part in mixture])
        self._rng = rng
        (self._chooses,) = rng.spawn(1)
        self._drawn = 0  # intervals before the kept ones
        self._kept: FloatArray = np.empty(0)

    def at(self, times_ns: IntArray) -> FloatArray:
        """Rates at these times, bit/s; no time may lie before those asked for last."""
        interval = times_ns // self.coherence_ns
        self._kept = self._kept[int(interval[0]) - self._drawn :]
        self._drawn = int(interval[0])
        missing = int(interval[-1]) + 1 - self._drawn - self._kept.size
        if missing > 0:
            place = self._chooses.uniform(0, self._upto[-1], missing)
            part = np.searchsorted(self._upto[:-1], place, side="right")
            normal = self._rng.standard_normal(missing)
            fresh = self._median_bps[part] * np.exp(self._sigma[part] * normal)
            self._kept = np.concatenate((self._kept, fresh))
        return self._kept[interval - self._drawn]


def fair_level(wanted: FloatArray, weights: FloatArray, greedy: float) -> FloatArray:
    """What a user of weight 1 gets of a cell at most, under proportional fairness.

    Proportional fair users of one cell share its time by weight, whatever their rates, and what
    one does not want goes to the others. With satisfied users S the level is
    ``(1 - sum of wanted in S) / (weights outside S + greedy)``, and the true S gives the largest.

    Parameters
    ----------
    wanted
        Shape ``(..., n)``: share of the cell's time that each user wants.
    weights
        Shape ``(n,)``.
    greedy
        Weight of users who want all that they can get.

    Returns
    -------
    array
        Shape ``(...,)``; infinite when there is no greedy user and everybody is satisfied.
    """
    order = np.argsort(wanted / weights, axis=-1)
    sorted_wanted = np.take_along_axis(wanted, order, axis=-1)
    sorted_weights = np.broadcast_to(weights, wanted.shape)
    sorted_weights = np.take_along_axis(sorted_weights, order, axis=-1)
    satisfied = np.zeros((*wanted.shape[:-1], wanted.shape[-1] + 1))
    np.cumsum(sorted_wanted, axis=-1, out=satisfied[..., 1:])
    others = np.full_like(satisfied, weights.sum() + greedy)
    others[..., 1:] -= np.cumsum(sorted_weights, axis=-1)
    others[..., -1] = greedy  # free of rounding
    left = np.maximum(1 - satisfied, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(others > 0, left / others, np.where(satisfied <= 1, np.inf, 0.0))
    return np.asarray(level.max(axis=-1))


def md1_wait_s(load: npt.ArrayLike, service_s: float) -> FloatArray:
    """Mean wait in a queue of Poisson arrivals, each of which takes `service_s` (M/D/1)."""
    busy = np.asarray(load, dtype=np.float64)
    return busy * service_s / (2 * (1 - busy))
