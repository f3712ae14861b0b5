"""From a run directory to a picture in a file."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from cosim.errors import OutputError, UnknownNameError
from cosim.report.build import build_report
from cosim.report.data import Report, RunView

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Imported when asked for: matplotlib takes its time.
FIGURE_KINDS: Final = MappingProxyType(
    {
        "cdf": "cosim.report.figures.cdf:draw_cdf",
        "timeline": "cosim.report.figures.timeline:draw_timeline",
        "links": "cosim.report.figures.links:draw_capacity",
        "map": "cosim.report.figures.network:draw_network",
    }
)
FIGURE_FORMATS: Final = (".png", ".pdf", ".svg")
_DPI: Final = 200
_WITHOUT_DATE: Final = MappingProxyType(  # so that the same run gives the same file
    {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}
)

Drawing = Callable[[Report, RunView, int | None], "Figure"]


def write_figure(
    directories: Sequence[Path],
    kind: str,
    out: Path,
    *,
    run: str | None = None,
    task: int | None = None,
) -> Path:
    """Draw one picture.

    Parameters
    ----------
    directories
        Of runs, comparisons or sweeps.
    kind
        A key of `FIGURE_KINDS`.
    out
        The file; its ending says in which format (`FIGURE_FORMATS`).
    run
        Label of the run that is drawn, where a kind shows one; by default the first one, HiveMind's
        if there is one.
    task
        Number of the task, of kind ``timeline``; by default the slowest.

    Raises
    ------
    InputError
        On an unknown kind, format, run or task, or when `out` cannot be written.
    """
    if kind not in FIGURE_KINDS:
        raise UnknownNameError("kind of picture", kind, FIGURE_KINDS)
    if out.suffix.lower() not in FIGURE_FORMATS:
        hint = f"give a name that ends in {', '.join(FIGURE_FORMATS)}"
        raise OutputError(f"{out} is of no known picture format", hint=hint)
    draw = _load(FIGURE_KINDS[kind])
    report = build_report(directories, detailed=1, only=run)
    from matplotlib import rc_context

    from cosim.report.figures.style import STYLE

    with rc_context(STYLE):
        figure = draw(report, report.runs[0], task)
        try:
            figure.savefig(out, dpi=_DPI, metadata=_WITHOUT_DATE.get(out.suffix.lower()))
        except OSError as error:
            raise OutputError(f"{out} cannot be written: {error.strerror}") from error
    return out


def _load(place: str) -> Drawing:
    module, _, name = place.partition(":")
    drawing: Drawing = getattr(importlib.import_module(module), name)
    return drawing
