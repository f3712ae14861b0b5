"""IAB nodes with several parents: paths, and another way while a backhaul link fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import cosim
from cosim.errors import ScenarioError
from cosim.network.ns3.description import describe_network
from cosim.results import RunResult
from cosim.scenario import load_scenario
from cosim.scenario.load import scenario_from_toml

TWO_WAYS = Path(__file__).parent / "two-ways.toml"
BLOCKED = [("blockages", "[{ link = 'A1', start = '600 ms', end = '1200 ms', loss = '90 dB' }]")]


@pytest.mark.ns3
def test_what_is_used_of_a_link_is_used_by_the_path_over_it(tmp_path: Path) -> None:
    result = cosim.run(TWO_WAYS, overrides=BLOCKED, duration_s=1.2, out=tmp_path / "out")
    # Each parent's cell has no other link.
    for link, parent in (("A1", "near1"), ("A2", "near2")):
        up = result.links[(result.links.link == link) & (result.links.transmitter == "far")]
        assert set(up.receiver) == {parent}
        # All but a few of the slots that half duplex leaves it.
        assert up[up.time_s < 0.6].used_fraction.max() > 0.45
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
