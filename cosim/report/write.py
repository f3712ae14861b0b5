"""A report as a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from cosim.errors import OutputError
from cosim.report.build import DETAILED_RUNS, build_report
from cosim.report.page import render_page
from cosim.results.writer import REPORT_NAME


class Written(Struct, frozen=True):
    """The page that was written: where, about how many runs, of what size."""

    report: str
    runs: int
    detailed_runs: int
    bytes: int


def write_report(
    directories: Sequence[Path], out: Path | None = None, *, detailed: int = DETAILED_RUNS
) -> Written:
    """Write a page about the runs in some directories.

    Parameters
    ----------
    directories
        Of runs, comparisons or sweeps.
    out
        The file; by default ``report.html`` in the one directory, or in the present one.
    detailed
        How many runs are shown in detail.

    Raises
    ------
    OutputError
        When a directory holds no run, or the page cannot be written.
    """
    if out is None:
        out = (directories[0] if len(directories) == 1 else Path()) / REPORT_NAME
    report = build_report(directories, detailed)
    page = render_page(report).encode()
    try:
        out.write_bytes(page)
    except OSError as error:
        raise OutputError(f"{out} cannot be written: {error.strerror}") from error
    runs = sum(series.runs for series in report.series)
    return Written(str(out), runs, len(report.runs), len(page))
