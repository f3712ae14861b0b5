"""One task, hop by hop."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from cosim.errors import UnknownNameError
from cosim.report.data import Report, RunView
from cosim.report.figures.style import COMPUTE, QUEUE, SCI, TRANSFER, new_figure
from cosim.report.tasks import Hop, hops_of

_US_PER_MS = 1e3
_PARTS = (("transfer_us", TRANSFER), ("queue_us", QUEUE), ("compute_us", COMPUTE))


def draw_timeline(_report: Report, run: RunView, task_id: int | None) -> Figure:
    """Bars of transfer, queue and compute at each node, and the SCI that it decided by."""
    place = _place(run, task_id)
    hops = [] if place is None else hops_of(run, place)
    figure, (axes,) = new_figure(7.2, 1.2 + 0.36 * max(1, len(hops)))
    for row, hop in enumerate(hops):
        _bars(axes, row, hop)
    axes.set_yticks(range(len(hops)), [run.nodes[hop.node].name for hop in hops])
    axes.set_ylim(len(hops) - 0.45, -0.4)
    axes.margins(x=0.01)
    both = "" if run.in_order else ", forward and backward together"
    axes.set_xlabel(f"time since the start of the task (ms){both}")
    axes.grid(visible=False, axis="y")
    names = (
        ("SCI to the node", SCI),
        ("transfer", TRANSFER),
        ("queue", QUEUE),
        ("compute", COMPUTE),
    )
    handles = [Patch(color=colour, label=name) for name, colour in names]
    figure.legend(handles=handles, loc="outside upper center", ncols=4)
    if place is None:
        axes.text(0.5, 0.5, "no task was finished", transform=axes.transAxes, ha="center")
    return figure


def _place(run: RunView, task_id: int | None) -> int | None:
    tasks = run.tasks
    if task_id is not None:
        if task_id not in tasks.task_id:
            raise UnknownNameError("finished task", str(task_id), map(str, tasks.task_id[:10]))
        return tasks.task_id.index(task_id)
    return max(range(len(tasks.latency_us)), key=tasks.latency_us.__getitem__, default=None)


def _bars(axes: Axes, row: int, hop: Hop) -> None:
    arrived_ms = (hop.begin_us + max(0, hop.transfer_us)) / _US_PER_MS
    if hop.news_age_us >= 0:
        heard_ms = arrived_ms - hop.news_age_us / _US_PER_MS
        took_ms = max(0, hop.news_hop_us) / _US_PER_MS
        below = row + 0.36
        axes.plot([heard_ms, arrived_ms], [below, below], ":", color=SCI, linewidth=1.2)
        axes.barh(below, max(took_ms, 0.2), left=heard_ms - took_ms, height=0.16, color=SCI)
    left_ms = hop.begin_us / _US_PER_MS
    for name, colour in _PARTS:
        wide_ms = max(0, getattr(hop, name)) / _US_PER_MS
        if wide_ms > 0:
            axes.barh(row, wide_ms, left=left_ms, height=0.5, color=colour)
        left_ms += wide_ms
