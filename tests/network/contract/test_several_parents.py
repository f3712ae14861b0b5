"""IAB nodes with several parents, on every network: which way packets take, and when another."""

from __future__ import annotations

import random
from pathlib import Path
from statistics import fmean

import pytest

import cosim
from cosim.backends import port_factory_of
from cosim.network.port import Delivery, Event, ParentChange, ReportTick, Transport
from cosim.scenario import load_scenario
from cosim.scenario.load import scenario_from_toml
from cosim.scenario.schema import Scenario

TWO_WAYS = Path(__file__).parents[1] / "two-ways.toml"
MS = 1_000_000
TCP, UDP = Transport.TCP, Transport.UDP
# Between capacities on the two networks; an idle link has 75 Mbps down and 101 up.
IDLE_MARGIN_MBPS = 2.0
# Background UEs have other links on each; seeds 1 to 4 differ by up to 10.5.
LOADED_MARGIN_MBPS = 12.0
SHARE_MARGIN = 0.15  # of the time of two that share; TCP has to find its rate


Overrides = tuple[tuple[str, object], ...]


def _blocked(link: str, start_ms: int, end_ms: int) -> dict[str, object]:
    return {"link": link, "start": f"{start_ms} ms", "end": f"{end_ms} ms", "loss": "90 dB"}


