"""The record of everything that engine and network say to each other.

An append-only file of MessagePack entries, each behind its length in 4 bytes, big-endian. What was
asked is written before it is answered, so the record of a run that died ends with the question that
it died of. An entry that was cut off is the end of the record.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from cosim.errors import OutputError, RunError
from cosim.network.port import NetworkPort, Send, Step, Totals

FORMAT: Final = 1
_LENGTH_BYTES: Final = 4


class Opened(msgspec.Struct, frozen=True, tag="opened"):
    """The first entry: of which scenario this is the record, and with which network."""

    format: int
    scenario_sha256: str
    network: str


class Asked(msgspec.Struct, frozen=True, tag="asked"):
    """The engine's part of an exchange: commands, and the time to run to."""

    until_ns: int
    commands: tuple[Send, ...]


class Answered(msgspec.Struct, frozen=True, tag="answered"):
    """The network's part; the first one is its state at time 0, before anything was asked."""

    step: Step


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """The network's account; the last entry of a run that came to its end."""

    totals: Totals


Entry = Opened | Asked | Answered | Ended


class RecordingNetwork:
    """A `NetworkPort` that hands everything on to another one, and writes it down.

    Parameters
    ----------
    port
        The network.
    path
        File to write; it must not exist.
    scenario_sha256
        What the record is of.
    """

    def __init__(self, port: NetworkPort, path: Path, scenario_sha256: str) -> None:
        self._port = port
        self._path = path
        self._encoder = msgspec.msgpack.Encoder()
        self._file: BinaryIO = path.open("xb")
        self._write(Opened(FORMAT, scenario_sha256, port.version))

    @property
    def version(self) -> str:
        """Name and version of the network."""
        return self._port.version

    def start(self) -> Step:
        """See `NetworkPort.start`."""
        step = self._port.start()
        self._write(Answered(step))
        return step

    def advance(self, until_ns: int, commands: tuple[Send, ...]) -> Step:
        """See `NetworkPort.advance`."""
        self._write(Asked(until_ns, commands))
        step = self._port.advance(until_ns, commands)
        self._write(Answered(step))
        return step

    def finish(self) -> Totals:
        """See `NetworkPort.finish`."""
        totals = self._port.finish()
        self._write(Ended(totals))
        self._file.flush()
        return totals

    def close(self) -> None:
        """See `NetworkPort.close`."""
        try:
            self._file.close()
        except OSError:
            pass  # a full disk, of which the last write has told
        finally:
            self._port.close()

    def _write(self, entry: Entry) -> None:
        raw = self._encoder.encode(entry)
        try:
            self._file.write(len(raw).to_bytes(_LENGTH_BYTES, "big") + raw)
        except OSError as error:
            raise RunError(f"{self._path} cannot be written: {error.strerror}") from error


def read_exchanges(path: Path) -> Iterator[Entry]:
    """The entries of a record, as far as they are whole.

    Raises
    ------
    OutputError
        When there is no record, or it is damaged in the middle.
    """
    decoder: msgspec.msgpack.Decoder[Entry] = msgspec.msgpack.Decoder(Entry)
    try:
        with path.open("rb") as file:
            while len(head := file.read(_LENGTH_BYTES)) == _LENGTH_BYTES:
                length = int.from_bytes(head, "big")
                raw = file.read(length)
                if len(raw) < length:
                    return
                yield decoder.decode(raw)
    except FileNotFoundError as error:
        hint = "record one with `cosim run --record`"
        raise OutputError(f"{path.parent} holds no record of exchanges", hint=hint) from error
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise OutputError(f"{path} cannot be read: {error}") from error
