"""A small deterministic network in memory, and a world of controllers around it."""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pytest

from cosim.engine import LoopResult, run_loop
from cosim.ledger import SciUpdate, TaskOutcome
from cosim.network.port import (
    Attachment,
    Delivery,
    Event,
    LinkReport,
    ReportTick,
    Send,
    Step,
    Totals,
    Transport,
)
from cosim.nodes import (
    EnergyRates,
    NodeConfig,
    NodeController,
    NodeOptions,
    SourceConfig,
    make_node_model,
    uplink_of,
)
from cosim.nodes.records import CapacityForecast
from cosim.scenario.schema import LinkSpec, NodeKind, NodeSpec, Scenario
from cosim.scenario.topology import Topology, access_link, build_topology
from cosim.splitting import Policy, make_policy

MS = 1_000_000


@dataclass
class Wire:
    """One directed link: a queue, first in first out, store and forward."""

    name: str
    transmitter: str
    receiver: str
    rate_bps: int
    latency_ns: int
    waiting: deque[tuple[Send, int]] = field(default_factory=deque)
    busy: bool = False


class MemoryNetwork:
    """Implements `NetworkPort`: fixed rates, a schedule of changes, optional harm to messages.

    `mangle` gives the delays with which copies of a message arrive: ``[0]`` is normal, ``[]`` lost.
    """

    version = "memory"

    def __init__(
        self,
        topology: Topology,
        *,
        rate_bps: int = 100_000_000,
        latency_ns: int = MS,
        report_ns: int = 10 * MS,
        attachments: Sequence[tuple[int, str, str]] = (),
        rates: Sequence[tuple[int, str, int]] = (),
        mangle: Callable[[Send], list[int]] = lambda send: [0],
    ) -> None:
        self.topology = topology
        self.now_ns = 0
        self.sent: list[Send] = []
        self.deliveries: list[Delivery] = []
        self.reports: list[ReportTick] = []
        self.closed = False
        self.on_send: Callable[[Send], None] = lambda send: None
        self._report_ns = report_ns
        self._mangle = mangle
        self._serving: dict[str, str] = {}
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self._events: list[Event] = []
        self._done: set[int] = set()
        self._lost: set[int] = set()
        self.wires: dict[tuple[str, str], Wire] = {}
        for link in topology.links.values():
            for a, b in ((link.child, link.parent), (link.parent, link.child)):
                self.wires[link.name, a] = Wire(link.name, a, b, rate_bps, latency_ns)
        for ue in topology.ues:
            self.wires[access_link(ue), ue] = Wire(access_link(ue), ue, "", rate_bps, latency_ns)
            self.wires[access_link(ue), ""] = Wire(access_link(ue), "", ue, rate_bps, latency_ns)
        for at_ns, ue, serving in attachments:
            self._at(at_ns, partial(self._attach, ue, serving))
        for at_ns, name, rate in rates:
            self._at(at_ns, partial(self._set_rate, name, rate))
        self._at(0, self._tick)

    def start(self) -> Step:
        return self.advance(0, ())

    def advance(self, until_ns: int, commands: tuple[Send, ...]) -> Step:
        for send in commands:
            self.sent.append(send)
            self.on_send(send)
            copies = self._mangle(send)
            if not copies:
                self._lost.add(send.transfer_id)
            for delay in copies:
                self._at(self.now_ns + delay, partial(self._enter, send, send.source))
        while self._agenda and self._agenda[0][0] <= until_ns:
            if self._events and self._agenda[0][0] > self.now_ns:
                break
            self.now_ns, _, action = heapq.heappop(self._agenda)
            action()
        if not self._events:
            self.now_ns = until_ns
        events, self._events = tuple(self._events), []
        return Step(self.now_ns, events)

    def finish(self) -> Totals:
        size = {send.transfer_id: send.size_bytes for send in self.sent}
        flying = set(size) - self._done - self._lost
        return Totals(
            sent_messages=len(size),
            sent_bytes=sum(size.values()),
            delivered_messages=len(self._done),
            delivered_bytes=sum(size[i] for i in self._done),
            in_flight_messages=len(flying),
            in_flight_bytes=sum(size[i] for i in flying),
            lost_messages=len(self._lost),
            lost_bytes=sum(size[i] for i in self._lost),
            handovers=0,
            background_bytes=0,
            simulator_events=self._count,
        )

    def close(self) -> None:
        self.closed = True

    def _at(self, at_ns: int, action: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (at_ns, self._count, action))

    def _tick(self) -> None:
        tick = ReportTick(self.now_ns, tuple(self._report_of(w) for w in self.wires.values()))
        self.reports.append(tick)
        self._events.append(tick)
        self._at(self.now_ns + self._report_ns, self._tick)

    def _report_of(self, wire: Wire) -> LinkReport:
        queue = sum(send.size_bytes for send, _ in wire.waiting)
        wait = int(queue * 8e9 / wire.rate_bps) if wire.rate_bps else 0
        return LinkReport(
            link=wire.name,
            transmitter=wire.transmitter,
            receiver=wire.receiver,
            capacity_bps=wire.rate_bps,
            latency_ns=wire.latency_ns,
            queue_bytes=queue,
            queue_delay_ns=wait,
            hol_delay_ns=0,
            mcs=-1,
            sinr_db=math.nan,
            used_fraction=0.0,
        )

    def _attach(self, ue: str, serving: str) -> None:
        previous = self._serving.get(ue, "")
        self._serving[ue] = serving
        self.wires[access_link(ue), ue].receiver = serving
        self.wires[access_link(ue), ""].transmitter = serving
        self._events.append(Attachment(self.now_ns, ue, serving, previous))
        for wire in self.wires.values():
            self._serve(wire)

    def _set_rate(self, name: str, rate_bps: int) -> None:
        for wire in self.wires.values():
            if wire.name == name:
                wire.rate_bps = rate_bps
                self._serve(wire)

    def _enter(self, send: Send, here: str) -> None:
        """A message is at node `here`: deliver it, or queue it on its next link."""
        if here == send.destination:
            if send.transfer_id in self._done and send.transport is Transport.TCP:
                return
            self._done.add(send.transfer_id)
            delivery = Delivery(
                time_ns=self.now_ns,
                transfer_id=send.transfer_id,
                source=send.source,
                destination=here,
                size_bytes=send.size_bytes,
                sent_ns=0,
                payload=send.payload,
            )
            self.deliveries.append(delivery)
            self._events.append(delivery)
            return
        wire = self._next_wire(here, send.destination)
        wire.waiting.append((send, self.now_ns))
        self._serve(wire)

    def _serve(self, wire: Wire) -> None:
        if wire.busy or not wire.waiting or wire.rate_bps == 0 or not wire.receiver:
            return
        send, _ = wire.waiting.popleft()
        wire.busy = True
        end_ns = self.now_ns + -(-send.size_bytes * 8_000_000_000 // wire.rate_bps)

        def sent() -> None:
            wire.busy = False
            self._serve(wire)

        receiver = wire.receiver
        self._at(end_ns, sent)
        self._at(end_ns + wire.latency_ns, lambda: self._enter(send, receiver))

    def _next_wire(self, here: str, destination: str) -> Wire:
        if here in self.topology.ues:
            return self.wires[access_link(here), here]
        if self._serving.get(destination) == here:
            return self.wires[access_link(destination), ""]
        target = self._serving.get(destination, destination)
        up = self.topology.path_to_root(here)
        path = self.topology.path_to_root(target)
        if here in path and here != target:
            child = path[path.index(here) - 1]
            return self.wires[self.topology.parent_links[child].name, here]
        assert len(up) > 1, f"no way from {here} to {destination}"
        return self.wires[self.topology.parent_links[here].name, here]


@dataclass
class Memory:
    """A recorder that keeps everything."""

    tasks: list[TaskOutcome] = field(default_factory=list)
    links: list[tuple[int, int]] = field(default_factory=list)
    sci: list[SciUpdate] = field(default_factory=list)
    forecasts: list[CapacityForecast] = field(default_factory=list)

    def record_task(self, task: TaskOutcome) -> None:
        self.tasks.append(task)

    def record_links(self, time_ns: int, links: tuple[LinkReport, ...]) -> None:
        self.links.append((time_ns, len(links)))

    def record_sci(self, update: SciUpdate) -> None:
        self.sci.append(update)

    def record_forecast(self, forecast: CapacityForecast) -> None:
        self.forecasts.append(forecast)

    @property
    def done(self) -> list[TaskOutcome]:
        return [task for task in self.tasks if task.status == "done"]


# Layer times of the UE, s; the other nodes are faster by their factor.
FORWARD_S = np.array([0.010, 0.020, 0.010, 0.040])
LIVE = np.array([60_000, 120_000, 20_000, 10_000, 0])
SPEED = {"ue": 1.0, "iab": 4.0, "donor": 4.0, "core": 10.0, "cloud": 20.0}
DIGEST = 0xABCD


@dataclass
class World:
    """Controllers on a topology."""

    topology: Topology
    controllers: dict[str, NodeController]
    memory: Memory = field(default_factory=Memory)

    def run(self, network: Any, duration_ns: int = 1000 * MS, **more: Any) -> LoopResult:
        try:
            return run_loop(
                network, self.controllers, self.topology, duration_ns, self.memory, **more
            )
        finally:
            network.close()


def make_topology(
    fixed: Sequence[tuple[str, NodeKind, str, bool]], ues: Sequence[str] = ("ue",)
) -> Topology:
    """From (name, kind, parent, computes) of the fixed nodes, the root's parent being empty."""
    nodes = [NodeSpec(name=ue, kind="ue", device="d", position_m=(0, 0, 1)) for ue in ues]
    links = []
    for name, kind, parent, computes in fixed:
        device = "d" if computes else None
        nodes.append(NodeSpec(name=name, kind=kind, device=device))
        if parent:
            links.append(LinkSpec(name=f"{name}-{parent}", kind="wired", child=name, parent=parent))
    return build_topology(Scenario(name="t", nodes=tuple(nodes), links=tuple(links)))


CHAIN: Sequence[tuple[str, NodeKind, str, bool]] = (
    ("gnb", "donor", "core", True),
    ("core", "core", "cloud", True),
    ("cloud", "cloud", "", True),
)
TREE: Sequence[tuple[str, NodeKind, str, bool]] = (
    ("iab1", "iab", "iab3", True),
    ("iab2", "iab", "iab3", True),
    ("iab3", "iab", "donor", False),
    ("donor", "donor", "core", True),
    ("core", "core", "cloud", True),
    ("cloud", "cloud", "", True),
)


def make_world(
    fixed: Sequence[tuple[str, NodeKind, str, bool]] = CHAIN,
    ues: Sequence[str] = ("ue",),
    policy: str | Callable[[], Policy] = "hivemind",
    think_ns: int = 5 * MS,
    timeout_ns: int = 2000 * MS,
    sci_period_ns: int = 50 * MS,
    speed: dict[str, float] = SPEED,
    energy: EnergyRates | None = None,
    options: NodeOptions | None = None,
    params: Sequence[int] | None = None,
    merge_node: str = "",
) -> World:
    topology = make_topology(fixed, ues)
    controllers = {}
    for name in topology.computing_nodes:
        kind = topology.nodes[name].kind
        is_ue = kind == "ue"
        index = ues.index(name) if is_ue else 0
        config = NodeConfig(
            name=name,
            kind=kind,
            model=make_node_model(FORWARD_S / speed[kind], LIVE, DIGEST, params),
            sci_period_ns=sci_period_ns,
            energy=energy or EnergyRates(),
            uplink=None if is_ue else uplink_of(topology.next_computing(name)),
            upstream=() if is_ue else topology.upstream_computing(name),
            source=SourceConfig(think_ns, timeout_ns, index, len(ues)) if is_ue else None,
            options=options or NodeOptions(),
            merges_downstream=merge_node in topology.path_to_root(name)[1:] or is_ue,
        )
        made = make_policy(policy) if isinstance(policy, str) else policy()
        controllers[name] = NodeController(config, made, clock=lambda: 0)
    return World(topology, controllers)


@pytest.fixture
def lab() -> Any:
    """What the tests of the loop need, under one name."""

    class Lab:
        CHAIN = CHAIN
        TREE = TREE
        FORWARD_S = FORWARD_S
        LIVE = LIVE
        SPEED = SPEED
        DIGEST = DIGEST
        Network = MemoryNetwork
        Memory = Memory
        make_world = staticmethod(make_world)

    return Lab
