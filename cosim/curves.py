"""The distribution curve that reports, reproduced figures and validation draw alike."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

# Each curve has its own, so that none hides another, in print without colours too.
DASHES: Final[tuple[tuple[float, ...], ...]] = (
    *((), (5, 2), (1, 1.5), (5, 2, 1, 2), (9, 3), (3, 1, 1, 1), (1, 3)),
)


def dash_of(place: int) -> tuple[float, tuple[float, ...]]:
    """Line style of a curve."""
    return 0, DASHES[place % len(DASHES)]


def draw_distribution(
    axes: Axes,
    values: npt.ArrayLike,
    label: str,
    *,
    share: npt.ArrayLike | None = None,
    span: tuple[float, float] | None = None,
    **style: Any,
) -> None:
    """Draw a cumulative distribution as steps; nothing where there are no values.

    Parameters
    ----------
    axes
        Where; a curve's dashes are told by its number on them.
    values
        Shape ``(n,)``.
    label
        For the legend.
    share
        Shape ``(n,)``, of `values` in rising order: the part that is not above each; by default
        each counts the same.
    span
        From where, at 0, to where, at 1, the curve goes on beyond its values.
    style
        Of the line, for matplotlib.
    """
    x = np.sort(np.asarray(values, dtype=np.float64))
    if not x.size:
        return
    y = np.arange(1, x.size + 1) / x.size if share is None else np.asarray(share, dtype=np.float64)
    if span is not None:
        x, y = np.array([span[0], *x, span[1]]), np.array([0.0, *y, 1.0])
    style = {"linestyle": dash_of(len(axes.lines))} | style
    axes.step(x, y, where="post", label=label, **style)
