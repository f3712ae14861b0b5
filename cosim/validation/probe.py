"""Transfers of chosen sizes over each hop of a UE's way, one after the other, without any task.

Tasks send what their plans say, often one size on each hop; this is the time against the bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import Final

import pandas as pd

from cosim.backends import port_factory_of
from cosim.network.port import Attachment, Delivery, ParentChange, Send, Step, Transport
from cosim.scenario import Scenario, Topology, build_topology
from cosim.validation.transfers import Transfer, noting, to_frame

SIZES_BYTES: Final = (1_000, 10_000, 50_000, 150_000, 500_000)
_OPENING: Final = len(SIZES_BYTES)  # a connection's first transfers, in which its window opens


def probe(scenario: Scenario, backend: str, directory: Path) -> pd.DataFrame:
    """Send over every hop in turn for as long as the scenario lasts; columns as of `Transfer`.

    A round has one size, sent over each hop after the other, up to the cloud. The first round of
    sizes opens the connections and is left out.

    Raises
    ------
    NetworkError
        When ns-3 is missing or fails.
    """
    transfers: list[Transfer] = []
    directory.mkdir(parents=True, exist_ok=True)
    port = noting(port_factory_of(backend), transfers)(scenario, directory / "ns3-stderr.txt")
    try:
        way = _Way(scenario)
        step = port.start()
        way.note(step)
        number = 0
        for size_bytes in cycle(SIZES_BYTES):
            for source, destination in way.hops():
                number += 1
                sends: tuple[Send, ...] = (
                    Send(number, source, destination, size_bytes, Transport.TCP),
                )
                while step.now_ns < scenario.duration and not _has_come(step, number):
                    step = port.advance(scenario.duration, sends)
                    way.note(step)
                    sends = ()
            if step.now_ns >= scenario.duration:
                break
            if not way.hops():  # nobody serves the UE: until the next report
                step = port.advance(scenario.duration, ())
                way.note(step)
        port.finish()
    finally:
        port.close()
    found = to_frame(transfers)
    return found[found["ordinal"] >= _OPENING]


def _has_come(step: Step, transfer_id: int) -> bool:
    return any(isinstance(e, Delivery) and e.transfer_id == transfer_id for e in step.events)


class _Way:
    """The hops of the scenario's first computing UE, as the network tells of them."""

    def __init__(self, scenario: Scenario) -> None:
        self._topology: Topology = build_topology(scenario)
        self._ue = next(iter(self._topology.computing_ues), None)
        self._serving = ""

    def note(self, step: Step) -> None:
        """Take over who serves the UE, and who is whose parent."""
        for event in step.events:
            if isinstance(event, Attachment) and event.ue == self._ue:
                self._serving = event.serving
            elif isinstance(event, ParentChange):
                self._topology = self._topology.with_parent(event.node, event.parent, event.link)

    def hops(self) -> Sequence[tuple[str, str]]:
        """From each computing node to the next, up to the cloud; none while nobody serves."""
        return tuple(self._climb()) if self._ue and self._serving else ()

    def _climb(self) -> Iterator[tuple[str, str]]:
        segment = self._topology.next_computing_from_ue(self._ue or "", self._serving)
        while segment is not None:
            yield segment.source, segment.destination
            segment = self._topology.next_computing(segment.destination)
