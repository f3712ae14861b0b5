"""Figure 15: a handover that makes the route one hop longer (VII.C.1)."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pandas as pd
from matplotlib.figure import Figure as Canvas

from cosim.reproduce.claim import Claim, at_most, shape
from cosim.reproduce.figure import Figure, finish
from cosim.reproduce.lab import Lab, done
from cosim.results import RunResult
from cosim.scenario import build_topology

_WINDOW_S = 4.0


def reproduce(lab: Lab) -> Figure:
    """The UE's drive past iab6 towards iab4, as far as it goes."""
    run = lab.run("mmwave-iab", duration_s=40.0)
    change = _longer_route(run)
    tasks = done(run)
    claims = (_missing(run),) if change is None else tuple(_claims(run, tasks, *change))

    def draw(canvas: Canvas) -> None:
        axes = canvas.subplots()
        axes.plot(tasks["start_s"], tasks["latency_s"] * 1e3, ".", markersize=3)
        for entry in run.summary()["serving"]:
            axes.axvline(entry["time_s"], color="#d1495b", linewidth=0.8)
            axes.text(entry["time_s"], axes.get_ylim()[1], entry["node"], fontsize=8, va="top")
        finish(axes, title="Latency along the drive", x="time (s)", y="latency (ms)", legend=False)

    return Figure("15", "A handover that adds a hop", claims, draw)


def _longer_route(run: RunResult) -> tuple[float, str, str] | None:
    """When the first handover to a node farther from the cloud comes, from where to where."""
    depth = {
        name: len(build_topology(run.scenario).path_to_root(name))
        for name in build_topology(run.scenario).serving_nodes
    }
    for before, after in pairwise(run.summary()["serving"]):
        if depth[after["node"]] > depth[before["node"]]:
            return after["time_s"], before["node"], after["node"]
    return None


def _claims(
    run: RunResult, tasks: pd.DataFrame, time_s: float, source: str, target: str
) -> list[Claim]:
    before = tasks[(tasks["start_s"] < time_s - 0.1) & (tasks["start_s"] > time_s - _WINDOW_S)]
    after = tasks[(tasks["start_s"] > time_s + 0.1) & (tasks["start_s"] < time_s + _WINDOW_S)]
    tree = build_topology(run.scenario)
    common = [n for n in tree.path_to_root(source) if n in tree.path_to_root(target)]
    shares = [
        Counter(_shares(row, common) for row in part.itertuples()) for part in (before, after)
    ]
    usual = [counter.most_common(1)[0][0] if counter else None for counter in shares]
    rise = float((after["latency_s"].mean() - before["latency_s"].mean()) * 1e3)
    where = f"{source} to {target} at {time_s:.1f} s"
    return [
        at_most(
            "15",
            f"mean latency rises by less than (ms), {where}",
            5.0,
            rise,
            f"the route over {target} adds a wireless hop of its own to what the UE sends",
        ),
        shape(
            "15",
            f"layers on the unchanged part of the route stay, {where}",
            f"most often {_show(usual[0], common)} before, {_show(usual[1], common)} after",
            usual[0] == usual[1],
            f"{target} takes layers that {source} ran: the nodes' decisions for a boundary stay "
            "valid, "
            "but tasks come with another boundary",
        ),
    ]


def _shares(row: Any, nodes: list[str]) -> tuple[int, ...]:
    """How many layers of a task each of the nodes ran."""
    route, boundaries = row.route, row.boundaries
    ran = {node: b - a for node, a, b in zip(route, boundaries[:-1], boundaries[1:], strict=True)}
    return tuple(ran.get(node, 0) for node in nodes)


def _show(shares: tuple[int, ...] | None, nodes: list[str]) -> str:
    if shares is None:
        return "no task"
    return ", ".join(f"{n} {s}" for n, s in zip(nodes, shares, strict=True) if s) or "none"


def _missing(run: RunResult) -> Claim:
    served = ", ".join(entry["node"] for entry in run.summary()["serving"])
    reason = f"the UE was served by {served}, and no handover made its route longer"
    return shape("15", "a handover that adds a hop", "none", False, reason)
