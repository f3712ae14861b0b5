"""Printing on stdout: tables that fit 80 columns, and JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

_NO_LIMIT = 10_000
DASH = "-"  # what has no value


@contextmanager
def results_only_on_stdout() -> Iterator[None]:
    """Send to stderr what others, for example a user's policy, print meanwhile."""
    with redirect_stdout(sys.stderr):
        yield


def print_json(value: object) -> None:
    """Print one JSON object."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, text_columns: int = 1
) -> None:
    """Print an aligned table.

    Parameters
    ----------
    headings, rows
        All text.
    text_columns
        How many columns, from the left, are text, and so aligned to the left; the last column is
        text too when its heading is ``description``. Others are numbers.
    """
    cells = list(rows)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for index, heading in enumerate(headings):
        is_text = index < text_columns or heading == "description"
        table.add_column(
            heading,
            justify="left" if is_text else "right",
            overflow="fold",
            no_wrap=not is_text,
            min_width=None if is_text else max(map(len, (heading, *(row[index] for row in cells)))),
        )
    for row in cells:
        table.add_row(*map(Text, row))
    console = Console(highlight=False)
    # Where the terminal is narrower than the numbers, its own wrapping beats a column left out.
    needed = table.__rich_measure__(console, console.options.update(max_width=_NO_LIMIT)).minimum
    console.width = max(console.width, needed)
    console.print(table)


def number(value: Any, digits: int = 1, scale: float = 1.0) -> str:
    """`value` times `scale` with so many digits after the point."""
    return DASH if value is None else f"{value * scale:,.{digits}f}"


def short_path(path: Path) -> str:
    """Relative to where the user is, if it is below."""
    full, here = path.absolute(), Path.cwd()
    return str(full.relative_to(here)) if full.is_relative_to(here) else str(full)
