"""IAB nodes with several parents: paths, and another way while a backhaul link fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import cosim
from cosim.errors import ScenarioError
from cosim.network.ns3 import open_ns3
from cosim.network.ns3.description import describe_network
from cosim.network.port import ParentChange
from cosim.network.simplified import open_simplified
from cosim.results import RunResult
from cosim.scenario import load_scenario
from cosim.scenario.load import scenario_from_toml

TWO_WAYS = Path(__file__).parent / "two-ways.toml"
BLOCKED = [("blockages", "[{ link = 'A1', start = '600 ms', end = '1200 ms', loss = '90 dB' }]")]


def _first_computers(result: Any, ue: str, start_s: float, end_s: float) -> set[str]:
    """The nodes that a UE hands its tasks to first."""
    tasks = result.tasks[(result.tasks.status == "done") & (result.tasks.ue == ue)]
    tasks = tasks[(tasks.start_s >= start_s) & (tasks.start_s < end_s)]
    return {route[1] for route in tasks.route}


@pytest.mark.ns3
def test_the_split_route_of_each_ue_follows_its_path_and_a_failure(tmp_path: Path) -> None:
    result = cosim.run(TWO_WAYS, overrides=BLOCKED, out=tmp_path / "out")
    assert _first_computers(result, "ue-1", 0.1, 0.55) == {"near1"}
    assert _first_computers(result, "ue-1", 0.75, 1.15) == {"near2"}
    assert _first_computers(result, "ue-1", 1.35, 2.0) == {"near1"}
    assert _first_computers(result, "ue-2", 0.1, 2.0) == {"near2"}
    # Each parent's cell has no other link, so what is used in it is used by the path over it.
    for link, parent in (("A1", "near1"), ("A2", "near2")):
        up = result.links[(result.links.link == link) & (result.links.transmitter == "far")]
        assert set(up.receiver) == {parent}
        assert up[up.time_s < 0.6].used_fraction.max() > 0.5
    blocked = result.links[(result.links.link == "A1") & result.links.time_s.between(0.7, 1.1)]
    assert blocked.capacity_bps.max() == blocked.used_fraction.max() == 0


@pytest.mark.ns3
def test_two_runs_are_the_same_and_the_command_line_takes_the_file(tmp_path: Path) -> None:
    first = cosim.run(TWO_WAYS, duration_s=0.5, out=tmp_path / "first")
    command = [sys.executable, "-m", "cosim", "run", str(TWO_WAYS), "--duration", "0.5"]
    subprocess.run([*command, "--out", str(tmp_path / "second")], check=True, capture_output=True)
    second = RunResult.open(tmp_path / "second")
    assert first.manifest.fingerprint == second.manifest.fingerprint


@pytest.mark.ns3
def test_the_network_tells_which_link_failed_and_is_back(tmp_path: Path) -> None:
    overrides = [*BLOCKED, ("radio.backhaul_failure", "20 ms")]
    network = open_ns3(load_scenario(TWO_WAYS, overrides), stderr_path=tmp_path / "stderr.txt")
    try:
        step = network.start()
        events = [*step.events]
        while step.now_ns < 1_500_000_000:
            step = network.advance(1_500_000_000, ())
            events += step.events
        network.finish()
    finally:
        network.close()
    told = [
        (e.time_ns // 1_000_000, e.node, e.link, e.previous, e.parent)
        for e in events
        if isinstance(e, ParentChange)
    ]
    assert told == [
        (620, "far", "A1", "near1", ""),
        (1220, "far", "A1", "", "near1"),
    ]


@pytest.mark.ns3
@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        ("path", "A2", "'path' is not a list"),
        ("path", [2], "'path' is not a text"),
        ("path", ["A9"], "no backhaul link 'A9'"),
        ("path", None, "'path' is not a list"),
        ("parent", "far", "one node at both ends"),
        ("parent", "near1", "closes a cycle, or has the parent of another link"),
        ("child", "near1", "not connected to the donor"),
    ],
)
def test_a_path_or_link_that_cannot_be_is_rejected(
    rogue: Any, place: str, value: object, reason: str
) -> None:
    network = describe_network(load_scenario(TWO_WAYS))
    items = network["nodes"] if place == "path" else network["links"]
    next(item for item in items if item["name"] in ("ue-2", "A2"))[place] = value
    if place == "child":
        next(item for item in items if item["name"] == "A2")["parent"] = "far"
    with rogue() as peer:
        answer = peer.say("config", network=network)
    assert answer is not None and answer["type"] == "reject"
    assert reason in answer["reason"]


def test_the_simplified_simulator_refuses_a_second_parent() -> None:
    with pytest.raises(ScenarioError, match=r"links\.A2: .*one parent of 'far'.*backend ns3"):
        open_simplified(load_scenario(TWO_WAYS))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('path = ["A2"]', 'path = ["A3"]', r"nodes\.ue-2\.path\[0\]: unknown backhaul link 'A3'"),
        ('path = ["A2"]', 'path = ["H"]', r"nodes\.ue-2\.path\[0\]: unknown backhaul link 'H'"),
        ('path = ["A2"]', 'path = ["A1", "A2"]', r"nodes\.ue-2\.path\[1\]: .*both lead up"),
        ('path = ["A2"]', 'path = "A2"', r"nodes\.ue-2\.path: expected a list"),
        ('kind = "donor"', 'kind = "donor"\npath = ["A2"]', r"nodes\.gnb\.path: is for UEs"),
        ('parent = "near2"', 'parent = "near1"', r"links\.A2\.parent: 'near1' is the parent"),
    ],
)
def test_paths_that_make_no_sense_are_bad_input(old: str, new: str, problem: str) -> None:
    text = TWO_WAYS.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(ScenarioError, match=problem):
        scenario_from_toml(text.replace(old, new), "test")
