"""Tables over a whole sweep: one row a point, and means over seeds with confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd
from scipy import stats

from cosim.results import RunResult
from cosim.sweep.plan import Point, SweepPlan

POINTS_NAME: Final = "points.parquet"
AGGREGATE_NAME: Final = "aggregate.parquet"
CONFIDENCE: Final = 0.95
_SPREADS: Final = ("latency_s", "compute_s", "transfer_s", "queue_s", "energy_j")
_GROUPS: Final = ("tasks", "sci", *_SPREADS)
_WALL: Final = "wall"


def points_table(plan: SweepPlan, directories: Mapping[str, Path]) -> pd.DataFrame:
    """One row for each point that is done.

    Returns
    -------
    DataFrame
        ``point``, ``directory``, ``seed``, the settings under their key paths, and the numbers of
        the run's summary, for example ``latency_s.mean``.
    """
    rows = [_row(plan, point, directories[point.name]) for point in plan.points]
    return pd.DataFrame([row for row in rows if row is not None])


def aggregate_table(points: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Means over the seeds, for each combination of settings and each metric.

    Returns
    -------
    DataFrame
        The settings, ``metric``, ``n``, ``mean``, ``std`` (of the sample), ``ci_low`` and
        ``ci_high`` (95 % confidence interval of the mean by Student's t, NaN for one seed),
        ``min`` and ``max``.
    """
    if points.empty:
        return pd.DataFrame()
    metrics = [c for c in points.columns if c not in {"point", "directory", "seed", *keys}]
    groups: Any = points.groupby(list(keys), sort=False, dropna=False) if keys else [((), points)]
    rows = [
        {**dict(zip(keys, values, strict=True)), "metric": metric, **_interval(group[metric])}
        for values, group in groups
        for metric in metrics
    ]
    return pd.DataFrame(rows)


def write_tables(plan: SweepPlan, directories: Mapping[str, Path], out: Path) -> pd.DataFrame:
    """Write both tables under `out`; return the aggregate."""
    points = points_table(plan, directories)
    aggregate = aggregate_table(points, plan.keys)
    for table, name in ((points, POINTS_NAME), (aggregate, AGGREGATE_NAME)):
        partial = out / f"{name}.partial"
        table.to_parquet(partial, index=False)
        partial.replace(out / name)
    return aggregate


def _row(plan: SweepPlan, point: Point, directory: Path) -> dict[str, Any] | None:
    if not (directory / "manifest.json").exists():
        return None
    run = RunResult.open(directory)
    if run.manifest.status != "done":
        return None
    chosen = dict(point.settings)
    settings = {key: _cell(chosen.get(key)) for key in plan.keys}
    about = {"point": point.name, "directory": str(directory), "seed": point.seed}
    return {**about, **settings, **dict(_metrics(run.summary()))}


def _cell(value: Any) -> Any:
    """A setting as text, so that a column of different kinds has one type; absent stays absent."""
    return None if value is None else str(value)


def _metrics(summary: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for group in _GROUPS:
        for name, value in summary[group].items():
            if _WALL not in name and (value is None or isinstance(value, int | float)):
                yield f"{group}.{name}", math.nan if value is None else float(value)
    handovers = summary["handovers"]
    yield "handovers", math.nan if handovers is None else float(handovers)


def _interval(values: pd.Series[float]) -> dict[str, float]:
    known = values.dropna()
    n = len(known)
    mean = float(known.mean()) if n else math.nan
    std = float(known.std(ddof=1)) if n > 1 else math.nan
    half = (
        float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1)) * std / math.sqrt(n) if n > 1 else math.nan
    )
    return {
        "n": n,
        "mean": mean,
        "std": std,
        "ci_low": mean - half,
        "ci_high": mean + half,
        "min": float(known.min()) if n else math.nan,
        "max": float(known.max()) if n else math.nan,
    }
