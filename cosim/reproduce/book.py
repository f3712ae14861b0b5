"""Figures by name; making them, keeping them, and going on where it was stopped."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import msgspec

import cosim
from cosim.errors import OutputError, UnknownNameError
from cosim.reproduce.claim import Claim

if TYPE_CHECKING:
    from cosim.reproduce.figure import Figure

# Imported when they are asked for: drawing takes a while to load.
FIGURES: Final = MappingProxyType(
    {
        "2": "fig02:reproduce",
        "6": "fig06:reproduce",
        "11": "loads:figure11",
        "12": "loads:figure12",
        "13": "fig13:reproduce",
        "14": "fig14:reproduce",
        "15": "fig15:reproduce",
        "16": "predictive:figure16",
        "17": "predictive:figure17",
        "18": "fig18:reproduce",
        "19": "fig19:reproduce",
        "table1": "table1:reproduce",
        "text": "text:reproduce",
    }
)
_PICTURE_DPI: Final = 150


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A figure as it is kept.

    Attributes
    ----------
    figure, title, claims
        As in `cosim.reproduce.figure.Figure`.
    backend, version
        What it was made with: a page of another version is made anew.
    """

    figure: str
    title: str
    backend: str
    version: str
    claims: tuple[Claim, ...]


def figure_names(wanted: str) -> tuple[str, ...]:
    """Names for ``all``, ``11``, ``fig11``, ``fig.11`` or ``Table1``.

    Raises
    ------
    UnknownNameError
        When there is no such figure.
    """
    if wanted == "all":
        return tuple(FIGURES)
    name = wanted.lower().removeprefix("fig").removeprefix("ure").lstrip(".").lstrip("0")
    if name not in FIGURES:
        raise UnknownNameError("figure", wanted, (*FIGURES, "all"))
    return (name,)


def reproduce(
    names: Sequence[str],
    *,
    backend: str,
    directory: Path,
    again: bool = False,
    tell: Callable[[str], None] | None = None,
) -> list[Page]:
    """Make figures, or take those that lie in `directory` already.

    Parameters
    ----------
    names
        Of `FIGURES`.
    backend
        See `cosim.run`.
    directory
        Where pages, pictures and runs lie.
    again
        Whether to make figures that are there anew; their runs are used again.
    tell
        Called with what is done.
    """
    pages = []
    for name in names:
        kept = None if again else _kept(directory, name, backend)
        pages.append(kept or _make(name, backend, directory, tell or _say_nothing))
    return pages


def picture_path(directory: Path, name: str) -> Path:
    """Where a figure's picture lies."""
    return directory / f"{_stem(name)}.png"


def _make(name: str, backend: str, directory: Path, tell: Callable[[str], None]) -> Page:
    # These take a while to load.
    from matplotlib.figure import Figure as Canvas

    from cosim.reproduce.lab import Lab

    tell(f"figure {name}")
    module, _, function = FIGURES[name].partition(":")
    make: Callable[[Lab], Figure] = getattr(
        importlib.import_module(f"cosim.reproduce.{module}"), function
    )
    figure = make(Lab(backend, directory, tell))
    canvas = Canvas(figsize=(6.4, 3.6), layout="constrained")
    figure.draw(canvas)
    page = Page(
        figure=name,
        title=figure.title,
        backend=backend,
        version=cosim.__version__,
        claims=figure.claims,
    )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        canvas.savefig(picture_path(directory, name), dpi=_PICTURE_DPI)
        # Last, for it says that the figure is finished.
        _page_path(directory, name).write_bytes(msgspec.json.format(msgspec.json.encode(page)))
    except OSError as error:
        raise OutputError(f"{directory} cannot be written: {error.strerror}") from error
    return page


def _say_nothing(_line: str) -> None: ...


def _kept(directory: Path, name: str, backend: str) -> Page | None:
    try:
        page = msgspec.json.decode(_page_path(directory, name).read_bytes(), type=Page)
    except (OSError, msgspec.DecodeError):
        return None
    fresh = page.backend == backend and page.version == cosim.__version__
    return page if fresh and picture_path(directory, name).exists() else None


def _page_path(directory: Path, name: str) -> Path:
    return directory / f"{_stem(name)}.json"


def _stem(name: str) -> str:
    return f"fig{int(name):02d}" if name.isdecimal() else name
