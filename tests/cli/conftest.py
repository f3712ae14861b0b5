"""A network that needs no ns-3, put in its place for runs through the API and the command line."""

from __future__ import annotations

import heapq
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from cosim.errors import PeerDiedError
from cosim.network.ns3 import LastWill
from cosim.network.port import (
    Attachment,
    Delivery,
    Event,
    LinkReport,
    ReportTick,
    Send,
    Step,
    Totals,
)
from cosim.scenario import Scenario, access_link, build_topology

LATENCY_NS = 2_000_000
RATE_BPS = 100_000_000


class StillNetwork:
    """Every link has the same rate for ever, and messages do not meet."""

    version = "still network 1"

    def __init__(self, scenario: Scenario, trouble: Callable[[int], None] | None = None) -> None:
        self.closed = 0
        self._topology = build_topology(scenario)
        self._interval_ns = scenario.report_interval
        self._now_ns = 0
        self._flying: list[tuple[int, int, Send]] = []
        self._sent: list[Send] = []
        self._trouble = trouble or (lambda now_ns: None)

    def start(self) -> Step:
        serving = self._topology.serving_nodes[0]
        attachments = [Attachment(0, ue, serving, "") for ue in self._topology.ues]
        return Step(0, (*attachments, self._report()))

    def advance(self, until_ns: int, commands: tuple[Send, ...]) -> Step:
        self._trouble(self._now_ns)
        for send in commands:
            self._sent.append(send)
            arrival_ns = self._now_ns + LATENCY_NS + send.size_bytes * 8_000_000_000 // RATE_BPS
            heapq.heappush(self._flying, (arrival_ns, send.transfer_id, send))
        tick_ns = (self._now_ns // self._interval_ns + 1) * self._interval_ns
        arrival_ns = self._flying[0][0] if self._flying else until_ns
        self._now_ns = min(until_ns, tick_ns, arrival_ns)
        events: list[Event] = []
        while self._flying and self._flying[0][0] <= self._now_ns:
            events.append(self._deliver(heapq.heappop(self._flying)[2]))
        if self._now_ns == tick_ns:
            events.append(self._report())
        return Step(self._now_ns, tuple(events))

    def finish(self) -> Totals:
        size = sum(send.size_bytes for send in self._sent)
        flying = sum(send.size_bytes for *_, send in self._flying)
        return Totals(
            sent_messages=len(self._sent),
            sent_bytes=size,
            delivered_messages=len(self._sent) - len(self._flying),
            delivered_bytes=size - flying,
            in_flight_messages=len(self._flying),
            in_flight_bytes=flying,
            lost_messages=0,
            lost_bytes=0,
            handovers=0,
            background_bytes=0,
            simulator_events=0,
        )

    def close(self) -> None:
        self.closed += 1

    def _deliver(self, send: Send) -> Delivery:
        return Delivery(
            time_ns=self._now_ns,
            transfer_id=send.transfer_id,
            source=send.source,
            destination=send.destination,
            size_bytes=send.size_bytes,
            sent_ns=0,
            payload=send.payload,
        )

    def _report(self) -> ReportTick:
        serving = self._topology.serving_nodes[0]
        ends = [(link.name, link.child, link.parent) for link in self._topology.links.values()]
        ends += [(access_link(ue), ue, serving) for ue in self._topology.ues]
        ends += [(link, parent, child) for link, child, parent in ends]
        return ReportTick(self._now_ns, tuple(_link_report(*names) for names in ends))


def _link_report(link: str, transmitter: str, receiver: str) -> LinkReport:
    return LinkReport(
        link=link,
        transmitter=transmitter,
        receiver=receiver,
        capacity_bps=RATE_BPS,
        latency_ns=LATENCY_NS,
        queue_bytes=0,
        queue_delay_ns=0,
        hol_delay_ns=0,
        mcs=-1,
        sinr_db=float("nan"),
        used_fraction=0.0,
    )


@pytest.fixture
def still() -> type[StillNetwork]:
    return StillNetwork


@pytest.fixture
def trouble() -> dict[str, Callable[[int], None]]:
    """What may befall a run when 0.1 s of it are simulated."""

    def late(act: Callable[[], object]) -> Callable[[int], None]:
        def at(now_ns: int) -> None:
            if now_ns >= 100_000_000:
                act()

        return at

    def die() -> None:
        raise PeerDiedError("the network died", sim_time_ns=123_000_000)

    def crash() -> None:
        raise KeyError("lost my notes")

    return {
        "network": late(die),
        "fault": late(crash),
        "terminate": late(lambda: os.kill(os.getpid(), signal.SIGTERM)),
        "interrupt": late(lambda: os.kill(os.getpid(), signal.SIGINT)),
        "hang up": late(lambda: os.kill(os.getpid(), signal.SIGHUP)),
    }


@pytest.fixture
def no_ns3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[StillNetwork]:
    """Put the still network in ns-3's place, and the working directory out of harm's way."""
    made: list[StillNetwork] = []

    def open_still(
        scenario: Scenario, *, stderr_path: Path, last_will: LastWill, **_more: object
    ) -> StillNetwork:
        stderr_path.write_text("")
        made.append(StillNetwork(scenario))
        return made[-1]

    monkeypatch.setattr("cosim.backends.open_ns3", open_still)
    monkeypatch.chdir(tmp_path)
    return made
