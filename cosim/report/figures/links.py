"""Capacity of each link over time."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from cosim.report.data import Link, Report, RunView
from cosim.report.figures.style import COMPUTE, GREY, SCI, TRANSFER, new_figure

_COLUMNS = 3
_US_PER_S = 1e6
_KBPS_PER_MBPS = 1e3


def draw_capacity(_report: Report, run: RunView, _task: int | None) -> Figure:
    """One small chart a link: capacity, forecasts, moments of re-splitting, handovers."""
    rows = max(1, math.ceil(len(run.links) / _COLUMNS))
    figure, axes = new_figure(7.2, 1.7 * rows + 0.3, rows, _COLUMNS)
    for place, each in enumerate(axes):
        if place < len(run.links):
            _capacity(each, run.links[place], run)
            each.set_xlabel("time (s)" if place >= len(run.links) - _COLUMNS else "")
            each.set_ylabel("Mbps" if place % _COLUMNS == 0 else "")
        else:
            each.set_visible(False)
    handles = [
        Line2D([], [], color=COMPUTE, label="capacity"),
        Line2D([], [], color=SCI, marker="|", linestyle="", label="re-split"),
        Line2D([], [], color=GREY, linestyle="--", label="handover"),
    ]
    if any(link.forecasts for link in run.links):
        dots = Line2D([], [], color=TRANSFER, marker=".", linestyle="", label="forecast")
        handles.insert(1, dots)
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure


def _capacity(axes: Axes, link: Link, run: RunView) -> None:
    time_s = np.array(link.time_us) / _US_PER_S
    low, mean, high = (
        np.array(column) / _KBPS_PER_MBPS for column in (link.low_kbps, link.kbps, link.high_kbps)
    )
    axes.fill_between(time_s, low, high, color=COMPUTE, alpha=0.25, linewidth=0)
    axes.plot(time_s, mean, color=COMPUTE, linewidth=1, drawstyle="steps-post")
    if link.forecasts is not None:
        due_s = np.array(link.forecasts.due_us) / _US_PER_S
        axes.plot(due_s, np.array(link.forecasts.kbps) / _KBPS_PER_MBPS, ".", color=TRANSFER, ms=2)
    for ue in run.ues:
        for at_us in ue.serving_us[1:]:
            axes.axvline(at_us / _US_PER_S, color=GREY, linestyle="--", linewidth=0.8)
    ticks = axes.get_xaxis_transform()  # x in seconds, y as a share of the height
    split_s = np.array(run.resplit_us) / _US_PER_S
    axes.plot(split_s, np.full(split_s.size, 0.97), "|", color=SCI, ms=5, transform=ticks)
    axes.set_ylim(0, 1.12 * max(high.max(), 1e-3))
    axes.set_title(f"{link.name}: {link.transmitter} to {link.receiver}", fontsize=8)
