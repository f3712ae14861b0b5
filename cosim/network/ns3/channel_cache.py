"""Small-scale channels of earlier runs, kept on disk: who runs the same network need not draw them.

What ns-3's model of TR 38.901 draws depends on the network, its seed and time, never on what is
sent. So a run writes down what it drew, and the next one on the same network, mostly that of
another policy, reads it. A record is used when it is of the very same network, program and
mathematics library, whole, and long enough; else it is made anew.

A record is a file: the entries of ns-3 (``fading-record.h``), the simulated time that they reach
(8 bytes), the key (32 bytes), and a SHA-256 of all before it. Beside it may lie a note, the
simulated time of a run whose record became too large, so that the next one does not try.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import struct
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from cosim.errors import CosimWarning

CACHE_VARIABLE: Final = "COSIM_CHANNEL_CACHE"
OFF: Final = "off"
MOST_BYTES: Final = 1 << 30  # of all records together
_MOST_BYTES_OF_ONE: Final = 256 << 20  # then ns-3 stops to write (fading-record.h)
_FORMAT: Final = 1
_SUFFIX: Final = ".channels"
_PART_SUFFIX: Final = ".part"
_NOTE_SUFFIX: Final = ".too-large"
_STALE_S: Final = 24 * 3600  # then whoever wrote a part is taken for dead, and a note for old
_LAST_ENTRY: Final = struct.pack("<qIIIIQ", -1, 0, 0, 0, 0, 0)
_TRAILER: Final = struct.Struct("<q32s")
_DIGEST_BYTES: Final = 32
_TRAFFIC: Final = ("background_ues", "transit")  # of a node
_CHUNK_BYTES: Final = 1 << 20
# By these the mathematics library chooses its variants, which may differ in a last bit.
_CPU_FLAGS: Final = frozenset({"fma", "fma4", "avx2"})


@dataclass(frozen=True)
class ChannelRecord:
    """What one run does with the cache: it plays a record, or writes one.

    Attributes
    ----------
    path
        Of the record.
    part
        What ns-3 writes, to be put there in the end; None: the record is there, and is played.
    key
        What the record is of.
    until_ns
        Simulated time that it must reach, ns.
    """

    path: Path
    part: Path | None
    key: bytes
    until_ns: int

    @property
    def arguments(self) -> tuple[str, ...]:
        """Of the ns-3 program."""
        return (f"--fading-from={self.path}" if self.part is None else f"--fading-to={self.part}",)

    def keep(self) -> None:
        """Make what ns-3 wrote a record; it has ended in good order."""
        if self.part is None:
            return
        try:
            with self.part.open("r+b") as file:
                if not _is_complete(file):
                    if file.tell() > _MOST_BYTES_OF_ONE:  # else the disk was full
                        _note(self.path).write_text(str(self.until_ns), encoding="ascii")
                    return
                file.seek(0, os.SEEK_END)
                file.write(_TRAILER.pack(self.until_ns, self.key))
                file.write(_digest(file, file.tell()))
            self.part.replace(self.path)
            _make_room(self.path.parent)
        except OSError as error:
            _warn(f"the channel record {self.path} was not kept: {error.strerror}")

    def discard(self) -> None:
        """Remove what ns-3 wrote, unless it was kept."""
        if self.part is not None:
            with contextlib.suppress(OSError):
                self.part.unlink(missing_ok=True)


@dataclass(frozen=True)
class ChannelCache:
    """A directory of records, which any number of runs may use at a time."""

    directory: Path

    def record_of(
        self, network: Mapping[str, Any], until_ns: int, program: Path
    ) -> ChannelRecord | None:
        """Find the record of a network, or prepare to write it.

        Parameters
        ----------
        network
            As the handshake describes it (`cosim.network.ns3.description`).
        until_ns
            Simulated time at which the run will end, ns.
        program
            The ns-3 program.

        Returns
        -------
        ChannelRecord or None
            None when there is no record, and none can be written: it would be too large, or the
            user was warned.
        """
        key = _key(network, program)
        path = self.directory / f"{key.hex()[:32]}{_SUFFIX}"
        if _reaches(path, key) >= until_ns:
            return ChannelRecord(path, None, key, until_ns)
        if _is_too_large(path, until_ns):
            return None
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, part = tempfile.mkstemp(_PART_SUFFIX, path.stem, self.directory)
        except OSError as error:
            _warn(f"channels are not kept: {self.directory} cannot be used: {error.strerror}")
            return None
        os.close(handle)
        return ChannelRecord(path, Path(part), key, until_ns)


def channel_cache_at(
    place: str | Path | None, environment: Mapping[str, str] = os.environ
) -> ChannelCache | None:
    """The cache in a directory, or none for ``off``.

    Parameters
    ----------
    place
        The directory, or ``off``. None: what ``$COSIM_CHANNEL_CACHE`` says, and by default
        ``cosim/channels`` in the user's directory for caches (XDG Base Directory Specification).
    """
    chosen = place or environment.get(CACHE_VARIABLE)
    if chosen == OFF:
        return None
    if chosen:
        return ChannelCache(Path(chosen).expanduser().absolute())
    base = Path(environment.get("XDG_CACHE_HOME", ""))
    if not base.is_absolute():  # the specification: a relative one is to be ignored
        try:
            base = Path.home() / ".cache"
        except RuntimeError:  # a user without a home, as in some containers
            return None
    return ChannelCache(base / "cosim" / "channels")


def _key(network: Mapping[str, Any], program: Path) -> bytes:
    """SHA-256 of all that has a say in the channels, and of the program that draws them."""
    parts = {
        "format": _FORMAT,
        "program": hashlib.sha256(program.read_bytes()).hexdigest(),
        "libc": platform.libc_ver(),
        "cpu": _cpu_flags(),
        "network": {
            "seed": network["seed"],
            "radio": network["radio"],
            # Traffic is left out: it draws from streams of its own.
            "nodes": [_without(node, *_TRAFFIC) for node in network["nodes"]],
            "links": [link for link in network["links"] if link["kind"] == "wireless"],
            "blockages": network["blockages"],
            "topology_changes": network["topology_changes"],
        },
    }
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).digest()


def _without(table: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {k: v for k, v in table.items() if k not in keys}


def _cpu_flags() -> list[str]:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, flags = line.partition(":")
        if name.strip() == "flags":
            return sorted(_CPU_FLAGS.intersection(flags.split()))
    return []


def _reaches(path: Path, key: bytes) -> int:
    """The simulated time that a record reaches, ns; -1 when there is none that can be used."""
    try:
        with path.open("rb") as file:
            with contextlib.suppress(OSError):  # a record of another user's may be read as well
                os.utime(file.fileno())  # the one used last is the last to make room
            size = file.seek(0, os.SEEK_END)
            body = size - _DIGEST_BYTES
            if body < len(_LAST_ENTRY) + _TRAILER.size:
                raise ValueError("it is too short")
            file.seek(body - _TRAILER.size)
            until_ns, found = _TRAILER.unpack(file.read(_TRAILER.size))
            if file.read() != _digest(file, body):
                raise ValueError("its checksum is wrong")
            if found != key:
                raise ValueError("it is of something else")
    except (FileNotFoundError, NotADirectoryError):
        return -1
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        _warn(f"the channel record {path} is made anew: {reason}")
        return -1
    return int(until_ns)


def _note(path: Path) -> Path:
    return path.with_suffix(_NOTE_SUFFIX)


def _is_too_large(path: Path, until_ns: int) -> bool:
    """Whether the record of a run that was no longer became too large."""
    try:
        return until_ns >= int(_note(path).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return False


def _is_complete(file: BinaryIO) -> bool:
    """Whether ns-3 wrote all that it was to write."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - len(_LAST_ENTRY)))
    return file.read() == _LAST_ENTRY


def _digest(file: BinaryIO, size: int) -> bytes:
    """SHA-256 of the first `size` bytes; afterwards the file stands behind them."""
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(min(size - file.tell(), _CHUNK_BYTES)):
        digest.update(chunk)
    return digest.digest()


def _make_room(directory: Path) -> None:
    """Remove the records that were not used for longest, and what dead runs left."""
    total = 0
    for path, found in sorted(_files(directory, _SUFFIX), key=lambda each: -each[1].st_mtime):
        total += found.st_size
        if total > MOST_BYTES:
            path.unlink(missing_ok=True)
    for suffix in (_PART_SUFFIX, _NOTE_SUFFIX):
        for path, found in _files(directory, suffix):
            if time.time() - found.st_mtime > _STALE_S:
                path.unlink(missing_ok=True)


def _files(directory: Path, suffix: str) -> Iterator[tuple[Path, os.stat_result]]:
    for path in directory.glob(f"*{suffix}"):
        with contextlib.suppress(FileNotFoundError):  # another run has moved or removed it
            yield path, path.stat()


def _warn(text: str) -> None:
    warnings.warn(text, CosimWarning, stacklevel=2)
