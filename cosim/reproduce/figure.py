"""What a figure's module gives: its claims, and how to draw it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from cosim.reproduce.claim import Claim

WIDTH_INCHES, HEIGHT_INCHES = 6.4, 3.6


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
