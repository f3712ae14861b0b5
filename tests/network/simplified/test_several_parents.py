"""Ways through nodes with several parents on the simplified simulator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.network.port import Delivery, Send, Transport
from cosim.network.simplified import open_simplified
from cosim.network.simplified.cells import Cell, FixedUser, RadioGraph
from cosim.network.simplified.traffic import MixtureRate
from cosim.scenario import load_scenario
from cosim.scenario.schema import LogNormalSpec
from cosim.scenario.topology import build_topology

TWO_WAYS = Path(__file__).parents[1] / "two-ways.toml"
GRAPH = build_topology(load_scenario(TWO_WAYS))
MS = 1_000_000
NOW = np.array([0], dtype=np.int64)
DOWN_SHARE = 0.5
RATES = {(link, d): np.array([100e6]) for link in GRAPH.links for d in ("up", "down")}


def _rate(bps: float) -> MixtureRate:
    alone = (LogNormalSpec(sigma=0.0, median=bps),)
    return MixtureRate(alone, 1 << 60, np.random.default_rng(1))


def _cells(user_bps: float, transit_bps: float, way: tuple[str, ...]) -> dict[str, Cell]:
    """A user of each cell, and transit of the far node on a way."""
    cells = {}
    for name in GRAPH.serving_nodes:
        user = FixedUser(_rate(user_bps), {"up": 200e6, "down": 200e6})
        is_far = name == "far"
        below = [link for link in GRAPH.links.values() if link.parent == name]
        cells[name] = Cell(
            name,
            (user,),
            1,
            (_rate(transit_bps),) if is_far else (),
            way if is_far else (),
            {link.name: name for link in below if link.kind == "wireless"},
        )
    return cells


def _divide(cells, topology=GRAPH):  # type: ignore[no-untyped-def]
    shares, carried = RadioGraph(cells, topology, DOWN_SHARE).divide(NOW, RATES)
    return {key: float(share.busy[0]) for key, share in shares.items()}, float(carried[0])


def test_transit_takes_its_way_and_users_the_first_one() -> None:
    for way, users_on, transit_on in (((), "near1", "near1"), (("A2",), "near1", "near2")):
        busy, _ = _divide(_cells(4e6, 10e6, way))
        expected = {"near1": 4 / 200, "near2": 4 / 200}
        expected[users_on] += 4 / 100
        expected[transit_on] += 10 / 100
        assert {name: busy[name, "up"] for name in expected} == pytest.approx(expected)
        assert busy["far", "up"] == pytest.approx(4 / 200)
        # At the donor: its own user, and all that comes over both links.
        assert busy["gnb", "up"] == pytest.approx(4 / 200 + (3 * 4 + 10) / 100)


def test_all_take_the_way_that_is_left_and_pause_where_there_is_none() -> None:
    without = GRAPH.with_parent("far", "", "A2")
    busy, _ = _divide(_cells(4e6, 10e6, ("A2",)), without)
    assert busy["near1", "up"] == pytest.approx(4 / 200 + (4 + 10) / 100)
    assert busy["near2", "up"] == pytest.approx(4 / 200)
    neither = without.with_parent("far", "", "A1")
    busy, carried = _divide(_cells(4e6, 10e6, ("A2",)), neither)
    assert busy["far", "up"] == busy["far", "down"] == 0
    assert carried == pytest.approx(3 * 4e6 * (1 + DOWN_SHARE))


@given(
    st.floats(0, 300e6),
    st.floats(0, 300e6),
    st.sampled_from([(), ("A2",)]),
    st.sets(st.sampled_from(["A1", "A2", "N1", "N2"]), max_size=2),
)
@settings(max_examples=200, deadline=None)
def test_no_more_is_carried_than_wanted_and_than_there_is(
    user_bps: float, transit_bps: float, way: tuple[str, ...], failed: set[str]
) -> None:
    topology = GRAPH
    for name in sorted(failed):
        topology = topology.with_parent(GRAPH.links[name].child, "", name)
    busy, carried = _divide(_cells(user_bps, transit_bps, way), topology)
    assert all(0 <= share <= 1 + 1e-9 for share in busy.values())
    connected = [n for n in GRAPH.serving_nodes if "gnb" in topology.path_to_root(n)]
    wanted = len(connected) * user_bps * (1 + DOWN_SHARE)
    wanted += transit_bps * ("far" in connected)  # downward it ends at the node itself
    assert carried <= wanted * (1 + 1e-9) + 1e-6
    if max(busy.values()) < 1 - 1e-9:
        assert carried == pytest.approx(wanted, rel=1e-9, abs=1e-3)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A1", "A2", "N1", "N2"]), st.integers(0, 100), st.integers(1, 80)
        ),
        max_size=4,
    ),
    st.lists(
        st.tuples(
            st.integers(0, 200),
            st.permutations(["ue-1", "ue-2", "far", "near1", "near2", "gnb", "cloud"]),
            st.integers(1, 30_000),
            st.booleans(),
        ),
        max_size=20,
    ),
    st.sampled_from(["0 s", "10 ms", "50 ms"]),
)
@settings(max_examples=60, deadline=None)
def test_no_byte_appears_or_vanishes_whatever_fails(blockages, messages, failure) -> None:  # type: ignore[no-untyped-def]
    listed = [
        {"link": link, "start": f"{start} ms", "end": f"{start + lasts} ms", "loss": "90 dB"}
        for link, start, lasts in blockages
    ]
    overrides = [("blockages", listed), ("radio.backhaul_failure", failure)]
    network = open_simplified(load_scenario(TWO_WAYS, overrides))
    step, arrived = network.start(), []
    sends: list[Send] = []

    def run(until_ns: int, *commands: Send) -> None:
        nonlocal step
        step = network.advance(until_ns, commands)
        arrived.extend(event for event in step.events if isinstance(event, Delivery))
        while step.now_ns < until_ns:
            step = network.advance(until_ns, ())
            arrived.extend(event for event in step.events if isinstance(event, Delivery))

    for time, (source, destination, *_), size, reliable in sorted(messages, key=lambda m: m[0]):
        run(time * MS)
        transport = Transport.TCP if reliable else Transport.UDP
        sends.append(Send(len(sends) + 1, source, destination, size, transport))
        run(time * MS, sends[-1])
    run(3000 * MS)
    totals = network.finish()
    assert totals.in_flight_messages == 0
    assert totals.sent_bytes == sum(send.size_bytes for send in sends)
    assert totals.delivered_bytes == sum(delivery.size_bytes for delivery in arrived)
    assert totals.delivered_bytes + totals.lost_bytes == totals.sent_bytes
    tensors = {send.transfer_id for send in sends if send.transport is Transport.TCP}
    assert tensors <= {delivery.transfer_id for delivery in arrived}


@pytest.mark.parametrize(("end_ms", "expected_ms"), [(30, 30), (300, 60)])
def test_signalling_waits_for_a_link_that_may_be_given_up(end_ms: int, expected_ms: int) -> None:
    """Behind a short obstacle until it is gone, and at a long one until the other way is taken."""
    blocked = {"link": "A1", "start": "10 ms", "end": f"{end_ms} ms", "loss": "90 dB"}
    network = open_simplified(load_scenario(TWO_WAYS, [("blockages", [blocked])]))
    step = network.start()
    while step.now_ns < 20 * MS:
        step = network.advance(20 * MS, ())
    step = network.advance(500 * MS, (Send(1, "ue-1", "cloud", 100, Transport.UDP),))
    while not any(isinstance(event, Delivery) for event in step.events):
        assert step.now_ns < 500 * MS
        step = network.advance(500 * MS, ())
    assert expected_ms * MS < step.now_ns < (expected_ms + 15) * MS
    assert network.finish().lost_messages == 0
