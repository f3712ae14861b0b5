"""Drawn changes of the tree: both networks tell the same of it, or both refuse it."""

from __future__ import annotations

import random

import pytest

from cosim.scenario import load_scenario

RELAYS = ("iab1", "iab2", "iab3", "iab4", "iab5")
TIMES_MS = (5, 10, 20, 137, 200, 240, 333, 400, 500)
STANDING = (("nodes.ue.waypoints_m", []), ("nodes.ue.speed", "0 m/s"))
MOVING = (("nodes.ue.waypoints_m", [[400, 500]]), ("nodes.ue.speed", "300 km/h"))
REFUSED = {3}  # a parent that is asleep or below
QUIET = (
    ("background.ues_per_cell", 0),
    ("nodes.iab5.background_ues", 0),
    ("load", "low"),
)


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


@pytest.mark.ns3
@pytest.mark.parametrize("seed", range(6))
def test_both_networks_tell_the_same(seed: int, stories) -> None:  # type: ignore[no-untyped-def]
    draw = random.Random(seed)
    place = [round(draw.uniform(100, 800), 1), round(draw.uniform(250, 800), 1), 1.5]
    overrides: list[tuple[str, object]] = [
        ("topology_changes", _changes(draw)),
        ("nodes.ue.position_m", place),
        *(MOVING if seed % 2 else STANDING),
        *QUIET,
    ]
    simplified, ns3 = stories(load_scenario("mmwave-iab", overrides))
    assert simplified == ns3
    assert (ns3 is None) == (seed in REFUSED)
