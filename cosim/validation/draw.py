"""The validation in pictures: all that its table has, and the differences with their margins."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import HashableList

from cosim.curves import draw_distribution
from cosim.errors import OutputError
from cosim.reproduce.figure import finish, label_plainly
from cosim.validation.attribution import names
from cosim.validation.statistics import computing_shares
from cosim.validation.validate import QUANTILES, Row, Validation

_COLOURS = {"paper": "#8d99ae", "ns3": "#003d5b", "simplified": "#d1495b"}
_STYLES = {"ns3": "-", "simplified": "--"}
_SHOWN_PLANS = 5
_LEAST_PLANS = 3  # room for so many, else a single bar is a wall
_LAYOUT: list[HashableList[str]] = [
    ["capacities", "capacities", "capacities"],
    ["probes", "latencies", "ranking"],
    ["differences", "plans", "causes"],
]


def draw(validation: Validation, path: Path) -> None:
    """Write a picture; an `OutputError` when that cannot be."""
    canvas = Figure(figsize=(16, 12), layout="constrained")
    axes = canvas.subplot_mosaic(_LAYOUT)
    _capacities(axes["capacities"], validation)
    _probes(axes["probes"], validation)
    _latencies(axes["latencies"], validation)
    _ranking(axes["ranking"], validation)
    _plans(axes["plans"], validation)
    _differences(axes["differences"], validation)
    _causes(axes["causes"], validation)
    canvas.suptitle(f"{validation.scenario.name}: packets (ns3) and the simplified simulator")
    try:
        canvas.savefig(path, dpi=110)
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


def _probes(axes: Axes, validation: Validation) -> None:
    hops = list(dict.fromkeys(group.hop for group in validation.probes))
    for number, hop in enumerate(hops):
        own = [group for group in validation.probes if group.hop == hop]
        kb = [group.size_bytes / 1e3 for group in own]
        for backend, style in _STYLES.items():
            ms = [getattr(group, f"{backend}_s").mean() * 1e3 for group in own]
            label = hop if backend == "ns3" else "_"  # matplotlib's way to leave it out
            axes.plot(kb, ms, style, marker=".", color=f"C{number}", label=label)
    axes.set(xscale="log", yscale="log")
    for axis in (axes.xaxis, axes.yaxis):
        label_plainly(axis)
    title = "a transfer over a hop: ns3 solid, simplified dashed"
    finish(axes, title=title, x="size (kB)", y="mean time (ms)", legend=bool(hops))


def _latencies(axes: Axes, validation: Validation) -> None:
    for number, policy in enumerate(validation.pairs.policies):
        for backend, style in _STYLES.items():
            name = policy if backend == "ns3" else "_"
            latency_ms = _latency_ms(validation, backend, policy)
            draw_distribution(axes, latency_ms, name, linestyle=style, color=f"C{number}")
    for share in QUANTILES:
        axes.axhline(share, color="grey", linewidth=0.5, linestyle=":")
    axes.set_xscale("log")
    label_plainly(axes.xaxis)
    title = "task latency, quantiles dotted: ns3 solid, simplified dashed"
    finish(axes, title=title, x="latency (ms)", y="CDF", headroom=0.2)


def _ranking(axes: Axes, validation: Validation) -> None:
    """A line for each policy: where lines cross, the networks rank two policies differently."""
    for number, policy in enumerate(validation.pairs.policies):
        latencies = [_latency_ms(validation, backend, policy) for backend in _STYLES]
        means = [values.mean() if values.size else np.nan for values in latencies]
        axes.plot((0, 1), means, marker="o", color=f"C{number}")
    axes.set_xticks((0, 1), list(_STYLES))
    axes.set_yscale("log")
    label_plainly(axes.yaxis)
    (row,) = (row for row in validation.rows if row.metric == "ranking")
    title = f"ranking of policies: Kendall tau {row.difference:.2f}"
    finish(axes, title=title, x="network", y="mean latency (ms), colours as left", legend=False)


def _plans(axes: Axes, validation: Validation) -> None:
    """Which plans HiveMind's tasks had, on both networks."""
    policy = validation.pairs.policies[0]
    counts = {
        backend: Counter(
            _plan_text(plan)
            for made in validation.pairs.of(backend, policy)
            for plan in computing_shares(made.done)
        )
        for backend in _STYLES
    }
    together = sum(counts.values(), Counter[str]())
    shown = [plan for plan, _ in together.most_common(_SHOWN_PLANS)]
    place = np.arange(len(shown))
    for offset, (backend, counter) in zip((0.2, -0.2), counts.items(), strict=True):
        share = [100 * counter[plan] / max(1, counter.total()) for plan in shown]
        axes.barh(place - offset, share, 0.4, label=backend, color=_COLOURS[backend])
    axes.set_yticks(place, shown, fontsize=8)
    axes.set(xlim=(0, 140), xticks=range(0, 101, 20))  # the legend's place is at the right
    axes.set_ylim(max(_LEAST_PLANS, len(shown)) - 0.5, -0.5)
    (row,) = (row for row in validation.rows if row.metric == "plans")
    title = f"{policy}'s plans: they differ {100 * (row.difference or 0.0):.1f} % of the time"
    finish(axes, title=title, x="tasks (%)", y="")


def _differences(axes: Axes, validation: Validation) -> None:
    """What is compared in relative terms, with its confidence interval and its margin."""
    rows = [row for row in validation.rows if row.metric != "ranking" and row.margin is not None]
    rows = rows or [row for row in validation.rows if row.metric in ("capacity", "latency")]
    for place, row in enumerate(rows):
        value, low, high = (100 * (x if x is not None else np.nan) for x in _interval(row))
        colour = "#2a9d8f" if row.holds else _COLOURS["simplified"]
        axes.plot((low, high), (place, place), color=colour)
        axes.plot(value, place, "o", color=colour)
        if row.margin is not None:
            ends = (-100 * row.margin, 100 * row.margin)
            axes.plot(ends, (place, place), "|", color="black", markersize=12)
    axes.set_yticks(np.arange(len(rows)), [f"{row.metric}: {row.what}" for row in rows], fontsize=8)
    axes.invert_yaxis()
    axes.axvline(0.0, color="grey", linewidth=0.8)
    title = "differences, 95 % intervals, and margins (bars)"
    finish(axes, title=title, x="simplified against ns3 (%)", y="", legend=False)


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


def _latency_ms(validation: Validation, backend: str, policy: str) -> npt.NDArray[np.float64]:
    runs = validation.pairs.of(backend, policy)
    return np.concatenate([made.done["latency_s"].to_numpy() for made in runs]) * 1e3


def _interval(row: Row) -> tuple[float | None, float | None, float | None]:
    return row.difference, row.low, row.high


def _plan_text(plan: tuple[tuple[str, int, int], ...]) -> str:
    return ", ".join(f"{node} {end - begin}" for node, begin, end in plan)
