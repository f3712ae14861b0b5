"""A fingerprint of a run's results: two runs with the same one had the same results, bit for bit.

It is over the values of the result tables, column by column, so that neither the file format nor
its compression matters. Columns of real time are left out.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cosim.results.records import TABLES
from cosim.results.tables import table_path

_WALL: Final = "wall"  # in the name of a column of real time
_BATCH_ROWS: Final = 65_536


def fingerprint(directory: Path) -> str:
    """SHA-256 (hex) over the finished tables of a run.

    Raises
    ------
    OSError
        When a table cannot be read.
    """
    whole = hashlib.sha256()
    for spec in sorted(TABLES.values(), key=lambda spec: spec.name):
        columns = [name for name in spec.columns.names if _WALL not in name]
        for name, digest in _column_digests(table_path(directory, spec.name), columns).items():
            whole.update(f"{spec.name}.{name} {digest}\n".encode())
    return whole.hexdigest()


def _column_digests(path: Path, columns: list[str]) -> dict[str, str]:
    digests = {name: _ColumnDigest() for name in columns}
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH_ROWS, columns=columns):
            for name in columns:
                digests[name].feed(batch.column(name))
    return {name: digest.hex() for name, digest in digests.items()}


class _ColumnDigest:
    """Of one column, whatever the batches in which its values come."""

    def __init__(self) -> None:
        self._values = hashlib.sha256()
        self._validity = hashlib.sha256()

    def feed(self, column: pa.Array) -> None:
        if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
            self._validity.update(column.is_valid().to_numpy(zero_copy_only=False))
            self._values.update(column.fill_null(0).to_numpy(zero_copy_only=False))
        else:
            self._values.update(_lines(column))

    def hex(self) -> str:
        return self._values.hexdigest() + self._validity.hexdigest()


def _lines(column: pa.Array) -> bytes:
    """Each value on a line of text."""
    if pa.types.is_list(column.type):
        return "".join([f"{value!r}\n" for value in _lists(column)]).encode()
    coded = column.dictionary_encode(null_encoding="encode")  # few are distinct
    lines = [f"{value!r}\n".encode() for value in coded.dictionary.to_pylist()]
    rows = pa.array(lines, type=pa.binary()).take(coded.indices)
    text = pc.binary_join(pa.ListArray.from_arrays([0, len(rows)], rows), b"")
    return bytes(text[0].as_py())


def _lists(column: pa.ListArray) -> list[list[object] | None]:
    """The same as `to_pylist`, which makes an Arrow object of each list first."""
    values, offsets = column.values.to_pylist(), column.offsets.to_pylist()
    ends = zip(column.is_valid().to_pylist(), offsets, offsets[1:], strict=False)
    return [values[begin:end] if is_valid else None for is_valid, begin, end in ends]
