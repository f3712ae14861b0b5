"""Rows of a table in blocks that begin with the same value, as the reports of one moment."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

CellsOf = Callable[[Any], tuple[Any, ...]]


class Blocks:
    """Holds blocks until they become columns.

    A row whose tail is the very object that stood at its place in the block before is held once.
    """

    def __init__(self) -> None:
        self._firsts: list[Any] = []
        self._sizes: list[int] = []
        self._tails: list[Any] = []
        self._rows: list[int] = []  # the place in `_tails` of each row
        self._last: Sequence[Any] = ()
        self._last_rows: list[int] = []

    def __len__(self) -> int:
        return len(self._rows)

    def append(self, first: Any, tails: Sequence[Any]) -> None:
        """Hold a block: rows of `first` and what each tail stands for."""
        if len(tails) != len(self._last):
            self._last, self._last_rows = (None,) * len(tails), [0] * len(tails)
        changed = map(operator.is_not, tails, self._last)
        for column in itertools.compress(itertools.count(), changed):
            self._last_rows[column] = len(self._tails)
            self._tails.append(tails[column])
        self._last = tails
        self._rows += self._last_rows
        self._firsts.append(first)
        self._sizes.append(len(tails))

    def columns(self, fields: Sequence[pa.Field], cells_of: CellsOf) -> list[pa.Array]:
        """The columns of all rows, of which there must be one; `cells_of` is asked once a tail."""
        block_of = np.repeat(np.arange(len(self._sizes)), self._sizes)
        firsts = pa.array(self._firsts, type=fields[0].type).take(pa.array(block_of))
        rows = pa.array(self._rows)
        tails = columns_of([cells_of(tail) for tail in self._tails], fields[1:])
        return [firsts, *(column.take(rows) for column in tails)]


def columns_of(rows: Sequence[tuple[Any, ...]], fields: Sequence[pa.Field]) -> list[pa.Array]:
    """The columns of rows, of which there must be one."""
    cells = zip(*rows, strict=True)
    return [pa.array(column, type=f.type) for column, f in zip(cells, fields, strict=True)]
