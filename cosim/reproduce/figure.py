"""What a figure's module gives: its claims, and how to draw it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

from cosim.reproduce.claim import Claim

PAPER: Final = "#6c757d"  # whatever is the paper's
OURS: Final = "#30638e"


@dataclass(frozen=True)
class Figure:
    """A figure of the paper, reproduced.

    Attributes
    ----------
    name, title
        As in `cosim.reproduce.FIGURES`, and what it shows.
    claims
        Its numbers and statements.
    draw
        Draws it on an empty canvas.
    """

    name: str
    title: str
    claims: tuple[Claim, ...]
    draw: Callable[[Canvas], None]


def mark_paper(
    axes: Axes, says: str, *, x: float | None = None, y: float | None = None, dash: str = ":"
) -> None:
    """A line where the paper has a number, for the legend to name."""
    style: dict[str, Any] = {
        "color": PAPER,
        "linestyle": dash,
        "linewidth": 1.5,
        "label": f"paper: {says}",
    }
    if x is not None:
        axes.axvline(x, **style)
    if y is not None:
        axes.axhline(y, **style)


def finish(
    axes: Axes, *, title: str, x: str, y: str, legend: bool = True, headroom: float = 0.0
) -> None:
    """Titles, grid and legend, the same on all figures.

    With `headroom`, a part of the height, the legend has a place above the data to itself.
    """
    axes.set(xlabel=x, ylabel=y)
    axes.set_title(title, fontsize=10)
    axes.grid(alpha=0.3)
    if legend:
        bottom, top = axes.get_ylim()
        axes.set_ylim(bottom, top + headroom * (top - bottom))
        axes.legend(frameon=False, fontsize=8, ncols=3 if headroom else 1)


def label_plainly(axis: Axis) -> None:
    """Ticks of a logarithmic axis as plain numbers: 1, 2, 5, 10."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FormatStrFormatter("%g"))
    axis.set_minor_formatter(NullFormatter())


def share_legend(canvas: Canvas) -> None:
    """One legend for all axes, above them, with each name once."""
    named = {
        label: handle
        for axes in canvas.axes
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    canvas.legend(
        named.values(), named.keys(), loc="outside upper center", ncols=4, frameon=False, fontsize=8
    )
