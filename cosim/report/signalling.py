"""What each node had heard of split costs (SCI) at any moment of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

_US_PER_S: Final = 1e6
_NONE: Final = -1

Ints = npt.NDArray[np.int64]
Downstream = Callable[[str, int], str | None]


class News(NamedTuple):
    """For each question of `SciHistory.newest`: age of the newest news, and its last hop's time."""

    age_us: Ints
    hop_us: Ints


class _Heard(NamedTuple):
    """One node's part in SCI updates, in the order of time."""

    time_us: Ints
    update_id: Ints
    hop_us: Ints


class SciHistory:
    """When which node took part in which SCI update.

    Parameters
    ----------
    sci
        The table of a run, see `cosim.results.records.SciRecord`.
    downstream
        From whom a node hears at a time in microseconds: its next computing node.
    """

    def __init__(self, sci: Any, downstream: Downstream) -> None:
        steps = _steps_by_node(sci)
        self._heard = {
            node: _Heard(times, updates, _hop_times(node, times, updates, steps, downstream))
            for node, (times, updates) in steps.items()
        }

    def newest(self, nodes: Sequence[str], time_us: Ints) -> News:
        """What ``nodes[i]`` had heard last at ``time_us[i]``; -1 where it had heard nothing."""
        age_us = np.full(len(nodes), _NONE, dtype=np.int64)
        hop_us = np.full(len(nodes), _NONE, dtype=np.int64)
        places = np.array(nodes, dtype=object)
        for node, heard in self._heard.items():
            asked = np.flatnonzero(places == node)
            last = np.searchsorted(heard.time_us, time_us[asked], side="right") - 1
            asked, last = asked[last >= 0], last[last >= 0]
            age_us[asked] = time_us[asked] - heard.time_us[last]
            hop_us[asked] = heard.hop_us[last]
        return News(age_us, hop_us)


def _steps_by_node(sci: Any) -> dict[str, tuple[Ints, Ints]]:
    """Times in microseconds, sorted, and update numbers, by node."""
    steps: dict[str, list[tuple[int, int]]] = {}
    rows = zip(sci["update_id"], sci["step_nodes"], sci["step_times_s"], strict=True)
    for update_id, nodes, times_s in rows:
        for node, time_s in zip(nodes or (), times_s or (), strict=True):
            steps.setdefault(node, []).append((round(time_s * _US_PER_S), update_id))
    arrays = {node: np.array(sorted(each), dtype=np.int64) for node, each in steps.items()}
    return {node: (each[:, 0], each[:, 1]) for node, each in arrays.items()}


def _hop_times(
    node: str,
    times: Ints,
    updates: Ints,
    steps: dict[str, tuple[Ints, Ints]],
    downstream: Downstream,
) -> Ints:
    """How long before each step the node's neighbour took part in the same update."""
    hop_us = np.full(times.size, _NONE, dtype=np.int64)
    senders = np.array([downstream(node, int(time)) for time in times], dtype=object)
    for sender in {s for s in senders if s is not None and s in steps}:
        mine = np.flatnonzero(senders == sender)
        told, numbers = steps[sender]
        last = np.searchsorted(told, times[mine], side="right") - 1
        same = (last >= 0) & (numbers[last] == updates[mine])
        hop_us[mine[same]] = times[mine[same]] - told[last[same]]
    return hop_us
