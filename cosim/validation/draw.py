"""The validation in pictures: capacities, hop times, latencies, and causes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cosim.curves import draw_distribution
from cosim.errors import OutputError
from cosim.reproduce.figure import finish, label_plainly
from cosim.validation.attribution import names
from cosim.validation.validate import Validation

_COLOURS = {"paper": "#8d99ae", "ns3": "#003d5b", "simplified": "#d1495b"}


def draw(validation: Validation, path: Path) -> None:
    """Write a picture; an `OutputError` when that cannot be."""
    canvas = Figure(figsize=(11, 7.5), layout="constrained")
    axes = canvas.subplots(2, 2)
    _capacities(axes[0, 0], validation)
    _hops(axes[0, 1], validation)
    _latencies(axes[1, 0], validation)
    _causes(axes[1, 1], validation)
    canvas.suptitle(f"{validation.scenario.name}: packets and the simplified simulator")
    try:
        canvas.savefig(path, dpi=130)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error


def _capacities(axes: Axes, validation: Validation) -> None:
    rows = [row for row in validation.rows if row.metric == "capacity"]
    place = np.arange(len(rows))
    bars = {
        "paper": [(row.paper, row.paper_std) for row in rows],
        "ns3": [(row.ns3, row.ns3_std) for row in rows],
        "simplified": [(row.simplified, row.simplified_std) for row in rows],
    }
    for offset, (label, values) in zip((-0.27, 0.0, 0.27), bars.items(), strict=True):
        mean, std = np.array(values, dtype=np.float64).T
        if np.isfinite(mean).any():
            axes.bar(place + offset, mean, 0.27, yerr=std, label=label, color=_COLOURS[label])
    axes.set_xticks(place, [row.what for row in rows], fontsize=8)
    finish(axes, title="capacity left to a task, mean and std", x="link", y="Mbps", headroom=0.1)


def _hops(axes: Axes, validation: Validation) -> None:
    for group in validation.groups:  # which two marks are of one hop
        pair = [group.ns3_s.mean() * 1e3, group.simplified_s.mean() * 1e3]
        axes.plot([group.size_bytes / 1e3] * 2, pair, color="grey", linewidth=0.5)
    for label in ("ns3", "simplified"):
        kb = [group.size_bytes / 1e3 for group in validation.groups]
        ms = [getattr(group, f"{label}_s").mean() * 1e3 for group in validation.groups]
        marker = "o" if label == "ns3" else "x"
        axes.scatter(kb, ms, marker=marker, color=_COLOURS[label], label=label)
    axes.set(xscale="log", yscale="log")
    for axis in (axes.xaxis, axes.yaxis):
        label_plainly(axis)
    finish(axes, title="transfer time of a hop", x="size (kB)", y="mean time (ms)")


def _latencies(axes: Axes, validation: Validation) -> None:
    for label in ("ns3", "simplified"):
        for number, policy in enumerate(validation.pairs.policies):
            runs = validation.pairs.of(label, policy)
            latency = np.concatenate([made.done["latency_s"].to_numpy() for made in runs]) * 1e3
            style = "-" if label == "ns3" else "--"
            name = policy if label == "ns3" else "_"  # matplotlib's way to leave it out
            draw_distribution(axes, latency, name, linestyle=style, color=f"C{number}")
    axes.set_xscale("log")
    label_plainly(axes.xaxis)
    finish(axes, title="task latency: ns3 solid, simplified dashed", x="latency (ms)", y="CDF")


def _causes(axes: Axes, validation: Validation) -> None:
    if not validation.causes:
        axes.axis("off")
        axes.text(0.5, 0.5, "nothing moves: no attribution", ha="center")
        return
    parts = [100 * cause.part for cause in validation.causes]
    axes.barh(names(validation.causes), parts, color=_COLOURS["simplified"])
    axes.axvline(0.0, color="grey", linewidth=0.8)
    title = "part of each cause in the difference of hop time"
    finish(axes, title=title, x="percentage points", y="", legend=False)
