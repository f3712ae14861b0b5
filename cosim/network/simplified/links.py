"""The directed links and the routes over them, as they are at the present moment."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from cosim.network.port import LinkReport
from cosim.network.simplified.environment import LinkState
from cosim.network.simplified.radio import DIRECTIONS, Direction, Radio
from cosim.network.simplified.tree import Stretch, serving_sector
from cosim.scenario.schema import LinkSpec
from cosim.scenario.topology import Topology, access_link

if TYPE_CHECKING:
    from cosim.network.simplified.streams import Stream

_LONGEST_WAIT_NS: Final = 1e18


class Pool:
    """What streams share: a wire in one direction, or a cell's time in one direction."""

    __slots__ = ("streams",)

    def __init__(self) -> None:
        self.streams = 0


class Link:
    """A directed link.

    Attributes
    ----------
    name, transmitter, receiver
        As in its reports; a radio link changes its upper end with the parent, and has none while
        its node sleeps.
    latency_ns
        One way when idle.
    pools
        What its streams share with those of other links: a cell's time, and that of an MT that has
        several parents.
    state
        What the rest of the world leaves of it.
    silent_until_ns
        When the interruption by a handover, or by a change of the parent, is over.
    senders
        The streams that begin on it.
    report
        The newest one, as long as it holds whatever time it is; else None.
    """

    __slots__ = (
        "latency_ns",
        "name",
        "pools",
        "receiver",
        "report",
        "senders",
        "silent_until_ns",
        "state",
        "transmitter",
    )

    def __init__(self, name: str, latency_ns: int) -> None:
        self.name, self.latency_ns = name, latency_ns
        self.transmitter = self.receiver = ""
        self.pools: tuple[Pool, ...] = (Pool(),)
        self.state = LinkState(0.0, 0.0, 0, -1, float("nan"))
        self.silent_until_ns = 0
        self.senders: list[Stream] = []
        self.report: LinkReport | None = None

    def become(self, state: LinkState) -> None:
        """Take over a new state."""
        if state != self.state:
            self.state = state
            self.report = None

    @property
    def streams(self) -> int:
        """How many have equal shares of what its streams have least of."""
        pools = self.pools
        if len(pools) == 1:
            return pools[0].streams
        return max([pool.streams for pool in pools])

    def move(self, transmitter: str, receiver: str, *pools: Pool) -> None:
        """Lead between other nodes."""
        self.transmitter, self.receiver, self.pools = transmitter, receiver, pools
        self.report = None

    def enter(self, stream: Stream) -> None:
        """Let a stream begin here."""
        self.senders.append(stream)
        self.report = None

    def leave(self, stream: Stream) -> None:
        """Let a stream end that begins here."""
        self.senders.remove(stream)

    def make_report(self, now_ns: int) -> LinkReport:
        """Tell of its state."""
        report = self._report_at(now_ns)
        if not self.senders:
            self.report = report
        return report

    def _report_at(self, now_ns: int) -> LinkReport:
        capacity_bps, busy, wait_ns, mcs, snr_db = self.state
        bits, drain_ns, since_ns = 0.0, 0.0, now_ns
        if self.senders:
            bits = sum([stream.backlog_bits(now_ns) for stream in self.senders])
            since_ns = min([stream.head_ns for stream in self.senders])
        if bits:
            drain_ns = min(_LONGEST_WAIT_NS, bits * 1e9 / max(capacity_bps, 1e-9))
        return LinkReport(
            link=self.name,
            transmitter=self.transmitter,
            receiver=self.receiver,
            capacity_bps=int(capacity_bps),
            latency_ns=self.latency_ns,
            queue_bytes=int((bits + capacity_bps * wait_ns / 1e9) / 8),
            queue_delay_ns=int(drain_ns) + wait_ns,
            hol_delay_ns=max(now_ns - since_ns, wait_ns),
            mcs=mcs,
            sinr_db=snr_db,
            used_fraction=1.0 if bits and capacity_bps > 0 else min(busy, 1.0),
        )


Route = tuple[Link, ...]


