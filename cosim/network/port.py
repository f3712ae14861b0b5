"""The one boundary between the engine and a network, whoever simulates it.

A network owns its own time. The engine asks it to ``advance`` to a time, with commands that take
effect at the present time; the network stops early when something happens that a node must hear
of, and returns everything that happened at that moment as one batch.

All times are integer ns since the start of the run, sizes integer bytes, rates integer bit/s.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import msgspec


class Transport(StrEnum):
    """How a message travels: UDP for signalling (may be lost), TCP for tensors (may not)."""

    TCP = "tcp"
    UDP = "udp"


class Send(msgspec.Struct, frozen=True, tag="send"):
    """Command: carry `size_bytes` from one node to another as real packets.

    `payload` is the message's leading bytes; the rest up to `size_bytes` is zero padding, so that a
    tensor's size can cross the network without its values.
    """

    transfer_id: int
    source: str
    destination: str
    size_bytes: int
    transport: Transport
    payload: bytes = b""


class Delivery(msgspec.Struct, frozen=True, tag="delivery"):
    """Event: the last byte of a message reached its destination."""

    time_ns: int
    transfer_id: int
    source: str
    destination: str
    size_bytes: int
    sent_ns: int
    payload: bytes


class LinkReport(msgspec.Struct, frozen=True):
    """The state of one directed link, as its ends know it.

    Attributes
    ----------
    link
        Name of the link; a UE's radio link is called ``<ue>-access`` whichever node serves it.
    transmitter, receiver
        Node names.
    capacity_bps
        Rate that a task's traffic could have on it now, bit/s; 0 when nothing gets through.
    latency_ns
        One-way delay of a small packet on the idle link (propagation, frame alignment, grant).
    queue_bytes
        Bytes waiting at the transmitter: the tasks' on a radio link, everybody's on a wire.
    queue_delay_ns
        How long a byte that is queued now will wait, at the present rate.
    hol_delay_ns
        How long the oldest waiting byte has waited.
    mcs, sinr_db
        Modulation and coding scheme and SINR; -1 and NaN on a wire.
    used_fraction
        Share of the link's resources used since the last report, by anyone, 0..1.
    """

    link: str
    transmitter: str
    receiver: str
    capacity_bps: int
    latency_ns: int
    queue_bytes: int
    queue_delay_ns: int
    hol_delay_ns: int
    mcs: int
    sinr_db: float
    used_fraction: float


class ReportTick(msgspec.Struct, frozen=True, tag="report"):
    """Event: the periodic report of all links."""

    time_ns: int
    links: tuple[LinkReport, ...]


class Attachment(msgspec.Struct, frozen=True, tag="attachment"):
    """Event: a UE is now served by `serving` (a handover when `previous` is not empty)."""

    time_ns: int
    ue: str
    serving: str
    previous: str


class ParentChange(msgspec.Struct, frozen=True, tag="parent"):
    """Event: an IAB node, with all below it, has another parent over a link.

    An empty parent while it sleeps, or while the link fails and its other parents are used. An
    empty link is the node's first one.
    """

    time_ns: int
    node: str
    parent: str
    previous: str
    link: str = ""


Event = Delivery | ReportTick | Attachment | ParentChange


class Step(msgspec.Struct, frozen=True):
    """What one ``advance`` reached: the time, and all that happened at it, in order."""

    now_ns: int
    events: tuple[Event, ...]


class Totals(msgspec.Struct, frozen=True):
    """The network's own account of the whole run, for checking that no byte appears or vanishes."""

    sent_messages: int
    sent_bytes: int
    delivered_messages: int
    delivered_bytes: int
    in_flight_messages: int
    in_flight_bytes: int
    lost_messages: int
    lost_bytes: int
    handovers: int
    background_bytes: int
    simulator_events: int


class NetworkPort(Protocol):
    """A network that the engine can drive.

    Every method raises a `cosim.errors.NetworkError` when the network fails, and returns or raises
    within the deadline that the port was made with.
    """

    @property
    def version(self) -> str:
        """Name and version of the simulator, for the manifest."""

    def start(self) -> Step:
        """Build the network; return the state at time 0 (attachments and a first report)."""

    def advance(self, until_ns: int, commands: tuple[Send, ...]) -> Step:
        """Apply `commands` now, then run to `until_ns` or to the first event if that is earlier."""

    def finish(self) -> Totals:
        """End the simulation in good order and return its account."""

    def close(self) -> None:
        """Release everything, whatever the state; never raises, may be called twice."""
