"""Messages on their way: tensors by `streams`, signalling as single packets."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from cosim.errors import ProtocolError
from cosim.network.port import Delivery, Send, Transport
from cosim.network.simplified.account import Account
from cosim.network.simplified.agenda import MESSAGES, NEVER_NS, Agenda
from cosim.network.simplified.flights import Flight, forwarded_ns, latency_ns
from cosim.network.simplified.links import Link, LinkMap, Route
from cosim.network.simplified.streams import Stream, StreamTable

_LARGEST_DATAGRAM: Final = 65_000  # as the packet simulator: leaves room for headers in 65535
_LARGEST_MESSAGE: Final = 1 << 40  # 1 TiB: a larger size is a mistake
_DATAGRAM_HEADER_BYTES: Final = 28  # IPv4 and UDP


class Messages:
    """Everything that nodes sent and that has not arrived.

    Parameters
    ----------
    nodes
        Who may send and receive.
    links, agenda, account
        The links, the network's time, and where messages are counted.

    Attributes
    ----------
    streams
        The connections.
    """

    def __init__(
        self, nodes: Collection[str], links: LinkMap, agenda: Agenda, account: Account
    ) -> None:
        self._nodes, self._links = nodes, links
        self._agenda, self._account = agenda, account
        self.streams = StreamTable(links.route, self._foresee)
        self._flying: dict[int, Flight] = {}  # by transfer
        self._held: list[Flight] = []  # at a link that may be given up for another one
        self._known_pairs: set[tuple[str, str]] = set()  # of nodes that may send to each other

    def send(self, message: Send) -> None:
        """Send one, at the present moment."""
        fault = self._fault(message)
        if fault is not None:
            problem = f"send: transfer {message.transfer_id}: {fault}"
            raise ProtocolError(problem, sim_time_ns=self._agenda.now_ns)
        self._account.sent(message.size_bytes)
        flight = self._flying[message.transfer_id] = Flight(message, self._agenda.now_ns)
        if message.transport is Transport.TCP:
            self.streams.send(self._agenda.now_ns, message)
            return
        self._send_datagram(flight)

    def try_again(self) -> None:
        """Send the datagrams that wait for a way, now that links or ways are others."""
        held, self._held = self._held, []
        for flight in held:
            self._send_datagram(flight)

    def in_air(self) -> list[tuple[Flight, Route]]:
        """The messages whose last bit has left, and their ways, before these change."""
        flights = [flight for flight in self._flying.values() if flight.arrival_ns is not None]
        return [(flight, self._way(flight.message)) for flight in flights]

    def forward(self, flights: Iterable[tuple[Flight, Route]], changed: Collection[Link]) -> None:
        """Let messages in the air go on after a change of the tree.

        Parameters
        ----------
        flights
            What `in_air` gave before it.
        changed
            The links that lead elsewhere from now on.
        """
        now_ns = self._agenda.now_ns
        for flight, before in flights:
            due_ns, message = flight.arrival_ns or 0, flight.message
            if message.transfer_id not in self._flying:
                continue  # lost at a handover just now
            arrival_ns = forwarded_ns(due_ns, now_ns, before, self._way(message), changed)
            if message.transport is Transport.UDP and arrival_ns is None:
                self._lose(flight)
            elif arrival_ns is None:
                flight.arrival_ns = NEVER_NS  # TCP sends again until there is a way
            elif arrival_ns != due_ns:
                self._land(flight, arrival_ns)
                if message.transport is Transport.TCP:
                    self.streams.delay(message, arrival_ns)

    def lose_at(self, cell: Link) -> None:
        """Lose the datagrams that wait for the UE behind a link; TCP sends again what is lost."""
        last_ns = self._agenda.now_ns + latency_ns((cell,))
        for flight in [*self._flying.values()]:
            is_datagram = flight.message.transport is Transport.UDP
            is_for_it = flight.message.destination == cell.receiver
            if is_datagram and is_for_it and (flight.arrival_ns or NEVER_NS) <= last_ns:
                self._lose(flight)

    def sizes(self) -> list[int]:
        """Bytes of each message on its way."""
        return [flight.message.size_bytes for flight in self._flying.values()]

    def _way(self, message: Send) -> Route:
        return self._links.route(message.source, message.destination)

    def _send_datagram(self, flight: Flight) -> None:
        arrival_ns = self._datagram_arrival(flight.message)
        if arrival_ns is not None:
            self._land(flight, arrival_ns)
        elif self._may_wait(self._way(flight.message)):
            self._held.append(flight)
        else:
            self._lose(flight)

    def _may_wait(self, way: Route) -> bool:
        """Whether what is dead on a way may be given up for another one."""
        dead = [link for link in way if link.state.capacity_bps <= 0]
        return bool(dead) and all(map(self._links.may_be_given_up, dead))

    def _datagram_arrival(self, message: Send) -> int | None:
        """When a datagram arrives, at the links' present state; None where one of them is dead."""
        bits = 8e9 * (message.size_bytes + _DATAGRAM_HEADER_BYTES)  # per ns and bit/s
        now = self._agenda.now_ns
        way = self._way(message)
        for link in way:
            capacity_bps, _, wait_ns, _, _ = link.state
            if capacity_bps <= 0:
                return None
            sending_ns = int(bits * (link.streams + 1) / capacity_bps)
            now = max(now, link.silent_until_ns) + sending_ns + link.latency_ns + wait_ns
        return now if way else None

    def _foresee(self, time_ns: int, stream: Stream) -> None:
        self._agenda.at(time_ns, MESSAGES, self._finish_sending, stream)

    def _finish_sending(self, stream: Stream) -> None:
        done = self.streams.finished(self._agenda.now_ns, stream)
        if done is not None:
            message, arrival_ns = done
            self._land(self._flying[message.transfer_id], arrival_ns)

    def _land(self, flight: Flight, arrival_ns: int) -> None:
        flight.arrival_ns = arrival_ns
        self._agenda.at(arrival_ns, MESSAGES, self._deliver, flight)

    def _lose(self, flight: Flight) -> None:
        flight.arrival_ns = NEVER_NS
        del self._flying[flight.message.transfer_id]
        self._account.lost(flight.message.size_bytes)

    def _deliver(self, flight: Flight) -> None:
        if flight.arrival_ns != self._agenda.now_ns:
            return  # it was forwarded or lost since
        message = flight.message
        del self._flying[message.transfer_id]
        self._account.delivered(message.size_bytes)
        self._agenda.events.append(
            Delivery(
                time_ns=self._agenda.now_ns,
                transfer_id=message.transfer_id,
                source=message.source,
                destination=message.destination,
                size_bytes=message.size_bytes,
                sent_ns=flight.sent_ns,
                payload=message.payload,
            )
        )

    def _fault(self, message: Send) -> str | None:
        """What is wrong with a message that the packet simulator refuses too, or None."""
        largest = _LARGEST_DATAGRAM if message.transport is Transport.UDP else _LARGEST_MESSAGE
        if not len(message.payload) <= message.size_bytes <= largest:
            return f"a size of {message.size_bytes} bytes cannot be sent"
        if message.transfer_id in self._flying:
            return "it is under way already"
        if (message.source, message.destination) in self._known_pairs:
            return None
        for name in (message.source, message.destination):
            if name not in self._nodes:
                return f"no node '{name}'"
        if message.source == message.destination:
            return f"'{message.source}' sends to itself"
        self._known_pairs.add((message.source, message.destination))
        return None
