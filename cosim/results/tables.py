"""One table on disk, while it grows and when it is whole.

Rows stream into an Arrow file that is readable at any moment, and becomes a Parquet file when the
run ends. A killed run so leaves all but the last few rows.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from cosim.results.blocks import Blocks, CellsOf, columns_of
from cosim.results.records import TableSpec

_ROW_GROUP_ROWS: Final = 65_536
_END_OF_STREAM: Final = b"\xff\xff\xff\xff\0\0\0\0"  # of Arrow's IPC streaming format


def table_path(directory: Path, name: str) -> Path:
    """Where a finished table lies."""
    return directory / f"{name}.parquet"


def stream_path(directory: Path, name: str) -> Path:
    """Where the rows of an unfinished table lie."""
    return directory / f"{name}.arrows.partial"


def partial_path(directory: Path, name: str) -> Path:
    """Where a table lies while it is being finished."""
    return directory / f"{name}.parquet.partial"


class TableStream:
    """Takes rows; `finish` makes the table of them.

    A batch that the disk has no room for is taken back, so that what is there can be read and the
    room serves others.
    """

    def __init__(self, directory: Path, spec: TableSpec) -> None:
        self._directory = directory
        self._spec = spec
        self._rows: list[tuple[Any, ...]] = []
        self._blocks = Blocks()
        self._cells_of: CellsOf = tuple
        self._file = stream_path(directory, spec.name).open("wb", buffering=0)
        try:
            self._write(spec.columns.serialize())
        except OSError:
            self._file.close()
            raise

    @property
    def name(self) -> str:
        """The table's name."""
        return self._spec.name

    @property
    def is_full(self) -> bool:
        """Whether the rows that are held are to be written now."""
        return len(self._rows) + len(self._blocks) >= self._spec.flush_rows

    def append(self, row: tuple[Any, ...]) -> None:
        """Hold a row: a tuple with the table's columns."""
        self._rows.append(row)

    def append_block(self, first: Any, tails: Sequence[Any], cells_of: CellsOf) -> None:
        """Hold rows that begin with the same value.

        `cells_of` gives the other columns of a tail. It must be the same function for all blocks of
        a table, for it is called later, and once for a tail that stays where it is.
        """
        self._blocks.append(first, tails)
        self._cells_of = cells_of

    def finish(self) -> None:
        """Write what is left, and turn the stream into the final file in one step."""
        self.flush()
        self._write(_END_OF_STREAM)
        self._file.close()
        final = table_path(self._directory, self._spec.name)
        partial = partial_path(self._directory, self._spec.name)
        source = stream_path(self._directory, self._spec.name)
        columns = self._spec.columns
        with source.open("rb") as file, pq.ParquetWriter(partial, columns) as writer:
            for table in _row_groups(pa.ipc.open_stream(file), columns):
                writer.write_table(table)
        partial.replace(final)
        source.unlink()

    def abandon(self) -> None:
        """Let go of the file as it is, and of the half-made table."""
        self._file.close()
        with contextlib.suppress(OSError):
            partial_path(self._directory, self._spec.name).unlink(missing_ok=True)

    def flush(self) -> None:
        """Write the rows that are still held."""
        self._flush_rows()
        self._flush_blocks()

    def _flush_rows(self) -> None:
        rows, self._rows = self._rows, []
        if rows:
            self._write_batch(columns_of(rows, list(self._spec.columns)))

    def _flush_blocks(self) -> None:
        blocks, self._blocks = self._blocks, Blocks()
        if len(blocks):
            self._write_batch(blocks.columns(list(self._spec.columns), self._cells_of))

    def _write_batch(self, arrays: list[pa.Array]) -> None:
        self._write(pa.record_batch(arrays, schema=self._spec.columns).serialize())

    def _write(self, message: pa.Buffer | bytes) -> None:
        before = self._file.tell()
        left = memoryview(message)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError:
            with contextlib.suppress(OSError):
                self._file.truncate(before)
                self._file.seek(before)
            raise


def read_stream(path: Path) -> Iterator[pa.RecordBatch]:
    """The batches of a stream, as far as they are whole."""
    with path.open("rb") as file:
        try:
            yield from pa.ipc.open_stream(file)
        except (pa.ArrowInvalid, OSError):  # cut off in the middle of a batch
            return


def read_table(directory: Path, spec: TableSpec) -> pa.Table:
    """A table of a run, whole or as far as it got; empty when there is nothing of it."""
    final, stream = table_path(directory, spec.name), stream_path(directory, spec.name)
    if final.exists():
        return _completed(pq.read_table(final), spec.columns)
    batches = list(read_stream(stream)) if stream.exists() else []
    schema = batches[0].schema if batches else spec.columns
    return _completed(pa.Table.from_batches(batches, schema=schema), spec.columns)


def _completed(table: pa.Table, columns: pa.Schema) -> pa.Table:
    """The table with nulls in the columns that an older version of cosim did not write."""
    for field in columns:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    return table


def _row_groups(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(b.num_rows for b in held) >= _ROW_GROUP_ROWS:
            yield pa.Table.from_batches(held, schema=schema)
            held = []
    if held:
        yield pa.Table.from_batches(held, schema=schema)