class LinkMap:
    """All links of a network, and the way from any node to any other.

    Parameters
    ----------
    home
        The graph at first.
    radio
        What is built.
    has_sectors
        Whether backhaul links have cells of their own.
    """

    def __init__(self, home: Topology, radio: Radio, *, has_sectors: bool) -> None:
        self._home = self._topology = home
        self._has_sectors = has_sectors
        self._pools: dict[tuple[str, Direction], Pool] = defaultdict(Pool)  # by cell or sector
        self._mts = {  # of nodes with several parents, each of which has one transceiver for them
            (name, d): (Pool(),)
            for name, own in home.uplinks.items()
            for d in DIRECTIONS
            if len(own) > 1
        }
        self._links: dict[tuple[str, Direction], Link] = {}  # by name
        self._serving: dict[str, str] = {}
        self._routes: dict[tuple[str, str], Route] = {}
        idle_ns = {d: radio.idle_latency_ns(d) for d in DIRECTIONS}
        for spec in home.links.values():
            wired = spec.kind == "wired"
            for d in DIRECTIONS:
                link = Link(spec.name, int(spec.delay or 0) if wired else idle_ns[d])
                if wired:
                    link.move(*_ends(spec.child, spec.parent, d), Pool())
                self._links[spec.name, d] = link
            if not wired:
                self._connect(spec)
        for ue in home.ues:
            for d in DIRECTIONS:
                self._links[access_link(ue), d] = Link(access_link(ue), idle_ns[d])

    def __iter__(self) -> Iterator[Link]:
        return iter(self._links.values())

    def of(self, name: str, direction: Direction) -> Link:
        """A link in one direction."""
        return self._links[name, direction]

    def may_be_given_up(self, link: Link) -> bool:
        """Whether it is a backhaul link of a network in which some node has several parents."""
        spec = self._home.links.get(link.name)
        return bool(self._mts) and spec is not None and spec.kind == "wireless"

    def serving(self, ue: str) -> str:
        """The cell of a UE; empty before it is attached."""
        return self._serving.get(ue, "")

    def attach(self, ue: str, cell: str) -> None:
        """Let a UE be served by another cell."""
        self._serving[ue] = cell
        self._routes.clear()
        for direction in DIRECTIONS:
            link = self._links[access_link(ue), direction]
            link.move(*_ends(ue, cell, direction), self._pools[cell, direction])

    def follow(self, stretch: Stretch) -> None:
        """Let packets take other ways."""
        self._topology = stretch.topology
        self._routes.clear()
        for change in stretch.moved:
            attached = stretch.attached(change.link)
            self._connect(attached or replace(self._home.links[change.link], parent=""))

    def route(self, source: str, destination: str) -> Route:
        """The links from a node to another: up to where their paths meet, then down.

        None at all where one of them sleeps.
        """
        key = (source, destination)
        if key not in self._routes:
            self._routes[key] = self._find(source, destination)
        return self._routes[key]

    def _connect(self, spec: LinkSpec) -> None:
        sector = spec.parent and serving_sector(
            self._home, spec.parent, spec.child, has_sectors=self._has_sectors
        )
        for d in DIRECTIONS:
            ends = _ends(spec.child, spec.parent, d)
            mt = self._mts.get((spec.child, d), ())
            self._links[spec.name, d].move(*ends, self._pools[sector, d], *mt)

    def _find(self, source: str, destination: str) -> Route:
        up, down = self._links_up(source), self._links_up(destination)
        meet = next((name for name in up if name in down), None)
        if meet is None:
            return ()
        climb = [self._links[name, "up"] for name in _until(meet, up)]
        descend = [self._links[name, "down"] for name in _until(meet, down)]
        return (*climb, *reversed(descend))

    def _links_up(self, name: str) -> dict[str, str]:
        """The nodes on the way of one up to the root, with the link by which it leaves them."""
        path, way = self._topology.node(name).path, {}
        if name in self._serving:
            way[name] = access_link(name)
            name = self._serving[name]
        while (link := self._topology.uplink_of(name, path)) is not None:
            way[name] = link.name
            name = link.parent
        return {**way, name: ""}


def _until(node: str, way: Mapping[str, str]) -> Iterator[str]:
    """The links of a way before a node."""
    return itertools.islice(way.values(), list(way).index(node))


def _ends(child: str, parent: str, direction: Direction) -> tuple[str, str]:
    return (child, parent) if direction == "up" else (parent, child)
