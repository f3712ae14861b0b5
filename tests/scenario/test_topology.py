"""The network's graph: paths, segments between computing nodes, and what is none."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from cosim.errors import ScenarioError, UnknownNameError
from cosim.scenario import Segment, build_topology, load_scenario, to_toml
from cosim.scenario.load import scenario_from_tables

IAB = build_topology(load_scenario("mmwave-iab"))


def iab_tables() -> dict[str, Any]:
    return tomllib.loads(to_toml(load_scenario("mmwave-iab")))


def test_paths_and_neighbours() -> None:
    assert IAB.root == "cloud"
    assert IAB.path_to_root("iab2") == ("iab2", "iab4", "iab6", "core7", "core8", "cloud")
    assert IAB.parent_of("iab6") == "core7"
    assert IAB.parent_of("cloud") is None
    assert IAB.parent_of("ue") is None
    assert IAB.children_of("iab6") == ("iab4", "iab5")
    assert IAB.ues == IAB.computing_ues == ("ue",)
    assert IAB.serving_nodes == ("iab1", "iab2", "iab3", "iab4", "iab5", "iab6")


def test_unknown_node() -> None:
    with pytest.raises(UnknownNameError, match="unknown node 'iab9'"):
        IAB.parent_of("iab9")


def test_segments_when_every_node_computes() -> None:
    assert IAB.next_computing("iab6") == Segment("iab6", "core7", ("F",))
    assert IAB.next_computing("cloud") is None
    assert IAB.next_computing_from_ue("ue", "iab1") == Segment("ue", "iab1", ("ue-access",))
    assert IAB.upstream_computing("iab6") == ("iab4", "iab5")
    assert IAB.served_by("iab3") == ("iab3",)


def test_segments_over_nodes_that_only_relay() -> None:
    raw = iab_tables()
    for node in raw["nodes"]:
        if node["name"] in ("iab1", "iab3", "iab6"):
            del node["device"]
    sparse = build_topology(scenario_from_tables(raw))
    first = Segment("ue", "iab5", ("ue-access", "A", "C"), ("iab1", "iab3"))
    assert sparse.next_computing_from_ue("ue", "iab1") == first
    assert sparse.next_computing("iab5") == Segment("iab5", "core7", ("E", "F"), ("iab6",))
    assert sparse.upstream_computing("core7") == ("iab4", "iab5")
    assert sparse.served_by("iab5") == ("iab1", "iab3", "iab5")
    assert sparse.served_by("core7") == ("iab6",)


@pytest.mark.parametrize(
    ("link", "child", "parent", "message"),
    [
        ("C", "iab3", "iab1", "closes a cycle: iab1 -> iab3 -> iab1"),
        ("C", "iab1", "iab3", "'iab3' is the parent of 'iab1' already, by link 'A'"),
        ("G", "iab6", "core8", "has a parent already, by link 'F'"),
        ("C", "iab3", "iab3", "both ends are the same"),
        ("A", "iab1", "nowhere", "unknown node 'nowhere'"),
    ],
)
def test_what_is_no_tree(link: str, child: str, parent: str, message: str) -> None:
    raw = iab_tables()
    next(item for item in raw["links"] if item["name"] == link).update(child=child, parent=parent)
    with pytest.raises(ScenarioError) as caught:
        scenario_from_tables(raw)
    assert message in str(caught.value)
    assert f"links.{link}" in caught.value.key_path


def test_unconnected_node() -> None:
    raw = iab_tables()
    raw["links"] = [link for link in raw["links"] if link["name"] != "G"]
    with pytest.raises(ScenarioError, match=r"nodes\.core7: no link leads to the cloud"):
        scenario_from_tables(raw)


def test_double_name() -> None:
    raw = iab_tables()
    raw["nodes"][2]["name"] = "iab1"
    with pytest.raises(ScenarioError, match=r"nodes\[2\]\.name: 'iab1' is there twice"):
        scenario_from_tables(raw)


def test_cloud_must_exist_once_and_compute() -> None:
    raw = iab_tables()
    del raw["nodes"][-1]["device"]
    with pytest.raises(ScenarioError, match=r"nodes\.cloud\.device"):
        scenario_from_tables(raw)
    raw["nodes"][-1]["kind"] = "core"
    with pytest.raises(ScenarioError, match="one node of kind 'cloud', not 0"):
        scenario_from_tables(raw)