def _told(events: list[Event]) -> list[tuple[object, ...]]:
    return [
        (e.time_ns // MS, e.node, e.link, e.previous, e.parent)
        for e in events
        if isinstance(e, ParentChange)
    ]


def test_a_link_that_fails_is_given_up_and_taken_again(open_port, drive) -> None:
    blockages = ("blockages", [_blocked("A1", 600, 1200), _blocked("N2", 700, 730)])
    run = drive(open_port(TWO_WAYS, blockages, ("radio.backhaul_failure", "40 ms")))
    run.run(1500 * MS)
    assert _told(run.events) == [
        (640, "far", "A1", "near1", ""),
        (1240, "far", "A1", "", "near1"),
    ]
    blocked = [tick for tick in run.of(ReportTick) if 700 * MS < tick.time_ns < 1100 * MS]
    reports = [report for tick in blocked for report in tick.links if report.link == "A1"]
    assert {(r.transmitter, r.receiver) for r in reports} == {("far", "near1"), ("near1", "far")}
    assert all(report.capacity_bps == 0 for report in reports)


def test_children_of_a_node_that_sleeps_take_their_other_parent(open_port, drive) -> None:
    changes = [
        {"time": "200 ms", "node": "near1", "action": "sleep"},
        {"time": "600 ms", "node": "near1", "action": "wake"},
    ]
    run = drive(open_port(TWO_WAYS, ("topology_changes", changes)))
    run.run(800 * MS)
    assert _told(run.events) == [
        (200, "far", "A1", "near1", ""),
        (200, "near1", "N1", "gnb", ""),
        (600, "near1", "N1", "", "gnb"),
        (600, "far", "A1", "", "near1"),
    ]


def test_tensors_take_the_other_way_and_nothing_is_lost_of_them(open_port, drive) -> None:
    blockages = ("blockages", [_blocked("A1", 100, 1200)])
    run = drive(open_port(TWO_WAYS, blockages))
    run.run(90 * MS)
    pairs = [("ue-1", "cloud"), ("cloud", "ue-1"), ("ue-2", "near2"), ("far", "gnb")]
    tensors = [run.send(*ends, 200_000, TCP) for ends in pairs]
    signals = [run.send(*ends, 300, UDP) for ends in pairs]
    run.run(90 * MS, *tensors, *signals)
    run.run(140 * MS)
    late = [run.send(*ends, 50_000, TCP) for ends in pairs]  # the link is known to fail at 150 ms
    run.run(1100 * MS, *late)
    arrived = {delivery.transfer_id: delivery for delivery in run.of(Delivery)}
    assert {send.transfer_id for send in (*tensors, *late)} <= set(arrived)
    assert all(arrived[send.transfer_id].time_ns > 150 * MS for send in (late[0], late[3]))
    assert arrived[late[2].transfer_id].time_ns < 150 * MS + 50 * MS
    totals = run.port.finish()
    parts = (totals.delivered_bytes, totals.in_flight_bytes, totals.lost_bytes)
    assert sum(parts) == totals.sent_bytes == sum(s.size_bytes for s in (*tensors, *signals, *late))


def test_two_parents_share_the_time_of_one_mt(open_port, drive) -> None:
    last_ms = []
    for parents in (("near2",), ("near1", "near2")):
        run = drive(open_port(TWO_WAYS, ("nodes.far.path", ["A2"])))
        run.run(100 * MS)
        ends = {"near1": "ue-1", "near2": "far"}
        run.run(1500 * MS, *(run.send(name, ends[name], 1_500_000, TCP) for name in parents))
        arrived = [delivery.time_ns / MS - 100 for delivery in run.of(Delivery)]
        assert len(arrived) == len(parents)
        last_ms.append(max(arrived))
    assert last_ms[1] == pytest.approx(2 * last_ms[0], rel=SHARE_MARGIN)


LOADED = (
    ("background.ues_per_cell", 4),
    ("background.ue_rate", "4 Mbps"),
    ("nodes.far.transit", {"ues": 2, "ue_rate": "12.5 Mbps"}),
    ("background.rate_mixture", [{"sigma": 0.1}, {"sigma": 0.1, "median": 1.2}]),
    ("nodes.far.path", ["A2"]),
)


def _mean_mbps(backend: str, overrides: Overrides, stderr: Path) -> dict[tuple[str, str], float]:
    """Capacity of each link by its transmitter, after the first half second."""
    mbps: dict[tuple[str, str], list[float]] = {}
    port = port_factory_of(backend)(load_scenario(TWO_WAYS, overrides), stderr)
    try:
        step = port.start()
        while step.now_ns < 1500 * MS:
            step = port.advance(1500 * MS, ())
            for tick in (e for e in step.events if isinstance(e, ReportTick)):
                for report in tick.links if tick.time_ns >= 500 * MS else ():
                    key = report.link, report.transmitter
                    mbps.setdefault(key, []).append(report.capacity_bps / 1e6)
    finally:
        port.close()
    return {key: fmean(values) for key, values in mbps.items()}


@pytest.mark.ns3
@pytest.mark.parametrize(
    ("overrides", "margin_mbps"),
    [
        ((), IDLE_MARGIN_MBPS),
        (LOADED, LOADED_MARGIN_MBPS),
        ((*LOADED, ("blockages", [_blocked("A1", 0, 5000)])), LOADED_MARGIN_MBPS),
    ],
    ids=["idle", "with others", "with others, one link down"],
)
def test_links_have_about_the_same_capacity_on_both(
    overrides: Overrides, margin_mbps: float, tmp_path: Path
) -> None:
    ns3, simplified = (
        _mean_mbps(backend, overrides, tmp_path / backend) for backend in ("ns3", "simplified")
    )
    assert simplified == pytest.approx(ns3, abs=margin_mbps)


# One more node, which has a parent with two parents and one without.
MORE = """
[[nodes]]
name = "end"
kind = "iab"
position_m = [300.0, 50.0, 10.0]
path = ["E2"]

[[links]]
name = "E1"
kind = "wireless"
child = "end"
parent = "far"

[[links]]
name = "E2"
kind = "wireless"
child = "end"
parent = "near1"
"""
LINKS = ("A1", "A2", "N1", "N2", "E1", "E2")
RELAYS = ("far", "near1", "near2", "end")
TIMES_MS = (5, 10, 20, 100, 137, 150, 200, 250, 333, 400)


REFUSED = {0, 5, 6, 11}  # a parent that is asleep or below


def _drawn(seed: int) -> Scenario:
    draw = random.Random(seed)
    lines = ["topology_changes = ["]
    for _ in range(draw.randint(1, 5)):
        node = draw.choice(RELAYS)
        action = draw.choice(("sleep", "wake", "sleep", "wake", "parent"))
        parent = draw.choice([name for name in (*RELAYS, "gnb") if name != node])
        more = f", parent = '{parent}'" if action == "parent" else ""
        time = f"{draw.choice(TIMES_MS)} ms"
        lines.append(f"  {{ time = '{time}', node = '{node}', action = '{action}'{more} }},")
    lines += ["]", "blockages = ["]
    for _ in range(draw.randint(1, 5)):
        start_ms, end_ms = sorted(draw.sample(TIMES_MS, 2))
        lines.append(
            f"  {{ link = '{draw.choice(LINKS)}', start = '{start_ms} ms', end = '{end_ms} ms', "
            "loss = '90 dB' },"
        )
    text = TWO_WAYS.read_text(encoding="utf-8")
    changes = "\n".join([*lines, "]\n"])
    failure = f"[radio]\nbackhaul_failure = '{draw.choice([4, 14, 50])} ms'"
    return scenario_from_toml(changes + text.replace("[radio]", failure) + MORE, "drawn")


@pytest.mark.ns3
@pytest.mark.parametrize("seed", range(12))
def test_both_networks_tell_the_same_of_drawn_changes(seed: int, stories) -> None:  # type: ignore[no-untyped-def]
    simplified, ns3 = stories(_drawn(seed))
    assert simplified == ns3
    assert (ns3 is None) == (seed in REFUSED)


def _first_computers(result, ue: str, start_s: float, end_s: float) -> set[str]:  # type: ignore[no-untyped-def]
    """The nodes that a UE hands its tasks to first."""
    tasks = result.tasks[(result.tasks.status == "done") & (result.tasks.ue == ue)]
    tasks = tasks[(tasks.start_s >= start_s) & (tasks.start_s < end_s)]
    return {route[1] for route in tasks.route}


@pytest.mark.parametrize("backend", ["simplified", pytest.param("ns3", marks=pytest.mark.ns3)])
def test_the_split_route_of_each_ue_follows_its_path_and_a_failure(
    backend: str, tmp_path: Path
) -> None:
    blockages = [("blockages", [_blocked("A1", 600, 1200)])]
    result = cosim.run(TWO_WAYS, overrides=blockages, backend=backend, out=tmp_path / "out")
    assert _first_computers(result, "ue-1", 0.1, 0.55) == {"near1"}
    assert _first_computers(result, "ue-1", 0.75, 1.15) == {"near2"}
    assert _first_computers(result, "ue-1", 1.35, 2.0) == {"near1"}
    assert _first_computers(result, "ue-2", 0.1, 2.0) == {"near2"}
