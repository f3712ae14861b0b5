"""Figure 15: the route gets one hop longer, by a handover or by a change of the tree (VII.C.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from cosim.reproduce.claim import Claim, at_most, shape
from cosim.reproduce.figure import Figure, finish, share_legend
from cosim.reproduce.lab import Lab, Override, done
from cosim.results import RunResult
from cosim.scenario import build_topology

_WINDOW_S: Final = 4.0
# The UE waits at the start of its drive, at iab5, whose parent is iab6 at first. Load low: at load
# mid, iab5 runs all layers, and no task crosses the link that changes.
_TREE_CHANGES_S: Final = 5.0
_STANDING: Final[tuple[Override, ...]] = (
    ("nodes.ue.waypoints_m", []),
    ("nodes.ue.speed", "0 m/s"),
    (
        "topology_changes",
        [
            {
                "time": f"{_TREE_CHANGES_S} s",
                "node": "iab5",
                "action": "parent",
                "parent": "iab4",
            }
        ],
    ),
)


class Change(NamedTuple):
    """What made a route longer: when, which one, and the nodes whose way on stays as it was."""

    time_s: float
    name: str
    common: tuple[str, ...]
    reason: str


def reproduce(lab: Lab) -> Figure:
    """The UE's drive past iab6 towards iab4, and a UE that stands while iab5 goes to iab4."""
    drive = lab.run("mmwave-iab")
    stand = lab.run("mmwave-iab", load="low", duration_s=2 * _TREE_CHANGES_S, overrides=_STANDING)
    handover = _longer_route(drive)
    claims = [
        *([_missing(drive)] if handover is None else _claims(drive, handover)),
        *_claims(stand, _new_parent(stand)),
    ]

    def draw(canvas: Canvas) -> None:
        canvas.set_size_inches(10, 6)
        axes = canvas.subplots(2, 2, sharex="col")
        served = [(e["time_s"], e["node"]) for e in drive.summary()["serving"]]
        _draw(axes[:, 0], drive, "Along the drive", served)
        moved = [(0.0, "iab5 below iab6"), (_TREE_CHANGES_S, "iab5 below iab4")]
        _draw(axes[:, 1], stand, "Standing at iab5, load low", moved)
        share_legend(canvas)

    return Figure("15", "Changes that add a hop", tuple(claims), draw)


def _draw(rows: Sequence[Axes], run: RunResult, title: str, marks: list[tuple[float, str]]) -> None:
    """Latency of the tasks above, the layers that each node ran of them below."""
    tasks = done(run).sort_values("start_s")
    latency, workload = rows
    latency.plot(tasks["start_s"], tasks["latency_s"] * 1e3, ".", markersize=3)
    computing = [node.name for node in run.scenario.nodes if node.device]
    shares = np.array([_shares(task, computing) for task in tasks.itertuples()]).T
    for color, (node, layers) in enumerate(zip(computing, shares, strict=True)):
        below = shares[:color].sum(axis=0)
        if layers.any():
            workload.fill_between(
                tasks["start_s"], below, below + layers, step="post", color=f"C{color}", label=node
            )
    for time_s, text in marks:
        for axes in rows:
            axes.axvline(time_s, color="#d1495b", linewidth=0.8)
        top_ms = latency.get_ylim()[1]
        latency.annotate(text, (time_s, top_ms), (3, 0), textcoords="offset points", fontsize=8)
    finish(latency, title=title, x="", y="latency (ms)", legend=False)
    bottom, top = latency.get_ylim()
    latency.set_ylim(bottom, top + 0.15 * (top - bottom))  # room for the marks' names
    finish(workload, title="who ran its layers", x="start (s)", y="layers", legend=False)


def _longer_route(run: RunResult) -> Change | None:
    """The first handover to a node farther from the cloud."""
    tree = build_topology(run.scenario)
    for before, after in pairwise(run.summary()["serving"]):
        source, target = before["node"], after["node"]
        way, longer = tree.path_to_root(source), tree.path_to_root(target)
        if len(longer) > len(way):
            return Change(
                after["time_s"],
                f"{source} to {target} at {after['time_s']:.1f} s",
                tuple(name for name in way if name in longer),
                f"the route over {target} adds a wireless hop of its own to what the UE sends",
            )
    return None


def _new_parent(run: RunResult) -> Change:
    """The node that serves the UE gets a parent that is one hop farther from the cloud."""
    # Beyond iab5, whose own way up is what changes.
    common = build_topology(run.scenario).path_to_root("iab5")[1:]
    name = f"iab5 from iab6 to iab4 at {_TREE_CHANGES_S:.1f} s, load low"
    return Change(
        _TREE_CHANGES_S, name, common, "what goes beyond iab5 has a wireless hop more, over link D"
    )


def _claims(run: RunResult, change: Change) -> list[Claim]:
    tasks, time_s = done(run), change.time_s
    before = tasks[(tasks["start_s"] < time_s - 0.1) & (tasks["start_s"] > time_s - _WINDOW_S)]
    after = tasks[(tasks["start_s"] > time_s + 0.1) & (tasks["start_s"] < time_s + _WINDOW_S)]
    shares = [
        Counter(_shares(row, change.common) for row in part.itertuples())
        for part in (before, after)
    ]
    usual = [counter.most_common(1)[0][0] if counter else None for counter in shares]
    rise = float((after["latency_s"].mean() - before["latency_s"].mean()) * 1e3)
    shown = [_show(share, change.common) for share in usual]
    return [
        at_most(
            "15", f"mean latency rises by less than (ms), {change.name}", 5.0, rise, change.reason
        ),
        shape(
            "15",
            f"layers on the unchanged part of the route stay, {change.name}",
            f"most often {shown[0]} before, {shown[1]} after",
            usual[0] == usual[1],
            "the nodes' decisions for a boundary stay valid, but tasks come with another boundary: "
            "what the nodes before them on the new route have run",
        ),
    ]


def _shares(row: Any, nodes: Sequence[str]) -> tuple[int, ...]:
    """How many layers of a task each of the nodes ran."""
    route, boundaries = row.route, row.boundaries
    ran = {node: b - a for node, a, b in zip(route, boundaries[:-1], boundaries[1:], strict=True)}
    return tuple(ran.get(node, 0) for node in nodes)


def _show(shares: tuple[int, ...] | None, nodes: tuple[str, ...]) -> str:
    if shares is None:
        return "no task"
    return ", ".join(f"{n} {s}" for n, s in zip(nodes, shares, strict=True) if s) or "none"


def _missing(run: RunResult) -> Claim:
    served = ", ".join(entry["node"] for entry in run.summary()["serving"])
    reason = f"the UE was served by {served}, and no handover made its route longer"
    return shape("15", "a handover that adds a hop", "none", False, reason)
