"""Distributions of latency and energy by policy."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cosim.curves import dash_of, draw_distribution
from cosim.report.data import Report, RunView, Spread
from cosim.report.figures.style import colour_of, new_figure


def draw_cdf(report: Report, _run: RunView, _task: int | None) -> Figure:
    """Two distributions, one curve for each policy."""
    figure, (latency, energy) = new_figure(7.2, 3.0, columns=2)
    labels = [series.label for series in report.series]
    _curves(latency, labels, [series.latency_ms for series in report.series])
    _curves(energy, labels, [series.energy_j for series in report.series])
    latency.set(xlabel="task latency (ms)", ylabel="share of tasks", ylim=(0, 1.02))
    energy.set(xlabel="energy of a task (J)", ylim=(0, 1.02))
    figure.legend(
        *latency.get_legend_handles_labels(), loc="outside upper center", ncols=min(5, len(labels))
    )
    return figure


def _curves(axes: Axes, labels: Sequence[str], spreads: Sequence[Spread | None]) -> None:
    if not any(spreads):
        axes.text(0.5, 0.5, "no task was finished", transform=axes.transAxes, ha="center")
    ends = [value for each in spreads if each for value in (each.x[0], each.x[-1])]
    for place, (label, spread) in enumerate(zip(labels, spreads, strict=True)):
        if spread is not None:
            draw_distribution(
                axes,
                spread.x,
                label,
                share=spread.share,
                span=(min(ends), max(ends)),
                color=colour_of(place),
                linestyle=dash_of(place),
            )
