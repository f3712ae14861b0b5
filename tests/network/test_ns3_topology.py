"""Changes of the topology that cannot be: bad input, or an error of ns-3 in the run.

What they do when they can be is in ``contract/test_topology_changes.py``, of both networks.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from cosim.errors import NetworkError, ScenarioError
from cosim.network.ns3 import open_ns3
from cosim.scenario import load_scenario
from cosim.scenario.schema import Scenario


def _changed(*changes: str) -> Scenario:
    items = ", ".join(f"{{ {change} }}" for change in changes)
    return load_scenario("mmwave-iab", [("topology_changes", f"[{items}]"), ("load", "low")])


@pytest.mark.ns3
def test_an_impossible_parent_ends_the_run_with_the_reason(tmp_path: Path) -> None:
    scenario = _changed("time = '100 ms', node = 'iab5', action = 'parent', parent = 'iab1'")
    network = open_ns3(scenario, stderr_path=tmp_path / "stderr.txt")
    try:
        network.start()
        with pytest.raises(NetworkError, match="is below it"):
            for _ in range(30):
                network.advance(200_000_000, ())
    finally:
        network.close()


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
