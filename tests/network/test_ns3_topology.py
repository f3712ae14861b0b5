"""Nodes that sleep, wake and get other parents while a run goes on: VII.C.1 of the paper."""

from __future__ import annotations

from pathlib import Path

import pytest

import cosim
from cosim.errors import NetworkError, ScenarioError
from cosim.network.ns3 import open_ns3
from cosim.network.port import Attachment, ParentChange
from cosim.scenario import load_scenario
from cosim.scenario.schema import Scenario

pytestmark = pytest.mark.ns3


def _changed(*changes: str) -> Scenario:
    items = ", ".join(f"{{ {change} }}" for change in changes)
    return load_scenario("mmwave-iab", [("topology_changes", f"[{items}]"), ("load", "low")])


def _events(scenario: Scenario, until_ns: int, folder: Path) -> list[ParentChange | Attachment]:
    network = open_ns3(scenario, stderr_path=folder / "stderr.txt")
    try:
        step = network.start()
        events = [*step.events]
        while step.now_ns < until_ns:
            step = network.advance(until_ns, ())
            events += step.events
        network.finish()
    finally:
        network.close()
    return [e for e in events if isinstance(e, ParentChange | Attachment)]


def test_the_network_tells_of_sleep_wake_and_new_parents(tmp_path: Path) -> None:
    scenario = _changed(
        "time = '100 ms', node = 'iab3', action = 'parent', parent = 'iab4'",
        "time = '200 ms', node = 'iab5', action = 'sleep'",
        "time = '500 ms', node = 'iab5', action = 'wake'",
    )
    told = _events(scenario, 700_000_000, tmp_path)
    parents = [
        (e.time_ns, e.node, e.previous, e.parent) for e in told if isinstance(e, ParentChange)
    ]
    assert parents == [
        (100_000_000, "iab3", "iab5", "iab4"),
        (200_000_000, "iab5", "iab6", ""),
        (500_000_000, "iab5", "", "iab6"),
        (500_000_000, "iab3", "iab4", "iab5"),
    ]
    serving = [(e.previous, e.serving) for e in told if isinstance(e, Attachment)]
    assert serving[:2] == [("", "iab5"), ("iab5", "iab6")], "the UE leaves the node that sleeps"


def test_tasks_go_on_when_a_node_sleeps_and_their_routes_change(tmp_path: Path) -> None:
    scenario = _changed(
        "time = '500 ms', node = 'iab5', action = 'sleep'",
        "time = '1200 ms', node = 'iab5', action = 'wake'",
    )
    # The task that iab5 has when it falls asleep is lost: the UE must not wait for it for long.
    result = cosim.run(
        scenario,
        policy="edge-only",
        duration_s=2.0,
        out=tmp_path / "out",
        overrides=[("task.timeout", "200 ms")],
    )
    done = result.tasks[result.tasks.status == "done"]
    served = [(row.start_s, row.route[1]) for row in done.itertuples() if len(row.route) > 1]
    assert {node for start, node in served if start < 0.4} == {"iab5"}
    assert {node for start, node in served if 0.8 < start < 1.1} == {"iab6"}
    assert any(start > 1.4 for start, _ in served)
    assert result.manifest.totals["sent_bytes"] > 0  # type: ignore[index]


def test_a_new_parent_gives_the_backhaul_another_route(tmp_path: Path) -> None:
    # The UE stands at iab3, whose first way to the core is over iab5, then over iab4.
    overrides = [
        ("nodes.ue.position_m", "[140.0, 440.0, 1.5]"),
        ("nodes.ue.waypoints_m", "[]"),
        ("nodes.ue.speed", "0 m/s"),
        ("task.timeout", "1 s"),
        (
            "topology_changes",
            "[{ time = '600 ms', node = 'iab3', action = 'parent', parent = 'iab4' }]",
        ),
    ]
    result = cosim.run(
        "mmwave-iab",
        policy="cloud-only",
        load="low",
        duration_s=2.0,
        overrides=overrides,
        out=tmp_path / "out",
    )
    links = result.links[(result.links.link == "C") & (result.links.transmitter == "iab3")]
    assert set(links[links.time_s < 0.59].receiver) == {"iab5"}
    assert set(links[links.time_s > 0.61].receiver) == {"iab4"}
    done = result.tasks[result.tasks.status == "done"]
    assert (done.start_s > 0.8).any(), "no task was done after the change"


def test_an_impossible_parent_ends_the_run_with_the_reason(tmp_path: Path) -> None:
    scenario = _changed("time = '100 ms', node = 'iab5', action = 'parent', parent = 'iab1'")
    with pytest.raises(NetworkError, match="is below it"):
        _events(scenario, 200_000_000, tmp_path)


@pytest.mark.parametrize(
    ("change", "key", "problem"),
    [
        ("node = 'iab9', action = 'sleep'", "node", "did you mean"),
        ("node = 'iab6', action = 'sleep'", "node", "unknown IAB node"),
        ("node = 'iab3', action = 'parent'", "parent", "is required"),
        ("node = 'iab3', action = 'sleep', parent = 'iab4'", "parent", "'parent' alone"),
        ("node = 'iab3', action = 'parent', parent = 'iab3'", "parent", "no other IAB node"),
    ],
)
def test_changes_that_make_no_sense_are_bad_input(change: str, key: str, problem: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        _changed(f"time = '1 s', {change}")
    assert f"topology_changes[0].{key}" in str(caught.value)
    assert problem in str(caught.value)
