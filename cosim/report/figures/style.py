"""What all pictures share: sizes, fonts, and colours that colour-blind readers can tell apart.

The palette is Okabe and Ito's (2008), but for its yellow, which is too light on paper; each curve
has a dash pattern of its own as well.
"""

from __future__ import annotations

from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#8A6A00", "#56B4E9", "#4A4F57")
COMPUTE, QUEUE, TRANSFER, SCI = COLOURS[0], "#8A8A8A", "#E69F00", COLOURS[3]
GREY: Final = "#6B7280"

STYLE: Final[dict[Any, Any]] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "pdf.fonttype": 42,  # TrueType, which publishers ask for
    "svg.hashsalt": "cosim",
    "text.parse_math": False,  # a name with a $ in it is a name
}


def new_figure(
    width: float, height: float, rows: int = 1, columns: int = 1
) -> tuple[Figure, list[Axes]]:
    """A figure of that size in inches, with axes row by row; unused ones are the caller's."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    return figure, list(axes.flat)


def colour_of(place: int) -> str:
    """Colour of a curve."""
    return COLOURS[place % len(COLOURS)]
