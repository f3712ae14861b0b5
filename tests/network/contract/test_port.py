"""What `cosim.network.port.NetworkPort` promises, of every network."""

from __future__ import annotations

import itertools
import math

import pytest

from cosim.errors import NetworkError
from cosim.network.port import Attachment, Delivery, ReportTick, Send, Transport
from cosim.scenario import load_scenario

MS = 1_000_000
TCP, UDP = Transport.TCP, Transport.UDP
BLOCKED = (
    ("blockages", [{"link": "ue-access", "start": "50 ms", "end": "150 ms", "loss": "120 dB"}]),
)


def test_it_starts_at_zero_with_attachments_and_a_report_of_all_links(open_port, drive) -> None:
    run = drive(open_port("mmwave-iab"))
    attachment, report = run.events
    assert attachment == Attachment(0, "ue", "iab5", "")
    assert isinstance(report, ReportTick)
    ends = {(link.link, link.transmitter, link.receiver) for link in report.links}
    fixed = {("A", "iab1", "iab3"), ("E", "iab6", "iab5"), ("H", "core8", "cloud")}
    assert fixed | {("ue-access", "ue", "iab5"), ("ue-access", "iab5", "ue")} <= ends
    assert len(ends) == len(report.links) == 2 * (8 + 1)
    assert "simulator" in run.port.version or "ns3" in run.port.version


def test_reports_come_on_time_and_make_sense(open_port, drive) -> None:
    run = drive(open_port("mmwave-iab"))
    run.run(105 * MS, run.send("ue", "iab5", 400_000, TCP))
    ticks = run.of(ReportTick)
    assert [tick.time_ns for tick in ticks] == [i * 10 * MS for i in range(11)]
    for link in (link for tick in ticks for link in tick.links):
        assert link.capacity_bps >= 0 and link.latency_ns > 0
        assert min(link.queue_bytes, link.queue_delay_ns, link.hol_delay_ns) >= 0
        assert 0 <= link.used_fraction <= 1
        wired = link.link in "FGH"
        assert (link.mcs == -1) == wired and math.isnan(link.sinr_db) == wired
    wired = {"F": 400e6, "G": 200e6, "H": 50e6}
    assert all(r.capacity_bps <= wired[r.link] for t in ticks for r in t.links if r.link in wired)


def test_time_stops_where_it_is_told_to(open_port, drive) -> None:
    run = drive(open_port("chain3"))
    for until_ns in (1, 2, 7 * MS + 3, 7 * MS + 3, 10 * MS):
        run.run(until_ns)
        assert run.now_ns == until_ns
    with pytest.raises(NetworkError):
        run.port.advance(5 * MS, ())


def test_messages_arrive_once_and_unharmed(open_port, drive) -> None:
    run = drive(open_port("chain3"))
    sent = [
        run.send("ue", "gnb", 100_000, TCP),
        run.send("gnb", "core", 300, UDP),
        run.send("cloud", "ue", 20_000, TCP),
        run.send("ue", "cloud", 40, UDP),
    ]
    run.run(400 * MS, *sent)
    arrived = {delivery.transfer_id: delivery for delivery in run.of(Delivery)}
    assert len(run.of(Delivery)) == len(arrived) == len(sent)
    for send in sent:
        got = arrived[send.transfer_id]
        assert (got.source, got.destination) == (send.source, send.destination)
        assert (got.size_bytes, got.payload, got.sent_ns) == (send.size_bytes, send.payload, 0)
        assert got.time_ns > 0


@pytest.mark.parametrize("transport", [TCP, UDP])
def test_every_node_reaches_every_other(open_port, drive, transport: Transport) -> None:
    run = drive(open_port("mmwave-iab", ("background.ues_per_cell", 0)))
    names = [node.name for node in load_scenario("mmwave-iab").nodes]
    sent = [run.send(a, b, 200, transport) for a, b in itertools.permutations(names, 2)]
    run.run(1000 * MS, *sent)
    arrived = {(delivery.source, delivery.destination) for delivery in run.of(Delivery)}
    assert arrived == {(send.source, send.destination) for send in sent}


def test_one_connection_keeps_the_order(open_port, drive) -> None:
    run = drive(open_port("chain3"))
    sizes = (200_000, 50, 50_000, 1_000)
    run.run(5 * MS, *(run.send("ue", "cloud", size, TCP) for size in sizes))
    run.run(300 * MS, run.send("ue", "cloud", 40, TCP))
    assert [delivery.transfer_id for delivery in run.of(Delivery)] == [1, 2, 3, 4, 5]


def test_no_message_is_faster_than_its_links(open_port, drive) -> None:
    run = drive(open_port("chain3"))
    run.run(500 * MS, run.send("core", "cloud", 500_000, TCP))
    (delivery,) = run.of(Delivery)
    least_s = 8 * 500_000 / 50e6 + 0.005
    assert least_s < delivery.time_ns / 1e9 < 1.6 * least_s


def test_the_account_balances(open_port, drive) -> None:
    run = drive(open_port("mmwave-iab"))
    sent = []
    for round_ in range(6):
        batch = [
            run.send("ue", "iab5", 60_000, TCP),
            run.send("cloud", "ue", 500, UDP),
            run.send("iab1", "cloud", 9_000, TCP),
        ]
        sent += batch
        run.run((round_ + 1) * 12 * MS, *batch)
    totals = run.port.finish()
    delivered = run.of(Delivery)
    assert totals.sent_messages == len(sent)
    assert totals.sent_bytes == sum(send.size_bytes for send in sent)
    assert totals.delivered_messages == len(delivered) > 0
    assert totals.delivered_bytes == sum(delivery.size_bytes for delivery in delivered)
    parts = (totals.delivered_messages, totals.in_flight_messages, totals.lost_messages)
    assert sum(parts) == totals.sent_messages
    parts = (totals.delivered_bytes, totals.in_flight_bytes, totals.lost_bytes)
    assert sum(parts) == totals.sent_bytes
    assert totals.background_bytes > 0 and totals.simulator_events > 0


