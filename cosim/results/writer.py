"""Writing a run directory while the run goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa

from cosim.errors import OutputError, RunError
from cosim.results.blocks import CellsOf
from cosim.results.fingerprint import fingerprint
from cosim.results.manifest import (
    MANIFEST_NAME,
    WILL_NAME,
    Manifest,
    RunStatus,
    read_manifest,
    write_manifest,
)
from cosim.results.records import TABLES, ResultRecord
from cosim.results.tables import TableStream, partial_path, stream_path, table_path

SCENARIO_NAME: Final = "scenario.toml"
NS3_STDERR_NAME: Final = "ns3-stderr.txt"
TRACEBACK_NAME: Final = "traceback.txt"
_HELD_S: Final = 0.5  # of real time: for so long a row may be in memory only
EXCHANGES_NAME: Final = "exchanges.log"
REPORT_NAME: Final = "report.html"  # of `cosim report`: it goes with the run that it is about


class RunWriter:
    """Owns one run directory, from the moment it is made until `close`.

    Parameters
    ----------
    directory
        Made if missing. It must be empty, unless `replace` is set and it holds an earlier run,
        whose files are then removed (and no others).
    manifest
        As known at the start, with status ``running``.
    scenario_toml
        The resolved scenario.

    Raises
    ------
    OutputError
        When the directory cannot be used.
    """

    def __init__(
        self, directory: Path, manifest: Manifest, scenario_toml: str, *, replace: bool = False
    ) -> None:
        self.directory = directory
        self._manifest = manifest
        self._flushed_s = time.monotonic()
        prepare_directory(directory, replace=replace)
        try:
            (directory / SCENARIO_NAME).write_text(scenario_toml, encoding="utf-8")
            write_manifest(directory, manifest)
            self._tables = {kind: TableStream(directory, spec) for kind, spec in TABLES.items()}
        except OSError as error:
            for path in _run_files(directory):
                path.unlink(missing_ok=True)
            raise OutputError(f"{directory} cannot be written: {error.strerror}") from error

    @property
    def manifest(self) -> Manifest:
        """The manifest as last written."""
        return self._manifest

    def add(self, record: ResultRecord) -> None:
        """Append a row to the table that it belongs to; a `RunError` when the disk is full."""
        table = self._tables[type(record)]
        table.append(msgspec.structs.astuple(record))
        self._flush_now_and_then(table)

    def add_block(
        self, kind: type[ResultRecord], first: Any, tails: Sequence[Any], cells_of: CellsOf
    ) -> None:
        """Append rows of `kind` that have their first column in common.

        Parameters
        ----------
        first
            That column.
        tails
            What each row is made of; the same object at the same place again is the same row but
            for the first column.
        cells_of
            The other columns of a tail, the same function at every call.
        """
        table = self._tables[kind]
        table.append_block(first, tails, cells_of)
        self._flush_now_and_then(table)

    def _flush_now_and_then(self, grown: TableStream) -> None:
        """Write a table that has many rows in memory, and after a while all of them."""
        if time.monotonic() - self._flushed_s > _HELD_S:
            with self._disk_errors():
                for table in self._tables.values():
                    table.flush()
            self._flushed_s = time.monotonic()
        elif grown.is_full:
            with self._disk_errors():
                grown.flush()

    def update(self, **changes: Any) -> None:
        """Change fields of the manifest, on disk too."""
        self._manifest = msgspec.structs.replace(self._manifest, **changes)
        with self._disk_errors():
            write_manifest(self.directory, self._manifest)

    def close(self, status: RunStatus, **changes: Any) -> None:
        """Finish all tables, then say in the manifest how the run ended.

        When a table cannot be finished, the others still are, the manifest says ``failed`` as far
        as it can be written, and a `RunError` tells.
        """
        failures = [failure for table in self._tables.values() if (failure := _finish(table))]
        if failures and status == "done":
            status = "failed"
            changes |= {"reason": failures[0], "error_type": RunError.__name__}
        if status == "done":
            with self._disk_errors():
                changes["fingerprint"] = fingerprint(self.directory)
        self.update(status=status, **changes)
        if failures:
            raise RunError(failures[0])

    @contextmanager
    def _disk_errors(self) -> Iterator[None]:
        try:
            yield
        except (OSError, pa.ArrowException) as error:
            raise RunError(f"{self.directory} cannot be written: {_reason(error)}") from error


_OTHER_NAMES: Final = (
    *(
        SCENARIO_NAME,
        NS3_STDERR_NAME,
        TRACEBACK_NAME,
        EXCHANGES_NAME,
        REPORT_NAME,
        WILL_NAME,
        MANIFEST_NAME,
    ),
)


def prepare_directory(directory: Path, *, replace: bool) -> None:
    """Make the directory, or make sure that nothing in it is lost."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if not any(directory.iterdir()):
            return
        if not (directory / MANIFEST_NAME).exists():
            raise OutputError(f"{directory} is not empty, and holds no earlier run")
        if not replace:
            hint = "choose another --out, or replace that run with --force"
            raise OutputError(f"{directory} holds an earlier run", hint=hint)
        if _is_going_on(directory):
            raise OutputError(f"{directory} holds a run that is still going on")
        for path in _run_files(directory):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{directory} cannot be used: {error.strerror}") from error


def _is_going_on(directory: Path) -> bool:
    try:
        return read_manifest(directory).status == "running"
    except OutputError:  # of another version, or damaged: nothing of it goes on
        return False


def _run_files(directory: Path) -> Iterator[Path]:
    """The files that a run may have left; the manifest goes last."""
    for spec in TABLES.values():
        yield table_path(directory, spec.name)
        yield partial_path(directory, spec.name)
        yield stream_path(directory, spec.name)
    for name in (WILL_NAME, MANIFEST_NAME):
        yield directory / f"{name}.partial"
    for name in _OTHER_NAMES:
        yield directory / name


def _finish(table: TableStream) -> str | None:
    try:
        table.finish()
    except (OSError, pa.ArrowException) as error:
        table.abandon()
        return f"{table.name} cannot be written: {_reason(error)}"
    return None


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
