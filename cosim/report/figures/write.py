"""From a run directory to a picture in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from matplotlib import rc_context
from matplotlib.figure import Figure

from cosim.errors import OutputError, UnknownNameError
from cosim.report.build import build_report
from cosim.report.data import Report, RunView
from cosim.report.figures.cdf import draw_cdf
from cosim.report.figures.links import draw_capacity
from cosim.report.figures.network import draw_network
from cosim.report.figures.style import STYLE
from cosim.report.figures.timeline import draw_timeline

Drawing = Callable[[Report, RunView, int | None], Figure]
FIGURE_KINDS: Final[Mapping[str, Drawing]] = MappingProxyType(
    {
        "cdf": draw_cdf,
        "timeline": draw_timeline,
        "links": draw_capacity,
        "map": draw_network,
    }
)
FIGURE_FORMATS: Final = (".png", ".pdf", ".svg")
_DPI: Final = 200
_WITHOUT_DATE: Final = MappingProxyType(  # so that the same run gives the same file
    {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}
)


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
    report = build_report(directories, detailed=1, only=run)
    with rc_context(STYLE):
        figure = FIGURE_KINDS[kind](report, report.runs[0], task)
        try:
            figure.savefig(out, dpi=_DPI, metadata=_WITHOUT_DATE.get(out.suffix.lower()))
        except OSError as error:
            raise OutputError(f"{out} cannot be written: {error.strerror}") from error
    return out
