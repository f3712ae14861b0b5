"""Results: writing a run directory as the run goes on, reading it back, and summing it up."""

from __future__ import annotations

from cosim.results.manifest import Manifest, read_manifest
from cosim.results.read import RunResult
from cosim.results.records import ForecastRecord, LinkRecord, SciRecord, TaskRecord
from cosim.results.summary import compare_summaries, plan_text, summarise
from cosim.results.writer import RunWriter

__all__ = [
    "ForecastRecord",
    "LinkRecord",
    "Manifest",
    "RunResult",
    "RunWriter",
    "SciRecord",
    "TaskRecord",
    "compare_summaries",
    "plan_text",
    "read_manifest",
    "summarise",
]
