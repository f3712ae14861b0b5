"""Whole networks of the simplified simulator against what can be worked out by hand."""

from __future__ import annotations

import pytest

from cosim.network.port import Delivery, ReportTick, Send, Transport
from cosim.network.simplified import open_simplified
from cosim.network.simplified.radio import Radio
from cosim.network.simplified.streams import stream_bits
from cosim.scenario import load_scenario

MS = 1_000_000
TCP, UDP = Transport.TCP, Transport.UDP


def _deliveries(network, until_ns: int, *sends: Send) -> dict[int, Delivery]:
    found, step = {}, network.advance(0, sends)
    while True:
        found |= {e.transfer_id: e for e in step.events if isinstance(e, Delivery)}
        if step.now_ns >= until_ns:
            return found
        step = network.advance(until_ns, ())


def _chain(*overrides: tuple[str, object]):
    network = open_simplified(load_scenario("chain3", overrides))
    return network, network.start()


def _seconds(delivery: Delivery) -> float:
    return (delivery.time_ns - delivery.sent_ns) / 1e9


def test_one_wire_takes_size_over_rate_and_its_delay() -> None:
    network, _ = _chain()
    got = _deliveries(network, 500 * MS, Send(1, "core", "cloud", 300_000, TCP))
    assert _seconds(got[1]) == pytest.approx(stream_bits(300_000) / 50e6 + 0.005, abs=1e-8)


def test_a_message_flows_over_all_its_links_at_the_rate_of_the_slowest() -> None:
    network, start = _chain()
    reports = {(r.link, r.transmitter): r for r in start.events[-1].links}
    assert isinstance(start.events[-1], ReportTick)
    way = [reports["ue-access", "ue"], reports["N", "gnb"], reports["W", "core"]]
    got = _deliveries(network, 900 * MS, Send(1, "ue", "cloud", 400_000, TCP))
    slowest = min(report.capacity_bps for report in way)
    delays = sum(report.latency_ns for report in way) / 1e9
    assert _seconds(got[1]) == pytest.approx(stream_bits(400_000) / slowest + delays, abs=1e-6)


def test_two_connections_share_a_wire_and_the_longer_one_ends_alone() -> None:
    network, _ = _chain()
    sends = (Send(1, "core", "cloud", 100_000, TCP), Send(2, "gnb", "cloud", 300_000, TCP))
    got = _deliveries(network, 900 * MS, *sends)
    small, large = stream_bits(100_000), stream_bits(300_000)
    assert _seconds(got[1]) == pytest.approx(2 * small / 50e6 + 0.005, abs=1e-6)
    assert _seconds(got[2]) == pytest.approx((small + large) / 50e6 + 0.006, abs=1e-6)


def test_signalling_waits_for_cross_traffic_as_m_d_1_says() -> None:
    cross = {"rate": "30 Mbps", "sigma": 0.0}
    network, start = _chain(("links.W.cross_traffic", cross))
    got = _deliveries(network, 100 * MS, Send(1, "core", "cloud", 472, UDP))
    wait = 0.6 * (72_000 / 50e6) / (2 * (1 - 0.6))
    assert _seconds(got[1]) == pytest.approx(8 * 500 / 20e6 + 0.005 + wait, abs=1e-7)
    (report,) = [r for r in start.events[-1].links if (r.link, r.transmitter) == ("W", "core")]
    assert report.capacity_bps == 20_000_000 and report.used_fraction == pytest.approx(0.6)
    assert report.queue_delay_ns == pytest.approx(wait * 1e9, abs=2)


@pytest.mark.parametrize("users", [1, 3, 9])
def test_hungry_background_users_leave_a_fair_share(users: int) -> None:
    scenario = load_scenario(
        "chain3",
        [("background.ues_per_cell", users), ("background.ue_rate", "5 Gbps")],
    )
    start = open_simplified(scenario).start()
    (up,) = [r for r in start.events[-1].links if (r.link, r.transmitter) == ("ue-access", "ue")]
    whole = Radio(scenario.radio, has_relays=False, excess_loss_db=0.0).rate_bps(60.0, "up")
    assert up.mcs == 28
    assert up.capacity_bps == pytest.approx(float(whole) / (users + 1), rel=1e-6)


def test_a_quiet_link_gives_the_very_same_report_again() -> None:
    network, start = _chain()
    step = network.advance(10 * MS, ())
    assert all(a is b for a, b in zip(start.events[-1].links, step.events[0].links, strict=True))


def test_a_datagram_is_lost_on_a_dead_link_and_is_accounted_for() -> None:
    blocked = [{"link": "ue-access", "start": "0 s", "end": "1 s", "loss": "150 dB"}]
    network, _ = _chain(("blockages", blocked))
    assert not _deliveries(network, 2000 * MS, Send(1, "gnb", "ue", 100, UDP))
    totals = network.finish()
    assert (totals.lost_messages, totals.lost_bytes, totals.in_flight_messages) == (1, 100, 0)


@pytest.mark.parametrize("sectors", [False, True])
def test_the_donors_children_share_a_cell_unless_each_has_a_sector(sectors: bool) -> None:
    quiet = [("background.ues_per_cell", 0), ("nodes.iab5.background_ues", 0)]
    quiet += [("radio.backhaul_sectors", sectors)]
    quiet += [(f"nodes.iab{number}.transit.ues", 0) for number in (1, 2, 3, 4)]
    sends = (Send(1, "iab4", "iab6", 2_000_000, TCP), Send(2, "iab5", "iab6", 2_000_000, TCP))
    took = []
    for some in (sends, sends[:1]):
        network = open_simplified(load_scenario("mmwave-iab", quiet))
        network.start()
        took.append(_seconds(_deliveries(network, 900 * MS, *some)[1]))
    ratio = took[0] / took[1]
    assert ratio == pytest.approx(1.0 if sectors else 2.0, rel=0.05)


def test_a_sector_leaves_its_only_child_all_that_the_others_behind_it_do_not_want() -> None:
    capacities = {}
    for sectors in (False, True):
        scenario = load_scenario("mmwave-iab", [("radio.backhaul_sectors", sectors)])
        reports = open_simplified(scenario).start().events[-1].links
        capacities[sectors] = {r.link: r.capacity_bps for r in reports if r.transmitter == "iab4"}
    assert capacities[True]["D"] > 2 * capacities[False]["D"]