def _history(run) -> list[object]:  # type: ignore[no-untyped-def]
    for step in range(5):
        run.run((step + 1) * 50 * MS, run.send("ue", "cloud", 30_000, TCP))
    return [repr(event) for event in run.events]


def test_the_same_seed_tells_the_same_story(open_port, drive) -> None:
    first, again, other = (
        _history(drive(open_port("mmwave-iab", ("seed", seed)))) for seed in (5, 5, 6)
    )
    assert first == again
    assert first != other


def test_messages_do_not_change_the_channel(open_port, drive) -> None:
    quiet, busy = drive(open_port("mmwave-iab")), drive(open_port("mmwave-iab"))
    quiet.run(600 * MS)
    busy.run(600 * MS, busy.send("ue", "iab5", 2_000_000, TCP))
    sinr = [
        [link.sinr_db for tick in run.of(ReportTick) for link in tick.links if link.mcs >= 0]
        for run in (quiet, busy)
    ]
    assert sinr[0] == pytest.approx(sinr[1], rel=1e-9)


@pytest.mark.parametrize(
    "wrong",
    [
        Send(1, "ue", "nobody", 10, UDP),
        Send(1, "ue", "ue", 10, UDP),
        Send(1, "ue", "gnb", 70_000, UDP),
        Send(1, "ue", "gnb", 2, TCP, b"longer"),
    ],
    ids=["unknown", "itself", "too large", "shorter than its payload"],
)
def test_what_cannot_be_sent_is_an_error(open_port, drive, wrong: Send) -> None:
    run = drive(open_port("chain3"))
    with pytest.raises(NetworkError):
        run.port.advance(MS, (wrong,))


def test_a_blocked_link_says_so_and_only_holds_tensors_up(open_port, drive) -> None:
    run = drive(open_port("chain3", *BLOCKED))
    run.run(60 * MS)
    run.run(900 * MS, run.send("ue", "gnb", 50_000, TCP))
    capacity = {
        tick.time_ns // MS: link.capacity_bps
        for tick in run.of(ReportTick)
        for link in tick.links
        if (link.link, link.transmitter) == ("ue-access", "ue")
    }
    assert capacity[40] > 0 == capacity[100] < capacity[200]
    (delivery,) = run.of(Delivery)
    assert delivery.time_ns > 150 * MS


@pytest.mark.parametrize(
    "harder",
    [
        {"harq_processes": 1},
        {"harq_transmissions": 1},
        {"harq_transmissions": 1, "rlc_status_delay": "20 ms"},
    ],
    ids=["one process", "one transmission", "late status"],
)
def test_blocks_that_are_sent_again_hold_packets_up_and_no_fluid(
    open_port, drive, harder: dict[str, object]
) -> None:
    # Till the report of the channel, blocks are made for one that is 5 dB better.
    loss = [{"link": "ue-access", "start": "0 s", "end": "900 ms", "loss": "5 dB"}]
    stale = {"nodes.ue.position_m": [250.0, 0.0, 1.5], "blockages": loss}
    arrived_ns = []
    for how in ({}, harder):
        radio = {f"radio.{key}": value for key, value in ({"cqi_delay": "1 s"} | how).items()}
        run = drive(open_port("chain3", *(stale | radio).items()))
        run.run(900 * MS, run.send("ue", "gnb", 500_000, TCP))
        arrived_ns += [delivery.time_ns for delivery in run.of(Delivery)]
    usual_ns, held_up_ns = arrived_ns
    if "simplified" in run.port.version:
        assert held_up_ns == usual_ns
    else:
        assert held_up_ns > usual_ns


def test_a_handover_is_told_and_loses_no_tensor(open_port, drive) -> None:
    run = drive(open_port("mmwave-iab", ("nodes.ue.speed", "200 km/h")))
    for step in range(1, 40):
        run.run(step * 50 * MS, run.send("ue", "cloud", 20_000, TCP))
    run.run(2600 * MS)
    attached = run.of(Attachment)
    assert len(attached) > 1
    assert [a.previous for a in attached[1:]] == [a.serving for a in attached[:-1]]
    assert len(run.of(Delivery)) == 39
    last = run.of(ReportTick)[-1]
    ends = {(r.transmitter, r.receiver) for r in last.links if r.link == "ue-access"}
    assert ends == {("ue", attached[-1].serving), (attached[-1].serving, "ue")}
    assert run.port.finish().handovers == len(attached) - 1


def test_a_ue_that_has_stopped_is_handed_over_all_the_same(open_port, drive) -> None:
    # After 220 ms it is at iab6, where it stays; that cell must be better for 400 ms.
    way = [("position_m", [470.0, 650.0, 1.5]), ("waypoints_m", [[545.0, 745.0]])]
    there_at_once = [(f"nodes.ue.{key}", value) for key, value in (*way, ("speed", "2000 km/h"))]
    run = drive(
        open_port("mmwave-iab", *there_at_once, ("radio.handover_time_to_trigger", "400 ms"))
    )
    run.run(800 * MS)
    first, *later = run.of(Attachment)
    assert (first.serving, [a.serving for a in later]) == ("iab5", ["iab6"])
    assert 400 * MS < later[0].time_ns <= 560 * MS


def test_closing_is_possible_at_any_time(open_port) -> None:
    port = open_port("chain3")
    port.close()
    port.close()
    started = open_port("chain3")
    started.start()
    started.advance(MS, ())
    started.close()
    started.close()
