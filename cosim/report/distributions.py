"""Curves over all runs: distributions of latency and energy by policy, and tasks as points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cosim.report.collect import LabelledRun
from cosim.report.data import PlanMean, Series, Spread
from cosim.results import plan_text

_MOST_STEPS: Final = 400  # of a distribution's curve
_MOST_PLANS: Final = 7  # named beside each other
_MOST_POINTS: Final = 1500  # single tasks of a curve

Floats = npt.NDArray[np.float64]
_Plan = tuple[tuple[str, ...], tuple[int, ...]]


def draw_series(runs: Sequence[LabelledRun]) -> list[Series]:
    """One `Series` for each name of a curve, in the order in which the names come."""
    names = dict.fromkeys(run.series for run in runs)
    return [_series(name, [run for run in runs if run.series == name]) for name in names]


def empirical(values: Floats) -> tuple[Floats, Floats]:
    """The empirical distribution: each value, and the share of all that is at most it.

    Of many values, some, the least and the greatest among them; their shares are exact.
    """
    ordered = np.sort(values)
    share = np.arange(1, ordered.size + 1) / ordered.size
    kept = np.linspace(0, ordered.size - 1, min(ordered.size, _MOST_STEPS)).round()
    chosen = np.unique(kept).astype(np.intp)
    return ordered[chosen], share[chosen]


def _series(label: str, runs: Sequence[LabelledRun]) -> Series:
    tasks = [run.result.tasks for run in runs]
    done = [frame[frame["status"] == "done"] for frame in tasks]
    latency_ms = _column(done, "latency_s") * 1e3
    energy_j = _column(done, "energy_j")
    kept = np.linspace(0, latency_ms.size - 1, min(latency_ms.size, _MOST_POINTS)).round()
    chosen = np.unique(kept).astype(np.intp)
    points = zip(latency_ms[chosen].round(3), energy_j[chosen].round(5), strict=True)
    plans = [plan for part in done for plan in zip(part["route"], part["boundaries"], strict=True)]
    return Series(
        label=label,
        policy=runs[0].result.manifest.policy,
        runs=len(runs),
        done=latency_ms.size,
        unfinished=sum(map(len, tasks)) - latency_ms.size,
        latency_ms=_spread(latency_ms),
        energy_j=_spread(energy_j),
        points=[(float(x), float(y)) for x, y in points],
        plans=_plan_means(plans, latency_ms, energy_j),
    )


def _column(frames: Iterable[Any], name: str) -> Floats:
    return np.concatenate([frame[name].to_numpy(dtype=np.float64) for frame in frames])


def _plan_means(plans: Sequence[_Plan], latency_ms: Floats, energy_j: Floats) -> list[PlanMean]:
    """The most frequent plans; those that differ in the nodes that relay get the route's name."""
    rows: dict[_Plan, list[int]] = {}
    for row, plan in enumerate(plans):
        rows.setdefault(plan, []).append(row)
    frequent = sorted(rows, key=lambda plan: (-len(rows[plan]), plan))[:_MOST_PLANS]
    names = Counter(plan_text(*plan) for plan in frequent)
    means = []
    for plan in frequent:
        label, own = plan_text(*plan), rows[plan]
        if names[label] > 1:
            label += f" (by {' - '.join(plan[0])})"
        means.append(
            PlanMean(
                label=label,
                tasks=len(own),
                latency_ms=float(latency_ms[own].mean()),
                energy_j=float(energy_j[own].mean()),
            )
        )
    return means


def _spread(values: Floats) -> Spread | None:
    if values.size == 0:
        return None
    x, share = empirical(values)
    return Spread(
        mean=float(values.mean()),
        p50=float(np.quantile(values, 0.50)),
        p95=float(np.quantile(values, 0.95)),
        max=float(values.max()),
        x=[float(value) for value in x.round(6)],
        share=[float(value) for value in share.round(6)],
    )
