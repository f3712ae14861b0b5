"""The messages between the two sides: MessagePack maps, tagged by ``type``.

Every message carries the protocol version, the session's id and a sequence number of its sender.
The conversation: ``hello`` (ns-3) - ``config`` (Python) - ``ready`` or ``reject`` (ns-3) - then
``advance`` (Python) and ``step`` (ns-3) in turn - ``finish`` (Python) - ``totals`` (ns-3).
ns-3 may answer anything with ``error``, and ends.
"""

from __future__ import annotations

from typing import Any

import msgspec

from cosim.errors import ProtocolError
from cosim.network.port import Event, Send, Totals

PROTOCOL_VERSION = 1


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What every message carries beside its own fields."""

    v: int
    session: str
    seq: int


class Config(Envelope, frozen=True, tag="config"):
    """Python to ns-3: the network to build."""

    network: dict[str, Any]


class Advance(Envelope, frozen=True, tag="advance"):
    """Python to ns-3: commands, and the time to run to."""

    until_ns: int
    commands: tuple[Send, ...]


class Finish(Envelope, frozen=True, tag="finish"):
    """Python to ns-3: end in good order."""


class Hello(Envelope, frozen=True, tag="hello"):
    """ns-3 to Python: who it is."""

    program: str
    program_version: str
    ns3_version: str
    pid: int


class Ready(Envelope, frozen=True, tag="ready"):
    """ns-3 to Python: the network stands; its state at time 0."""

    now_ns: int
    events: tuple[Event, ...]


class Reject(Envelope, frozen=True, tag="reject"):
    """ns-3 to Python: the network cannot be built."""

    reason: str


class StepDone(Envelope, frozen=True, tag="step"):
    """ns-3 to Python: the time reached and what happened at it."""

    now_ns: int
    events: tuple[Event, ...]


class TotalsDone(Envelope, frozen=True, tag="totals"):
    """ns-3 to Python: the account of the run, and the real time that it spent simulating."""

    totals: Totals
    simulating_wall_ns: int = 0


class Failure(Envelope, frozen=True, tag="error"):
    """ns-3 to Python: it failed, and ends."""

    reason: str
    sim_time_ns: int


Incoming = Hello | Ready | Reject | StepDone | TotalsDone | Failure
Outgoing = Config | Advance | Finish


class Codec:
    """Encodes and decodes the messages of one session, and numbers them.

    Parameters
    ----------
    session
        Id that both sides' messages must carry.
    """

    def __init__(self, session: str) -> None:
        self.session = session
        self._sent = 0
        self._received = 0
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder: msgspec.msgpack.Decoder[Incoming] = msgspec.msgpack.Decoder(Incoming)

    @property
    def has_received(self) -> bool:
        """Whether the other side has said anything yet."""
        return self._received > 0

    def encode(self, kind: type[Outgoing], **fields: Any) -> bytes:
        """Write the next message of this side."""
        message = kind(v=PROTOCOL_VERSION, session=self.session, seq=self._sent, **fields)
        self._sent += 1
        return self._encoder.encode(message)

    def decode(self, raw: bytes) -> Incoming:
        """Read the next message of the other side.

        Raises
        ------
        ProtocolError
            When it is no message, of another version or session, or out of order.
        """
        try:
            message = self._decoder.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ProtocolError(f"ns-3 sent what is no message: {error}") from error
        if message.v != PROTOCOL_VERSION:
            raise ProtocolError(
                f"ns-3 speaks protocol version {message.v}, this cosim {PROTOCOL_VERSION}",
                hint="install cosim again, so that both sides are of one version",
            )
        if message.session != self.session:
            raise ProtocolError("ns-3 sent a message of another session")
        if message.seq != self._received:
            raise ProtocolError(f"ns-3 sent message {message.seq} where {self._received} was due")
        self._received += 1
        return message
