"""The finished tasks of a run: what each hop took, and how fresh the news was that decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cosim.report.data import HOP_NUMBERS, Plan, RunView, Tasks
from cosim.report.signalling import SciHistory

_US_PER_S: Final = 1e6
_MJ_PER_J: Final = 1e3
_UNKNOWN: Final = -1

Ints = npt.NDArray[np.int64]


def draw_tasks(
    done: Any, names: Sequence[str], ues: Sequence[str], history: SciHistory
) -> tuple[Tasks, list[Plan]]:
    """The columns of `Tasks`, and the plans that they name.

    Parameters
    ----------
    done
        The finished tasks of the run's table, in the order of their start.
    names
        Nodes of the run, by place.
    ues
        Computing UEs.
    history
        What nodes heard of split costs when.
    """
    plans: dict[tuple[tuple[str, ...], tuple[int, ...]], int] = {}
    pairs = zip(done["route"], done["boundaries"], strict=True)
    places = [plans.setdefault(pair, len(plans)) for pair in pairs]
    tasks = Tasks(
        task_id=done["task_id"].tolist(),
        ue=[ues.index(ue) for ue in done["ue"]],
        plan=places,
        start_us=_microseconds(done["start_s"]).tolist(),
        latency_us=_microseconds(done["latency_s"]).tolist(),
        transfer_us=_microseconds(done["transfer_s"]).tolist(),
        queue_us=_microseconds(done["queue_s"]).tolist(),
        compute_us=_microseconds(done["compute_s"]).tolist(),
        energy_mj=np.rint(done["energy_j"].to_numpy(dtype=np.float64) * _MJ_PER_J)
        .astype(int)
        .tolist(),
        hops=_hops(done, history).ravel().tolist(),
    )
    drawn = [Plan([names.index(n) for n in route], list(stops)) for route, stops in plans]
    return tasks, drawn


def resplit_times_us(tasks: Tasks) -> list[int]:
    """Starts of the tasks whose plan is not that of the UE's task before."""
    before: dict[int, int] = {}
    times = []
    for ue, plan, start_us in zip(tasks.ue, tasks.plan, tasks.start_us, strict=True):
        if before.get(ue, plan) != plan:
            times.append(start_us)
        before[ue] = plan
    return times


@dataclass(frozen=True)
class Hop:
    """One hop of one task, as `Tasks.hops` has it; `begin_us` is after the start of the task."""

    node: int
    begin_us: int
    transfer_us: int
    queue_us: int
    compute_us: int
    news_age_us: int
    news_hop_us: int


def hops_of(run: RunView, place: int) -> list[Hop]:
    """The hops of the task at that place of the columns."""
    lengths = [len(run.plans[plan].route) for plan in run.tasks.plan[: place + 1]]
    route = run.plans[run.tasks.plan[place]].route
    first = sum(lengths[:-1])
    hops = []
    begin_us = 0
    for node, row in zip(route, range(first, first + lengths[-1]), strict=True):
        numbers = run.tasks.hops[row * HOP_NUMBERS : (row + 1) * HOP_NUMBERS]
        hops.append(Hop(node, begin_us, *numbers))
        begin_us += sum(max(0, number) for number in numbers[:3])
    return hops


def _hops(done: Any, history: SciHistory) -> Ints:
    """Shape ``(hops of all tasks, HOP_NUMBERS)``, in microseconds."""
    lengths = np.array([len(route) for route in done["route"]], dtype=np.intp)
    nodes = [node for route in done["route"] for node in route]
    transfer, queue, compute = (
        _flat(done[f"hop_{what}_s"], lengths) for what in ("transfer", "queue", "compute")
    )
    spent = transfer + queue + compute
    first = np.cumsum(lengths) - lengths
    before = np.cumsum(spent) - spent  # of all hops; then only of the task's own
    before -= np.repeat(before[first], lengths)
    start_us = np.repeat(_microseconds(done["start_s"]), lengths)
    arrived_us = start_us + before + np.maximum(transfer, 0)
    news = history.newest(nodes, arrived_us)
    return np.column_stack([transfer, queue, compute, news.age_us, news.hop_us])


def _flat(column: Any, lengths: npt.NDArray[np.intp]) -> Ints:
    """A column of tuples as one array; unknown where an older version wrote none."""
    values: list[float] = []
    for times, length in zip(column, lengths, strict=True):
        values.extend([_UNKNOWN / _US_PER_S] * length if times is None else times)
    return _microseconds(np.array(values))


def _microseconds(seconds: Any) -> Ints:
    whole: Ints = np.rint(np.asarray(seconds, dtype=np.float64) * _US_PER_S).astype(np.int64)
    return whole
