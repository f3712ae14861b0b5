"""Nodes that sleep, wake and get other parents while a run goes on (VII.C.1), on every network."""

from __future__ import annotations

from pathlib import Path

import pytest

import cosim
from cosim.network.port import Attachment, Delivery, ParentChange, ReportTick, Transport

MS = 1_000_000
TCP, UDP = Transport.TCP, Transport.UDP
STANDING = (("nodes.ue.waypoints_m", []), ("nodes.ue.speed", "0 m/s"))
# So near to iab5 that the UE comes back to it: where the drive begins it is within the hysteresis.
NEAR_IAB5 = (("nodes.ue.position_m", [430.0, 590.0, 1.5]), *STANDING)
SLEEPS_FOR_300_MS = (
    {"time": "200 ms", "node": "iab5", "action": "sleep"},
    {"time": "500 ms", "node": "iab5", "action": "wake"},
)


def _network(open_port, *changes, overrides=()):  # type: ignore[no-untyped-def]
    quiet = (("load", "low"), ("topology_changes", list(changes)))
    return open_port("mmwave-iab", *quiet, *overrides)


def _told(run) -> list[tuple[int, ...]]:  # type: ignore[no-untyped-def]
    """Time in ms, and who has whom instead of whom."""
    return [
        (e.time_ns // MS, e.ue, e.previous, e.serving)
        if isinstance(e, Attachment)
        else (e.time_ns // MS, e.node, e.previous, e.parent)
        for e in run.events
        if isinstance(e, Attachment | ParentChange)
    ]


CASES = {
    "a new parent, sleep and wake": (
        [
            {"time": "100 ms", "node": "iab3", "action": "parent", "parent": "iab4"},
            *SLEEPS_FOR_300_MS,
        ],
        (),
        [
            (0, "ue", "", "iab5"),
            (100, "iab3", "iab5", "iab4"),
            (200, "ue", "iab5", "iab6"),
            (200, "iab5", "iab6", ""),
            (500, "iab5", "", "iab6"),
            (500, "iab3", "iab4", "iab5"),
        ],
    ),
    "a UE that stands comes back after the time to trigger": (
        list(SLEEPS_FOR_300_MS),
        NEAR_IAB5,
        [
            (0, "ue", "", "iab5"),
            (200, "ue", "iab5", "iab6"),
            (200, "iab3", "iab5", "iab6"),
            (200, "iab5", "iab6", ""),
            (500, "iab5", "", "iab6"),
            (500, "iab3", "iab6", "iab5"),
            (600, "ue", "iab6", "iab5"),
        ],
    ),
    "changes between two measurements": (
        [
            {"time": "205 ms", "node": "iab5", "action": "sleep"},
            {"time": "333 ms", "node": "iab5", "action": "wake"},
        ],
        NEAR_IAB5,
        [
            (0, "ue", "", "iab5"),
            (205, "ue", "iab5", "iab6"),
            (205, "iab3", "iab5", "iab6"),
            (205, "iab5", "iab6", ""),
            (333, "iab5", "", "iab6"),
            (333, "iab3", "iab6", "iab5"),
            (440, "ue", "iab6", "iab5"),
        ],
    ),
    "a node wakes below its child node": (
        [
            {"time": "205 ms", "node": "iab3", "action": "sleep"},
            {"time": "205 ms", "node": "iab5", "action": "sleep"},
            {"time": "300 ms", "node": "iab3", "action": "wake"},
            {"time": "333 ms", "node": "iab5", "action": "wake"},
        ],
        STANDING,
        [
            (0, "ue", "", "iab5"),
            (205, "iab1", "iab3", "iab5"),
            (205, "iab3", "iab5", ""),
            (205, "ue", "iab5", "iab6"),
            (205, "iab1", "iab5", "iab6"),
            (205, "iab5", "iab6", ""),
            (300, "iab3", "", "iab1"),
            (333, "iab5", "", "iab6"),
            (333, "iab3", "iab1", "iab5"),
        ],
    ),
    "a parent given to a node that sleeps is the one it wakes with": (
        [
            {"time": "0 s", "node": "iab5", "action": "sleep"},
            {"time": "100 ms", "node": "iab5", "action": "parent", "parent": "iab6"},
            {"time": "200 ms", "node": "iab5", "action": "wake"},
        ],
        STANDING,
        [
            (0, "ue", "", "iab5"),
            (0, "ue", "iab5", "iab6"),
            (0, "iab3", "iab5", "iab6"),
            (0, "iab5", "iab6", ""),
            (100, "iab5", "", "iab6"),
            (200, "iab3", "iab6", "iab5"),
        ],
    ),
    "at the very start, in any order, and what changes nothing": (
        [
            {"time": "300 ms", "node": "iab5", "action": "wake"},
            {"time": "260 ms", "node": "iab5", "action": "sleep"},
            {"time": "250 ms", "node": "iab5", "action": "parent", "parent": "iab4"},
            {"time": "0 s", "node": "iab5", "action": "sleep"},
            {"time": "310 ms", "node": "iab5", "action": "parent", "parent": "iab6"},
        ],
        STANDING,
        [
            (0, "ue", "", "iab5"),
            (0, "ue", "iab5", "iab6"),
            (0, "iab3", "iab5", "iab6"),
            (0, "iab5", "iab6", ""),
            (250, "iab5", "", "iab4"),
            (300, "iab5", "iab4", "iab6"),
            (300, "iab3", "iab6", "iab5"),
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_everybody_hears_of_the_changes_in_the_same_order(open_port, drive, case: str) -> None:
    changes, overrides, expected = CASES[case]
    run = drive(_network(open_port, *changes, overrides=overrides))
    run.run(800 * MS)
    assert _told(run) == expected
    handovers = [t for t in expected if t[1] == "ue"][1:]
    assert run.port.finish().handovers == len(handovers)


def test_reports_follow_the_tree(open_port, drive) -> None:
    run = drive(_network(open_port, *SLEEPS_FOR_300_MS))
    run.run(700 * MS)
    ends = {
        tick.time_ns // MS: {
            (r.link, r.transmitter, r.receiver): r.capacity_bps
            for r in tick.links
            if r.link in "CE"
        }
        for tick in run.of(ReportTick)
    }
    at_home = {
        *(("C", "iab3", "iab5"), ("C", "iab5", "iab3")),
        *(("E", "iab5", "iab6"), ("E", "iab6", "iab5")),
    }
    assert set(ends[190]) == set(ends[500]) == at_home
    assert all(ends[190].values()) and all(ends[690].values())
    asleep = {("E", "iab5", ""), ("E", "", "iab5")}
    assert (
        set(ends[200])
        == set(ends[490])
        == {
            *(("C", "iab3", "iab6"), ("C", "iab6", "iab3")),
            *asleep,
        }
    )
    assert all(ends[490][end] == 0 for end in asleep) and ends[490]["C", "iab3", "iab6"] > 0


def test_tensors_wait_for_a_node_that_sleeps_and_signalling_does_not(open_port, drive) -> None:
    run = drive(_network(open_port, *SLEEPS_FOR_300_MS))
    run.run(250 * MS)
    tensors = [run.send(*ends, 40_000, TCP) for ends in (("cloud", "iab5"), ("iab5", "cloud"))]
    signals = [run.send(*ends, 300, UDP) for ends in (("iab3", "iab5"), ("iab5", "iab3"))]
    passing = run.send("iab3", "cloud", 40_000, TCP)  # its old way led over the node
    run.run(2500 * MS, *tensors, *signals, passing)
    arrived = {delivery.transfer_id: delivery.time_ns for delivery in run.of(Delivery)}
    assert set(arrived) == {send.transfer_id for send in (*tensors, passing)}
    assert all(arrived[send.transfer_id] > 500 * MS for send in tensors)
    assert arrived[passing.transfer_id] < 500 * MS
    totals = run.port.finish()
    assert (totals.lost_messages, totals.lost_bytes) == (2, 600)
    assert totals.in_flight_messages == 0


@pytest.mark.parametrize("upward", [True, False])
def test_a_tensor_under_way_goes_on_over_the_new_parent(open_port, drive, upward: bool) -> None:
    move = {"time": "100 ms", "node": "iab3", "action": "parent", "parent": "iab4"}
    ends = ("iab3", "iab6") if upward else ("iab6", "iab3")
    arrived = []
    for changes in ((), (move,)):
        run = drive(_network(open_port, *changes, overrides=STANDING))
        run.run(90 * MS)
        run.run(2000 * MS, run.send(*ends, 1_000_000, TCP), run.send(*ends, 500_000, TCP))
        first, second = run.of(Delivery)
        assert first.transfer_id < second.transfer_id
        arrived.append(second.time_ns)
    assert arrived[0] > 100 * MS, "it was there before the change"
    assert 15 * MS < arrived[1] - arrived[0] < 1000 * MS, "the interruption is 20 ms"


def test_the_account_balances_across_changes(open_port, drive) -> None:
    changes = (
        *SLEEPS_FOR_300_MS,
        {"time": "301 ms", "node": "iab3", "action": "parent", "parent": "iab2"},
        {"time": "350 ms", "node": "iab4", "action": "sleep"},
        {"time": "601 ms", "node": "iab4", "action": "wake"},
    )
    run = drive(_network(open_port, *changes, overrides=STANDING))
    ways = [("ue", "cloud"), ("cloud", "ue"), ("iab1", "iab2"), ("core7", "iab3"), ("iab5", "iab4")]
    sent = []
    for round_ in range(60):
        batch = [run.send(*way, 9_000 + round_, TCP) for way in ways]
        batch += [run.send(*way, 200 + round_, UDP) for way in ways]
        sent += batch
        run.run((round_ + 1) * 12 * MS, *batch)
    run.run(8000 * MS)
    totals = run.port.finish()
    arrived = [delivery.transfer_id for delivery in run.of(Delivery)]
    assert len(set(arrived)) == len(arrived)
    assert totals.sent_bytes == sum(send.size_bytes for send in sent)
    assert totals.delivered_bytes == sum(d.size_bytes for d in run.of(Delivery))
    parts = (totals.delivered_bytes, totals.in_flight_bytes, totals.lost_bytes)
    assert sum(parts) == totals.sent_bytes
    parts = (totals.delivered_messages, totals.in_flight_messages, totals.lost_messages)
    assert sum(parts) == totals.sent_messages
    tensors = {send.transfer_id for send in sent if send.transport is TCP}
    assert tensors <= set(arrived), "TCP loses nothing"
    assert 0 < totals.lost_messages < len(sent) / 4
    by_way = {(d.source, d.destination): [] for d in run.of(Delivery)}
    for delivery in run.of(Delivery):
        if delivery.transfer_id in tensors:
            by_way[delivery.source, delivery.destination].append(delivery.transfer_id)
    assert all(ids == sorted(ids) for ids in by_way.values()), "a connection keeps the order"


@pytest.fixture(params=["simplified", pytest.param("ns3", marks=pytest.mark.ns3)])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_tasks_go_on_when_a_node_sleeps_and_their_routes_change(
    backend: str, tmp_path: Path
) -> None:
    changes = [
        {"time": "500 ms", "node": "iab5", "action": "sleep"},
        {"time": "1200 ms", "node": "iab5", "action": "wake"},
    ]
    # The task that iab5 has when it falls asleep is lost: the UE must not wait for it for long.
    result = cosim.run(
        "mmwave-iab",
        policy="edge-only",
        load="low",
        duration_s=2.0,
        backend=backend,
        out=tmp_path / "out",
        overrides=[
            *(("task.timeout", "200 ms"), ("topology_changes", changes)),
            *NEAR_IAB5,
        ],
    )
    done = result.tasks[result.tasks.status == "done"]
    served = [(row.start_s, row.route[1]) for row in done.itertuples() if len(row.route) > 1]
    assert {node for start, node in served if start < 0.4} == {"iab5"}
    assert {node for start, node in served if 0.8 < start < 1.1} == {"iab6"}
    assert {node for start, node in served if start > 1.6} == {"iab5"}
    assert result.manifest.totals["sent_bytes"] > 0  # type: ignore[index]


def test_a_new_parent_gives_the_backhaul_another_route(backend: str, tmp_path: Path) -> None:
    # The UE stands at iab3, whose first way to the core is over iab5, then over iab4.
    overrides = [
        ("nodes.ue.position_m", [140.0, 440.0, 1.5]),
        *STANDING,
        ("task.timeout", "1 s"),
        (
            "topology_changes",
            [{"time": "600 ms", "node": "iab3", "action": "parent", "parent": "iab4"}],
        ),
    ]
    result = cosim.run(
        "mmwave-iab",
        policy="cloud-only",
        load="low",
        duration_s=2.0,
        backend=backend,
        overrides=overrides,
        out=tmp_path / "out",
    )
    links = result.links[(result.links.link == "C") & (result.links.transmitter == "iab3")]
    assert set(links[links.time_s < 0.59].receiver) == {"iab5"}
    assert set(links[links.time_s > 0.61].receiver) == {"iab4"}
    done = result.tasks[result.tasks.status == "done"]
    assert (done.start_s > 0.8).any(), "no task was done after the change"
