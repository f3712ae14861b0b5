"""Every test here runs on every network that the engine can drive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cosim.backends import port_factory_of
from cosim.errors import CosimError
from cosim.network.port import (
    Attachment,
    Event,
    NetworkPort,
    ParentChange,
    ReportTick,
    Send,
    Transport,
)
from cosim.scenario import Scenario, load_scenario

MS = 1_000_000
STORY_NS = 700 * MS
Opener = Callable[..., NetworkPort]


@pytest.fixture(params=["simplified", pytest.param("ns3", marks=pytest.mark.ns3)])
def open_port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens a network of a scenario (with overrides), and closes it in the end."""
    factory = port_factory_of(request.param)
    opened: list[NetworkPort] = []

    def open_one(name: str, *overrides: tuple[str, object]) -> NetworkPort:
        scenario: Scenario = load_scenario(name, overrides)
        opened.append(factory(scenario, tmp_path / f"stderr-{len(opened)}.txt"))
        return opened[-1]

    yield open_one
    for port in opened:
        port.close()


class Driver:
    """Runs a port as the engine does, and keeps all that it says."""

    def __init__(self, port: NetworkPort) -> None:
        self.port = port
        self.now_ns = 0
        self.events: list[Event] = []
        self.steps = 0
        self._transfers = 0
        self._take(port.start(), 0)

    def run(self, until_ns: int, *commands: Send) -> None:
        self._take(self.port.advance(until_ns, commands), until_ns)
        while self.now_ns < until_ns:
            self._take(self.port.advance(until_ns, ()), until_ns)

    def send(self, source: str, destination: str, size: int, transport: Transport) -> Send:
        self._transfers += 1
        payload = f"message {self._transfers}".encode()
        return Send(self._transfers, source, destination, size, transport, payload)

    def of(self, kind: type) -> list:  # type: ignore[type-arg]
        return [event for event in self.events if isinstance(event, kind)]

    def _take(self, step, until_ns: int) -> None:  # type: ignore[no-untyped-def]
        assert self.now_ns <= step.now_ns <= until_ns
        assert all(event.time_ns == step.now_ns for event in step.events)
        self.now_ns = step.now_ns
        self.events += step.events
        self.steps += 1
        assert self.steps < 10_000, "it stops for nothing again and again"


@pytest.fixture
def drive() -> type[Driver]:
    return Driver


def _told(backend: str, scenario: Scenario, stderr: Path) -> list[object] | None:
    events: list[Event] = []
    try:
        port = port_factory_of(backend)(scenario, stderr)
    except CosimError as error:
        if "parent" not in str(error):
            raise
        return None
    try:
        step = port.start()
        events += step.events
        while step.now_ns < STORY_NS:
            step = port.advance(STORY_NS, ())
            events += step.events
    except CosimError as error:
        if "parent" not in str(error):
            raise
        return None
    finally:
        port.close()
    return [_ends(e) for e in events if isinstance(e, Attachment | ParentChange | ReportTick)]


def _ends(event: Attachment | ParentChange | ReportTick) -> object:
    if isinstance(event, ReportTick):
        return event.time_ns, {(r.link, r.transmitter, r.receiver) for r in event.links}
    return event


@pytest.fixture
def stories(tmp_path: Path) -> Callable[[Scenario], list[list[object] | None]]:
    """What both networks tell: who has whom from when on, the links' ends; None if refused."""
    return lambda scenario: [
        _told(backend, scenario, tmp_path / backend) for backend in ("simplified", "ns3")
    ]
