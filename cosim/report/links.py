"""Capacity of links over time, and what was forecast of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cosim.report.data import Forecasts, Link
from cosim.report.network_map import receivers
from cosim.scenario import Topology, access_link
from cosim.scenario.schema import LinkSpec

_MOST_POINTS: Final = 600  # of one link: about as many as a chart has pixels across
_MOST_ENDS: Final = 3  # named, of a link that leads to one node after the other
_US_PER_S: Final = 1e6
_KBPS_PER_BPS: Final = 1e-3

Floats = npt.NDArray[np.float64]


def draw_links(topology: Topology, links: Any, forecasts: Any) -> list[Link]:
    """Each link towards the cloud, UEs' radio links first.

    Parameters
    ----------
    links, forecasts
        Tables of a run, see `cosim.results.records`.
    """
    upward = [(access_link(ue), ue, "serving node") for ue in topology.computing_ues]
    upward += [(link.name, link.child, _ends(link, links)) for link in topology.links.values()]
    drawn = []
    for name, transmitter, receiver in upward:
        rows = links[(links["link"] == name) & (links["transmitter"] == transmitter)]
        if len(rows):
            told = forecasts[forecasts["link"] == name]
            drawn.append(_link(name, transmitter, receiver, rows, told))
    return drawn


def _ends(link: LinkSpec, links: Any) -> str:
    """The parent, or one after the other."""
    _, ends = receivers(link.name, link.child, links)
    changes = [end for end, _ in groupby(end for end in ends if end)] or [link.parent]
    later = [] if len(changes) <= _MOST_ENDS else ["others"]
    return ", then ".join([*changes[:_MOST_ENDS], *later])


def _link(name: str, transmitter: str, receiver: str, rows: Any, told: Any) -> Link:
    time_s = rows["time_s"].to_numpy(dtype=np.float64)
    bps = rows["capacity_bps"].to_numpy(dtype=np.float64)
    starts = _stretches(time_s.size)
    counts = np.diff([*starts, time_s.size])
    return Link(
        name=name,
        transmitter=transmitter,
        receiver=receiver,
        time_us=_integers(time_s[starts], _US_PER_S),
        kbps=_integers(np.add.reduceat(bps, starts) / counts, _KBPS_PER_BPS),
        low_kbps=_integers(np.minimum.reduceat(bps, starts), _KBPS_PER_BPS),
        high_kbps=_integers(np.maximum.reduceat(bps, starts), _KBPS_PER_BPS),
        forecasts=_forecasts(told, time_s, bps) if len(told) else None,
    )


def _forecasts(told: Any, time_s: Floats, bps: Floats) -> Forecasts:
    due_s = (told["time_s"] + told["ahead_s"]).to_numpy(dtype=np.float64)
    expected = told["capacity_bps"].to_numpy(dtype=np.float64)
    kept = np.unique(np.linspace(0, due_s.size - 1, min(due_s.size, _MOST_POINTS)).round())
    kept = kept.astype(np.intp)
    return Forecasts(
        due_us=_integers(due_s[kept], _US_PER_S),
        kbps=_integers(expected[kept], _KBPS_PER_BPS),
        mean_error=mean_relative_error(due_s, expected, time_s, bps),
    )


def mean_relative_error(
    due_s: Floats, expected: Floats, time_s: Floats, actual: Floats
) -> float | None:
    """Mean of ``|expected - actual| / actual``, the actual being the newest report when it is due.

    What is due after the last report, or on a dead link, is left out; None when nothing is left.
    """
    index = np.searchsorted(time_s, due_s, side="right") - 1
    known = (index >= 0) & (due_s <= time_s[-1])
    came = actual[index[known]]
    alive = came > 0
    if not alive.any():
        return None
    return float(np.mean(np.abs(expected[known][alive] / came[alive] - 1)))


def _stretches(count: int) -> Sequence[int]:
    """Where the stretches of a long column begin that become one point each."""
    return [*np.unique(np.linspace(0, count, min(count, _MOST_POINTS) + 1).astype(int))[:-1]]


def _integers(values: Floats, scale: float) -> list[int]:
    return [int(value) for value in np.rint(values * scale)]
