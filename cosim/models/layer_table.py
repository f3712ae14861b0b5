"""CSV tables of profiles, read strictly: what is wrong is named by file, line and column."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

import numpy as np

from cosim.errors import ProfileError
from cosim.models.kinds import OPERATOR_KINDS

ColumnType = Literal["name", "kind", "integer", "number"]
Cell = str | int | float
_INT64_MAX: Final = 2**63 - 1


def parse_table(path: Path, text: str, columns: Mapping[str, ColumnType]) -> dict[str, list[Cell]]:
    """Read CSV `text`, whose first line must name exactly `columns`, into one list a column."""
    if not text.endswith("\n"):
        raise ProfileError(f"{path}: the last line is not complete: the file was cut short")
    try:
        lines = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise ProfileError(f"{path}: is not CSV: {error}") from error
    if lines[0] != list(columns):
        raise ProfileError(f"{path}: line 1: the columns are not {','.join(columns)}")
    table: dict[str, list[Cell]] = {name: [] for name in columns}
    for number, cells in enumerate(lines[1:], 2):
        place = f"{path}: line {number}"
        if len(cells) != len(columns):
            raise ProfileError(f"{place}: has {len(cells)} cells, not {len(columns)}")
        for (name, kind), cell in zip(columns.items(), cells, strict=True):
            table[name].append(_parse_cell(f"{place}: {name}", kind, cell))
    return table


def format_table(columns: Mapping[str, Sequence[Cell]]) -> str:
    """Write columns as CSV text that `parse_table` reads back as it was."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    # repr of a float is the shortest text that reads back as the same float.
    for row in zip(*columns.values(), strict=True):
        writer.writerow([cell if isinstance(cell, str) else repr(cell) for cell in row])
    return text.getvalue()


def _parse_cell(place: str, kind: ColumnType, text: str) -> Cell:
    if kind == "integer":
        return _parse_integer(place, text)
    if kind == "number":
        return _parse_number(place, text)
    if kind == "kind" and text not in OPERATOR_KINDS:
        hint = "known: " + ", ".join(sorted(OPERATOR_KINDS))
        raise ProfileError(f"{place}: unknown kind '{text}'", hint=hint)
    if not text:
        raise ProfileError(f"{place}: is empty")
    return text


def _parse_integer(place: str, text: str) -> int:
    # Not int(): it would take blanks, underscores and other scripts' digits.
    if re.fullmatch(r"-?[0-9]{1,30}", text) is None:
        raise ProfileError(f"{place}: '{text}' is not an integer")
    value = int(text)
    if not 0 <= value <= _INT64_MAX:
        raise ProfileError(f"{place}: {value} is not in 0..2^63-1")
    return value


def _parse_number(place: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ProfileError(f"{place}: '{text}' is not a number") from None
    if not (np.isfinite(value) and value >= 0):
        raise ProfileError(f"{place}: {text} is not a finite number >= 0")
    return value
