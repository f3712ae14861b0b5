"""Drawn changes of the tree: both networks tell the same of it, or both refuse it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from cosim.backends import port_factory_of
from cosim.errors import CosimError
from cosim.network.port import Attachment, Event, ParentChange, ReportTick
from cosim.scenario import load_scenario

END_NS = 700_000_000
RELAYS = ("iab1", "iab2", "iab3", "iab4", "iab5")
TIMES_MS = (5, 10, 20, 137, 200, 240, 333, 400, 500)
STANDING = (("nodes.ue.waypoints_m", []), ("nodes.ue.speed", "0 m/s"))
MOVING = (("nodes.ue.waypoints_m", [[400, 500]]), ("nodes.ue.speed", "300 km/h"))
QUIET = (("background.ues_per_cell", 0), ("load", "low"))


def _changes(draw: random.Random) -> list[dict[str, str]]:
    changes = []
    for _ in range(draw.randint(2, 8)):
        node = draw.choice(RELAYS)
        action = draw.choice(("sleep", "wake", "sleep", "wake", "parent"))
        change = {"time": f"{draw.choice(TIMES_MS)} ms", "node": node, "action": action}
        if action == "parent":
            change["parent"] = draw.choice([n for n in (*RELAYS, "iab6") if n != node])
        changes.append(change)
    return changes


def _story(backend: str, overrides: list[tuple[str, object]], stderr: Path) -> list[object] | None:
    """Who has whom from when on, and the ends of all links at each report; None if refused."""
    try:
        port = port_factory_of(backend)(load_scenario("mmwave-iab", overrides), stderr)
    except CosimError:
        return None
    events: list[Event] = []
    try:
        step = port.start()
        events += step.events
        while step.now_ns < END_NS:
            step = port.advance(END_NS, ())
            events += step.events
    except CosimError:
        return None
    finally:
        port.close()
    return [_ends(e) for e in events if isinstance(e, Attachment | ParentChange | ReportTick)]


def _ends(event: Attachment | ParentChange | ReportTick) -> object:
    if isinstance(event, ReportTick):
        ends = {(report.link, report.transmitter, report.receiver) for report in event.links}
        return event.time_ns, ends
    return event


@pytest.mark.ns3
@pytest.mark.parametrize("seed", range(6))
def test_both_networks_tell_the_same(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    place = [round(draw.uniform(100, 800), 1), round(draw.uniform(250, 800), 1), 1.5]
    overrides: list[tuple[str, object]] = [
        ("topology_changes", _changes(draw)),
        ("nodes.ue.position_m", place),
        *(MOVING if seed % 2 else STANDING),
        *QUIET,
    ]
    stories = [_story(name, overrides, tmp_path / name) for name in ("simplified", "ns3")]
    assert stories[0] == stories[1]
