"""IAB nodes with several parents: which way packets take, and what is refused."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.errors import ScenarioError
from cosim.scenario import Segment, Topology, build_topology, load_scenario
from cosim.scenario.schema import LinkSpec, NodeSpec, Scenario
from cosim.units import DurationNs, RateBps

TWO_WAYS = load_scenario(Path(__file__).parents[1] / "network" / "two-ways.toml")
GRAPH = build_topology(TWO_WAYS)


def _two_ways(*, link: str, child: str | None = None, parent: str | None = None) -> Scenario:
    """The scenario with another end of a link."""
    links = [
        msgspec.structs.replace(one, child=child or one.child, parent=parent or one.parent)
        if one.name == link
        else one
        for one in TWO_WAYS.links
    ]
    return msgspec.structs.replace(TWO_WAYS, links=tuple(links))


def test_a_path_is_taken_where_there_is_a_choice() -> None:
    first = Segment("ue-1", "near1", ("ue-1-access", "A1"), ("far",))
    second = Segment("ue-2", "near2", ("ue-2-access", "A2"), ("far",))
    assert GRAPH.next_computing_from_ue("ue-1", "far") == first
    assert GRAPH.next_computing_from_ue("ue-2", "far") == second
    assert GRAPH.next_computing_from_ue("ue-2", "near1") == Segment(
        "ue-2", "near1", ("ue-2-access",)
    )
    assert GRAPH.path_to_root("far") == ("far", "near1", "gnb", "cloud")
    assert GRAPH.upstream_computing("gnb") == ("near1", "near2")


def test_another_way_is_taken_while_a_link_fails() -> None:
    without = GRAPH.with_parent("far", "", "A1")
    assert without.path_to_root("far") == ("far", "near2", "gnb", "cloud")
    assert without.with_parent("far", "near1", "A1") == GRAPH
    # Farther up: near1 leads nowhere, though the link to it works.
    assert GRAPH.with_parent("near1", "", "N1").parent_of("far") == "near2"
    neither = without.with_parent("far", "", "A2")
    assert neither.parent_of("far") is None
    assert neither.next_computing_from_ue("ue-1", "far") is None


def test_what_some_way_does_not_pass() -> None:
    assert GRAPH.may_avoid("far", "near1")
    assert not GRAPH.may_avoid("far", "gnb")
    assert not GRAPH.may_avoid("far", "far")
    with pytest.raises(ScenarioError, match=r"merge_at: the way of some UE does not pass 'near1'"):
        load_scenario(
            Path(__file__).parents[1] / "network" / "two-ways.toml",
            [("task.kind", "federated"), ("task.merge_at", "near1")],
        )


def test_a_cycle_over_a_second_parent_names_its_link() -> None:
    with pytest.raises(ScenarioError, match=r"links\.A2: closes a cycle: far -> near1 -> far"):
        build_topology(_two_ways(link="A2", child="near1", parent="far"))


def test_only_wireless_links_lead_to_second_parents() -> None:
    second = LinkSpec(name="I", kind="wired", child="far", parent="gnb")
    scenario = msgspec.structs.replace(TWO_WAYS, links=(*TWO_WAYS.links, second))
    with pytest.raises(ScenarioError, match=r"links\.I\.child: 'far' has a parent already"):
        build_topology(scenario)


@st.composite
def _graphs(draw: st.DrawFn) -> tuple[Topology, tuple[str, ...]]:
    """A donor and IAB nodes, each below some of those before it, and a path."""
    nodes = [
        NodeSpec(name="cloud", kind="cloud", device="paper-cloud"),
        NodeSpec(name="n0", kind="donor", position_m=(0.0, 0.0, 10.0)),
    ]
    wire = {"capacity": RateBps(10**8), "delay": DurationNs(10**6)}
    links = [LinkSpec(name="H", kind="wired", child="n0", parent="cloud", **wire)]
    for i in range(1, draw(st.integers(2, 8))):
        nodes.append(NodeSpec(name=f"n{i}", kind="iab", position_m=(100.0 * i, 0.0, 10.0)))
        for above in draw(st.lists(st.integers(0, i - 1), min_size=1, max_size=3, unique=True)):
            name = f"L{i}to{above}"
            links.append(LinkSpec(name=name, kind="wireless", child=f"n{i}", parent=f"n{above}"))
    names = [link.name for link in links[1:]]
    path = tuple(draw(st.lists(st.sampled_from(names), unique=True, max_size=4)))
    ue = NodeSpec(name="ue", kind="ue", position_m=(0.0, 9.0, 1.5), path=path)
    scenario = Scenario(name="drawn", nodes=(*nodes, ue), links=tuple(links))
    return build_topology(scenario), path


@given(_graphs(), st.data())
def test_every_way_that_is_left_leads_to_the_root(
    drawn: tuple[Topology, tuple[str, ...]], data: st.DataObject
) -> None:
    graph, path = drawn
    wireless = [link for link in graph.links.values() if link.kind == "wireless"]
    failed = data.draw(st.lists(st.sampled_from(wireless), unique_by=lambda link: link.name))
    left = graph
    for link in failed:
        left = left.with_parent(link.child, "", link.name)
    gone = {link.name for link in failed}
    for name in graph.serving_nodes:
        way, at = [], name
        while (up := left.uplink_of(at, path)) is not None:
            way.append(up)
            at = up.parent
        assert not gone & {up.name for up in way}
        assert (at == graph.root) == (name in _connected(left))
        if not failed:  # it takes the path wherever it comes by
            chosen = {link.child for link in wireless if link.name in path}
            assert all(up.name in path for up in way if up.child in chosen)
    for link in failed:
        left = left.with_parent(link.child, link.parent, link.name)
    assert left == graph


def _connected(graph: Topology) -> set[str]:
    """The same by another algorithm: climb every way."""

    def leads(name: str) -> bool:
        return name == graph.root or any(leads(link.parent) for link in graph.uplinks.get(name, ()))

    return {name for name in graph.nodes if leads(name)}
