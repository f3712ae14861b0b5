"""A network that notes what every tensor's transfer took."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pandas as pd

from cosim.backends import PortFactory
from cosim.network.port import Delivery, NetworkPort, Send, Step, Totals, Transport
from cosim.scenario import Scenario


class Transfer(msgspec.Struct, frozen=True):
    """One message that went over TCP.

    Attributes
    ----------
    hop
        From which node to which.
    size_bytes, sent_s, seconds
        What it was, and what it took.
    ordinal
        The how manieth on its connection, from 0.
    """

    hop: str
    size_bytes: int
    sent_s: float
    seconds: float
    ordinal: int


class NotingPort:
    """Passes everything on, and keeps the transfers."""

    def __init__(self, port: NetworkPort, transfers: list[Transfer]) -> None:
        self._port = port
        self._transfers = transfers
        self._tensors: set[int] = set()
        self._counts: dict[str, int] = {}

    @property
    def version(self) -> str:
        """Of the network behind."""
        return self._port.version

    def start(self) -> Step:
        """See `NetworkPort.start`."""
        return self._port.start()

    def advance(self, until_ns: int, commands: tuple[Send, ...]) -> Step:
        """See `NetworkPort.advance`."""
        for command in commands:
            if command.transport is Transport.TCP:
                self._tensors.add(command.transfer_id)
        step = self._port.advance(until_ns, commands)
        for event in step.events:
            if isinstance(event, Delivery) and event.transfer_id in self._tensors:
                self._note(event)
        return step

    def finish(self) -> Totals:
        """See `NetworkPort.finish`."""
        return self._port.finish()

    def close(self) -> None:
        """See `NetworkPort.close`."""
        self._port.close()

    def _note(self, delivery: Delivery) -> None:
        hop = f"{delivery.source} to {delivery.destination}"
        ordinal = self._counts.get(hop, 0)
        self._counts[hop] = ordinal + 1
        seconds = (delivery.time_ns - delivery.sent_ns) / 1e9
        sent_s = delivery.sent_ns / 1e9
        self._transfers.append(Transfer(hop, delivery.size_bytes, sent_s, seconds, ordinal))


def noting(factory: PortFactory, transfers: list[Transfer]) -> PortFactory:
    """A factory of ports that note their transfers in a list."""

    def make(scenario: Scenario, stderr_path: Path) -> NetworkPort:
        return NotingPort(factory(scenario, stderr_path), transfers)

    return make


def to_frame(transfers: list[Transfer]) -> pd.DataFrame:
    """Transfers as a table."""
    rows = [msgspec.structs.astuple(transfer) for transfer in transfers]
    frame = pd.DataFrame(rows, columns=list(Transfer.__struct_fields__))
    return frame.astype({"size_bytes": int, "sent_s": float, "seconds": float, "ordinal": int})
