"""The network port over the simplified simulator."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any, Final

import cosim
from cosim.errors import ProtocolError, ScenarioError
from cosim.network.port import (
    Attachment,
    Delivery,
    Event,
    ReportTick,
    Send,
    Step,
    Totals,
    Transport,
)
from cosim.network.simplified.access import AccessStep, access_steps
from cosim.network.simplified.account import Account
from cosim.network.simplified.environment import Environment, Epoch, LinkState
from cosim.network.simplified.links import LinkMap
from cosim.network.simplified.radio import DIRECTIONS, Radio
from cosim.network.simplified.streams import Stream, StreamTable
from cosim.scenario.schema import Scenario
from cosim.scenario.topology import build_topology

_LARGEST_DATAGRAM: Final = 65_000  # as the packet simulator: leaves room for headers in 65535
_LARGEST_MESSAGE: Final = 1 << 40  # 1 TiB: a larger size is a mistake
_DATAGRAM_HEADER_BYTES: Final = 28  # IPv4 and UDP
# At one moment the world changes first, then messages move, then the report tells of both.
_WORLD, _MESSAGES, _REPORT = 0, 1, 2


class SimplifiedNetwork:
    """A `NetworkPort` at the level of detail of the paper's own simulator.

    Tensors are fluid (`streams`), signalling is one packet that waits for nobody but the mean of
    others (M/D/1 on wires) and is lost where nothing gets through.

    Parameters
    ----------
    scenario
        What to simulate.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._topology = build_topology(scenario)
        relays = any(link.kind == "wireless" for link in scenario.links)
        self._radio = Radio(
            scenario.radio,
            has_relays=relays,
            excess_loss_db=float(scenario.simplified.access_loss),
        )
        self._links = LinkMap(
            self._topology, self._radio, has_sectors=scenario.radio.backhaul_sectors
        )
        environment = Environment(scenario, self._topology, self._radio)
        self._epochs = environment.epochs()
        self._fixed = [self._links.of(s.child, d) for s, d in environment.link_keys]
        self._all_links = tuple(self._links)
        self._epoch: Epoch = next(self._epochs)
        self._counted_ns = 0
        cells = [self._topology.nodes[name] for name in self._topology.serving_nodes]
        self._access = {
            ue: access_steps(scenario, self._topology.nodes[ue], cells, self._radio)
            for ue in self._topology.ues
        }
        self._access_now: dict[str, AccessStep] = {}
        self._streams = StreamTable(self._links.route, self._foresee)
        self._report_ns = int(scenario.report_interval)
        self._interruption_ns = int(scenario.radio.handover_interruption)
        self._agenda: list[tuple[int, int, int, Callable[[Any], None], Any]] = []
        self._count = 0
        self._now_ns = 0
        self._events: list[Event] = []
        self._flying: dict[int, int] = {}  # bytes by transfer
        self._known_pairs: set[tuple[str, str]] = set()  # of nodes that may send to each other
        self._account = Account()

    @property
    def version(self) -> str:
        """Name and version, for the manifest."""
        return f"cosim simplified simulator {cosim.__version__}"

    def start(self) -> Step:
        """Build the network; see `NetworkPort.start`."""
        self._enter_epoch(self._epoch)
        for steps in self._access.values():
            self._take_step(next(steps))
        self._report(0)
        return self.advance(0, ())

    def advance(self, until_ns: int, commands: tuple[Send, ...]) -> Step:
        """Run to `until_ns` or to the first event; see `NetworkPort.advance`."""
        if until_ns < self._now_ns:
            raise ProtocolError(f"advance: {until_ns} ns is in the past", sim_time_ns=self._now_ns)
        for command in commands:
            self._send(command)
        agenda, events = self._agenda, self._events
        while agenda and agenda[0][0] <= until_ns:
            if events and agenda[0][0] > self._now_ns:
                break
            self._now_ns, _, _, act, what = heapq.heappop(agenda)
            act(what)
        if not events:
            self._now_ns = until_ns
        step = Step(self._now_ns, tuple(events))
        events.clear()
        return step

    def finish(self) -> Totals:
        """Give the account; see `NetworkPort.finish`."""
        self._count_background()
        return self._account.totals(self._flying.values(), self._count)

    def close(self) -> None:
        """Release everything; see `NetworkPort.close`."""
        self._agenda.clear()

    def _at(self, time_ns: int, rank: int, act: Callable[[Any], None], what: object) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (time_ns, rank, self._count, act, what))

    # What the world does.

    def _enter_epoch(self, epoch: Epoch) -> None:
        self._count_background()
        self._epoch = epoch
        for link, state in zip(self._fixed, epoch.links, strict=True):
            link.become(state)
        for step in self._access_now.values():
            self._adapt(step)
        self._streams.share(self._now_ns)
        following = next(self._epochs, None)
        if following is not None:
            self._at(following.time_ns, _WORLD, self._enter_epoch, following)

    def _take_step(self, step: AccessStep) -> None:
        before = self._links.serving(step.ue)
        if step.serving != before:
            self._attach(step, before)
        self._access_now[step.ue] = step
        self._adapt(step)
        self._streams.share(self._now_ns)
        following = next(self._access[step.ue], None)
        if following is not None:
            self._at(following.time_ns, _WORLD, self._take_step, following)

    def _attach(self, step: AccessStep, before: str) -> None:
        self._streams.reroute(self._now_ns, lambda: self._links.attach(step.ue, step.serving))
        self._events.append(Attachment(self._now_ns, step.ue, step.serving, before))
        if before:
            self._account.handovers += 1
            back_ns = self._now_ns + self._interruption_ns
            for direction in DIRECTIONS:
                self._links.of(step.ue, direction).silent_until_ns = back_ns
            self._at(back_ns, _WORLD, self._streams.share, back_ns)

    def _adapt(self, step: AccessStep) -> None:
        """Give a UE's link the rate that its SNR and the cell's other users leave to it."""
        for direction, snr_db in zip(DIRECTIONS, (step.down_snr_db, step.up_snr_db), strict=True):
            share, busy = self._epoch.cells[step.serving, direction]
            rate_bps, mcs = self._radio.rate_and_mcs(snr_db, direction)
            state = LinkState(share * rate_bps, busy, 0, mcs, snr_db)
            self._links.of(step.ue, direction).become(state)

    def _report(self, due_ns: int) -> None:
        reports = tuple([link.report(self._now_ns) for link in self._all_links])
        self._events.append(ReportTick(self._now_ns, reports))
        self._at(due_ns + self._report_ns, _REPORT, self._report, due_ns + self._report_ns)

    def _count_background(self) -> None:
        seconds = (self._now_ns - self._counted_ns) / 1e9
        self._account.background_bytes += self._epoch.background_bps * seconds / 8
        self._counted_ns = self._now_ns

    # What messages do.

    def _send(self, message: Send) -> None:
        self._check(message)
        self._account.sent(message.size_bytes)
        self._flying[message.transfer_id] = message.size_bytes
        if message.transport is Transport.TCP:
            self._streams.send(self._now_ns, message)
            return
        arrival_ns = self._datagram_arrival(message)
        if arrival_ns is None:
            del self._flying[message.transfer_id]
            self._account.lost(message.size_bytes)
            return
        self._at(arrival_ns, _MESSAGES, self._deliver, (message, self._now_ns))

    def _datagram_arrival(self, message: Send) -> int | None:
        """When a datagram arrives, at the links' present state; None where one of them is dead."""
        bits = 8e9 * (message.size_bytes + _DATAGRAM_HEADER_BYTES)  # per ns and bit/s
        now = self._now_ns
        for link in self._links.route(message.source, message.destination):
            state = link.state
            if state.capacity_bps <= 0:
                return None
            sending = bits * (link.pool.streams + 1) / state.capacity_bps
            now = max(now, link.silent_until_ns) + int(sending) + link.latency_ns + state.wait_ns
        return now

    def _foresee(self, time_ns: int, stream: Stream) -> None:
        self._at(time_ns, _MESSAGES, self._finish_sending, stream)

    def _finish_sending(self, stream: Stream) -> None:
        done = self._streams.finished(self._now_ns, stream)
        if done is not None:
            message, sent_ns, arrival_ns = done
            self._at(arrival_ns, _MESSAGES, self._deliver, (message, sent_ns))

    def _deliver(self, what: tuple[Send, int]) -> None:
        message, sent_ns = what
        del self._flying[message.transfer_id]
        self._account.delivered(message.size_bytes)
        self._events.append(
            Delivery(
                time_ns=self._now_ns,
                transfer_id=message.transfer_id,
                source=message.source,
                destination=message.destination,
                size_bytes=message.size_bytes,
                sent_ns=sent_ns,
                payload=message.payload,
            )
        )

    def _check(self, message: Send) -> None:
        """Refuse what the packet simulator refuses."""
        fault = self._fault(message)
        if fault is not None:
            raise ProtocolError(
                f"send: transfer {message.transfer_id}: {fault}", sim_time_ns=self._now_ns
            )

    def _fault(self, message: Send) -> str | None:
        largest = _LARGEST_DATAGRAM if message.transport is Transport.UDP else _LARGEST_MESSAGE
        if not len(message.payload) <= message.size_bytes <= largest:
            return f"a size of {message.size_bytes} bytes cannot be sent"
        if message.transfer_id in self._flying:
            return "it is under way already"
        if (message.source, message.destination) in self._known_pairs:
            return None
        for name in (message.source, message.destination):
            if name not in self._topology.nodes:
                return f"no node '{name}'"
        if message.source == message.destination:
            return f"'{message.source}' sends to itself"
        self._known_pairs.add((message.source, message.destination))
        return None


def open_simplified(scenario: Scenario) -> SimplifiedNetwork:
    """The simplified simulator for a scenario; it needs nothing but numpy.

    Raises
    ------
    ScenarioError
        When the scenario has changes of the topology, or a node with several parents.
    """
    if scenario.topology_changes:
        problem = "the simplified simulator cannot change the tree"
        raise ScenarioError("topology_changes", problem, hint="use the backend ns3")
    for links in build_topology(scenario).uplinks.values():
        if len(links) > 1:
            problem = f"the simplified simulator knows one parent of '{links[1].child}'"
            raise ScenarioError(f"links.{links[1].name}", problem, hint="use the backend ns3")
    return SimplifiedNetwork(scenario)
