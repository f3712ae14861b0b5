"""The network on its map, and where the layers of all tasks ran."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, DrawingArea
from matplotlib.patches import Wedge
from matplotlib.patheffects import withStroke

from cosim.report.data import Node, Report, RunView, Uplink
from cosim.report.figures.style import COLOURS, COMPUTE, GREY, new_figure

_FILLS = {
    "ue": COLOURS[1],
    "iab": "#FFFFFF",
    "donor": "#D7DCE3",
    "core": "#FFFFFF",
    "cloud": "#D7DCE3",
}
_RING_PT = 11.5


def draw_network(_report: Report, run: RunView, _task: int | None) -> Figure:
    """Nodes, links and trajectories; the ring of a node shows its part of all layers that ran."""
    figure, (axes,) = new_figure(5.4, 4.6)
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.14)
    for uplink in run.uplinks:
        _uplink(axes, run.nodes, uplink)
    for ue in run.ues:
        axes.plot(ue.x_m, ue.y_m, ":", color=COLOURS[1], linewidth=1.5, zorder=2)
    for node, share in zip(run.nodes, layer_shares(run), strict=True):
        _node(axes, node, float(share))
    axes.set(xlabel="x (m); nodes without a position stand at the right", ylabel="y (m)")
    return figure


def layer_shares(run: RunView) -> npt.NDArray[np.float64]:
    """The part of all layers of finished tasks that ran at each node; they sum up to 1."""
    layers = np.zeros(len(run.nodes))
    for plan in run.tasks.plan:
        route, boundaries = run.plans[plan].route, run.plans[plan].boundaries
        np.add.at(layers, route, np.diff(boundaries))
    total = layers.sum()
    return layers / total if total else layers


def _uplink(axes: Axes, nodes: Sequence[Node], uplink: Uplink) -> None:
    """A link to its first parent, and thinner to later ones."""
    child = nodes[uplink.child]
    seen = [place for place in dict.fromkeys(uplink.parents) if place is not None]
    for order, place in enumerate(seen):
        parent = nodes[place]
        axes.plot(
            [child.x_m, parent.x_m],
            [child.y_m, parent.y_m],
            "--" if uplink.wireless else "-",
            color=GREY,
            linewidth=0.8 if order else None,
            zorder=1,
        )
        middle = ((child.x_m + parent.x_m) / 2, (child.y_m + parent.y_m) / 2)
        _write(axes, uplink.name, middle, (8, 4), color=GREY)


def _node(axes: Axes, node: Node, share: float) -> None:
    """A mark of fixed size in points, wherever and however large the map is."""
    at = (node.x_m, node.y_m)
    axes.plot(*at, "o", ms=14, mfc=_FILLS[node.kind], mec="#1B2330", mew=1, zorder=3)
    _write(axes, node.name, at, (0, -17))
    if share > 0:
        area = DrawingArea(2 * _RING_PT, 2 * _RING_PT)
        middle = (_RING_PT, _RING_PT)
        area.add_artist(Wedge(middle, _RING_PT, 90 - 360 * share, 90, width=4, color=COMPUTE))
        axes.add_artist(AnnotationBbox(area, at, frameon=False, pad=0))
        _write(axes, f"{share:.0%}", at, (0, 17), color=COMPUTE, fontweight="bold")


def _write(
    axes: Axes, text: str, at: tuple[float, float], offset_pt: tuple[float, float], **style: Any
) -> None:
    """Text beside a place, with a rim that keeps it legible over lines."""
    axes.annotate(
        text,
        at,
        xytext=offset_pt,
        textcoords="offset points",
        ha="center",
        va="center",
        zorder=5,
        path_effects=[withStroke(linewidth=2.5, foreground="white")],
        **style,
    )
