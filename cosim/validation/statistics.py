"""What is compared of two networks, and how sure that is.

Confidence intervals are percentile bootstraps over independent samples, seeded, so that the same
runs give the same intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import kendalltau

FloatArray = npt.NDArray[np.float64]
_T = TypeVar("_T")

_RESAMPLES: Final = 400
_CONFIDENCE: Final = 0.95
_SIZE_STEP: Final = 1.25  # transfers whose sizes are within this factor are of one group


class Interval(NamedTuple):
    """A value and its confidence interval."""

    value: float
    low: float
    high: float


def bootstrap(
    statistic: Callable[[Sequence[_T], Sequence[_T]], float],
    ns3: Sequence[_T],
    simplified: Sequence[_T],
) -> Interval:
    """A statistic of two samples, and its interval when both are drawn anew with replacement."""
    rng = np.random.default_rng(1)
    values = []
    for _ in range(_RESAMPLES):
        one = [ns3[i] for i in rng.integers(0, len(ns3), len(ns3))]
        other = [simplified[i] for i in rng.integers(0, len(simplified), len(simplified))]
        values.append(statistic(one, other))
    tail = 50 * (1 - _CONFIDENCE)
    low, high = np.nanpercentile(values, [tail, 100 - tail]) if values else (np.nan, np.nan)
    return Interval(statistic(ns3, simplified), float(low), float(high))


def relative_mean(ns3: Sequence[float], simplified: Sequence[float]) -> float:
    """How much the simplified mean is above the other, relative to that."""
    return float(np.mean(simplified) / np.mean(ns3) - 1)


def relative_quantile(share: float) -> Callable[[Sequence[float], Sequence[float]], float]:
    """The same of a quantile."""

    def statistic(ns3: Sequence[float], simplified: Sequence[float]) -> float:
        return float(np.quantile(simplified, share) / np.quantile(ns3, share) - 1)

    return statistic


class HopGroup(NamedTuple):
    """Transfers of about one size over one hop; times in s."""

    hop: str
    size_bytes: float
    ns3_s: FloatArray
    simplified_s: FloatArray


def hop_groups(ns3: pd.DataFrame, simplified: pd.DataFrame) -> list[HopGroup]:
    """The groups that both networks have transfers of."""
    sizes = [table["size_bytes"].to_numpy(dtype=np.int64) for table in (ns3, simplified)]
    starts = _group_starts(np.concatenate(sizes))
    both = [
        table.assign(group=np.searchsorted(starts, size, side="right"))
        for table, size in zip((ns3, simplified), sizes, strict=True)
    ]
    mine, other = (dict(list(table.groupby(["hop", "group"]))) for table in both)
    groups = []
    for key in sorted(set(mine) & set(other)):
        hop, _ = key
        size = float(mine[key]["size_bytes"].mean())
        seconds = [table[key]["seconds"].to_numpy() for table in (mine, other)]
        groups.append(HopGroup(str(hop), size, *seconds))
    return groups


def hop_time_difference(groups: Sequence[HopGroup]) -> Interval:
    """Of the mean time of a transfer, group by group, weighted as the packet simulator's are."""
    return _of_groups(groups, lambda apart, whole: float(apart.sum() / whole))


def hop_time_error(groups: Sequence[HopGroup]) -> Interval:
    """The same where differences of groups do not make up for each other."""
    return _of_groups(groups, lambda apart, whole: float(np.abs(apart).sum() / whole))


def _of_groups(
    groups: Sequence[HopGroup], statistic: Callable[[FloatArray, float], float]
) -> Interval:
    """A statistic of how far the groups' times are apart, and of all the packet simulator's."""
    if not groups:
        return Interval(float("nan"), float("nan"), float("nan"))
    rng = np.random.default_rng(1)
    weights = np.array([group.ns3_s.size for group in groups], dtype=np.float64)

    def value(draw: Callable[[FloatArray], FloatArray]) -> float:
        ns3 = np.array([draw(group.ns3_s).mean() for group in groups])
        simplified = np.array([draw(group.simplified_s).mean() for group in groups])
        return statistic(weights * (simplified - ns3), float(weights @ ns3))

    drawn = [value(lambda x: rng.choice(x, x.size)) for _ in range(_RESAMPLES)]
    tail = 50 * (1 - _CONFIDENCE)
    low, high = np.percentile(drawn, [tail, 100 - tail])
    return Interval(value(lambda x: x), float(low), float(high))


Shares = tuple[tuple[str, int, int], ...]
"""Nodes that compute, each with the boundaries before and after its layers."""


class Plan(NamedTuple):
    """The columns of a task that say who ran what."""

    route: tuple[str, ...]
    boundaries: tuple[int, ...]


def plans_over_time(tasks: pd.DataFrame, times_s: FloatArray) -> list[Plan | None]:
    """The plan of the task that is under way at each time; None where none is."""
    ordered = tasks.sort_values("start_s")
    starts = ordered["start_s"].to_numpy()
    ends = starts + ordered["latency_s"].to_numpy()
    plans = [Plan(*pair) for pair in zip(ordered["route"], ordered["boundaries"], strict=True)]
    found: list[Plan | None] = []
    for time_s in times_s:
        place = int(np.searchsorted(starts, time_s, side="right")) - 1
        found.append(plans[place] if place >= 0 and time_s < ends[place] else None)
    return found


def disagreement(ns3: pd.DataFrame, simplified: pd.DataFrame, duration_s: float) -> list[float]:
    """1 where the two networks' plans differ, 0 where they agree, at times that both have one."""
    times = np.arange(0.005, duration_s, 0.02)
    pairs = zip(plans_over_time(ns3, times), plans_over_time(simplified, times), strict=True)
    return [float(_work(a) != _work(b)) for a, b in pairs if a is not None and b is not None]


def computing_shares(tasks: pd.DataFrame) -> list[Shares]:
    """Who computed what of each task."""
    pairs = zip(tasks["route"], tasks["boundaries"], strict=True)
    return [_work(Plan(*pair)) for pair in pairs]


def _work(plan: Plan) -> Shares:
    """Who computes what: a plan without the nodes that only relay."""
    shares = zip(plan.route, pairwise(plan.boundaries), strict=True)
    return tuple((node, *share) for node, share in shares if share[0] != share[1])


def ranking(ns3: Sequence[FloatArray], simplified: Sequence[FloatArray]) -> float:
    """Kendall's tau-b between the policies' mean latencies; rows are seeds, columns policies.

    A policy that finished no task, NaN, has no rank.
    """
    means = np.array([_means(ns3), _means(simplified)])
    one, other = means[:, np.isfinite(means).all(axis=0)]
    # Latencies that differ by less than 1 % are equal: their order says nothing.
    tau = kendalltau(_steps(one), _steps(other)).statistic
    return float(tau)


def _means(rows: Sequence[FloatArray]) -> FloatArray:
    known = np.isfinite(rows)
    totals = np.where(known, rows, 0.0).sum(axis=0)
    counts = known.sum(axis=0)
    means = np.full(counts.shape, np.nan)
    np.divide(totals, counts, out=means, where=counts > 0)
    return means


def _steps(values: FloatArray) -> FloatArray:
    order = np.argsort(values)
    ranks = np.zeros(values.size)
    for before, place in pairwise(order):
        ranks[place] = ranks[before] + (values[place] > 1.01 * values[before])
    return ranks


def _group_starts(sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The smallest size of each group: one begins where a size is too far above the group's."""
    starts: list[int] = []
    for size in np.unique(sizes).tolist():
        if not starts or size > _SIZE_STEP * starts[-1]:
            starts.append(size)
    return np.array(starts, dtype=np.int64)
