"""Reading a run directory back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from cosim.errors import OutputError
from cosim.results.manifest import Manifest, read_manifest
from cosim.results.records import (
    TABLES,
    ForecastRecord,
    LinkRecord,
    ResultRecord,
    SciRecord,
    TaskRecord,
)
from cosim.results.summary import summarise
from cosim.results.tables import read_table
from cosim.results.writer import SCENARIO_NAME
from cosim.scenario import Scenario, load_scenario

_TASK_LISTS: Final = ("boundaries", "route", "hop_transfer_s", "hop_queue_s", "hop_compute_s")


@dataclass(frozen=True)
class RunResult:
    """A run, finished or failed; its tables are read when they are first asked for.

    Attributes
    ----------
    directory
        Where it lies.
    manifest
        What it was made of and how it ended.
    """

    directory: Path
    manifest: Manifest

    @classmethod
    def open(cls, directory: str | Path) -> RunResult:
        """The run in a directory; raises `OutputError` when there is none."""
        return cls(Path(directory), read_manifest(Path(directory)))

    @cached_property
    def tasks(self) -> pd.DataFrame:
        """One row per split task; columns as `TaskRecord`, lists as tuples."""
        frame = self._frame(TaskRecord)
        return _with_tuples(frame, _TASK_LISTS)

    @cached_property
    def links(self) -> pd.DataFrame:
        """One row per directed link and report tick; columns as `LinkRecord`."""
        return self._frame(LinkRecord)

    @cached_property
    def sci(self) -> pd.DataFrame:
        """One row per SCI update; columns as `SciRecord`."""
        return _with_tuples(self._frame(SciRecord), ("step_nodes", "step_times_s"))

    @cached_property
    def forecasts(self) -> pd.DataFrame:
        """One row per forecast that entered an SCI message; columns as `ForecastRecord`."""
        return self._frame(ForecastRecord)

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario as it was run."""
        return load_scenario(self.directory / SCENARIO_NAME)

    def summary(self) -> dict[str, Any]:
        """The run in numbers; see `cosim.results.summary.summarise`."""
        limit_ns = self.scenario.objective.latency_limit
        limit_s = None if limit_ns is None else limit_ns / 1e9
        return summarise(self.manifest, self.tasks, self.links, self.sci, limit_s)

    def _frame(self, kind: type[ResultRecord]) -> pd.DataFrame:
        spec = TABLES[kind]
        try:
            frame: pd.DataFrame = read_table(self.directory, spec).to_pandas()
        except (OSError, pa.ArrowException) as error:
            raise OutputError(f"{self.directory}: {spec.name} cannot be read: {error}") from error
        return frame


def _with_tuples(frame: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """Columns of lists as tuples, which can be counted and compared."""
    for column in columns:
        values = [None if v is None else tuple(v.tolist()) for v in frame[column]]
        frame[column] = pd.Series(values, index=frame.index, dtype=object)
    return frame
