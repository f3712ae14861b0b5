"""Background UEs in packets or as a backlog, fixed or moving, in the packet simulator."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

import pytest

from cosim.errors import ScenarioError
from cosim.network.ns3 import open_ns3
from cosim.network.port import ReportTick, Totals
from cosim.scenario import load_scenario
from cosim.scenario.schema import Scenario

pytestmark = pytest.mark.ns3

MARGIN = 0.05  # between the capacities that packets and a backlog leave to a UE, and of the traffic
_DURATION_NS = 2_000_000_000
_WARM_UP_NS = 500_000_000


def _left_mbps(scenario: Scenario, folder: Path) -> tuple[dict[tuple[str, bool], float], Totals]:
    """Mean capacity of each link and direction (upward: True), and the totals, without tasks."""
    lower = {link.name: link.child for link in scenario.links} | {"ue-access": "ue"}
    mbps: dict[tuple[str, bool], list[float]] = {}
    network = open_ns3(scenario, stderr_path=folder / "stderr.txt")
    try:
        step = network.start()
        while step.now_ns < _DURATION_NS:
            step = network.advance(_DURATION_NS, ())
            for tick in (e for e in step.events if isinstance(e, ReportTick)):
                for link in tick.links if step.now_ns >= _WARM_UP_NS else ():
                    key = link.link, link.transmitter == lower[link.link]
                    mbps.setdefault(key, []).append(link.capacity_bps / 1e6)
        totals = network.finish()
    finally:
        network.close()
    return {key: fmean(values) for key, values in mbps.items()}, totals


def _scenario(name: str, traffic: str, *more: tuple[str, object]) -> Scenario:
    return load_scenario(name, [("background.traffic", traffic), *more])


@pytest.mark.parametrize("name", ["mmwave-iab", "sub6"])
def test_packets_and_a_backlog_leave_the_same_to_a_ue(name: str, tmp_path: Path) -> None:
    backlog, backlog_totals = _left_mbps(_scenario(name, "backlog"), tmp_path)
    packets, packets_totals = _left_mbps(_scenario(name, "packets"), tmp_path)
    assert packets == pytest.approx(backlog, rel=MARGIN)
    assert packets_totals.background_bytes == pytest.approx(
        backlog_totals.background_bytes, rel=MARGIN
    )
    assert packets_totals.background_bytes % 1428 == 0, "whole packets arrive"


def test_a_smaller_packet_is_more_events_for_the_same_traffic(tmp_path: Path) -> None:
    # Large enough a crowd for the smaller packet's header to matter nowhere.
    large = _left_mbps(_scenario("sub6", "packets"), tmp_path)[1]
    small = _left_mbps(_scenario("sub6", "packets", ("background.packet", "300 B")), tmp_path)[1]
    assert small.background_bytes == pytest.approx(large.background_bytes, rel=MARGIN)
    assert small.simulator_events > 1.5 * large.simulator_events


def test_a_larger_burst_is_fewer_events_for_the_same_traffic(tmp_path: Path) -> None:
    single = _left_mbps(_scenario("sub6", "backlog", ("background.burst", 1)), tmp_path)[1]
    large = _left_mbps(_scenario("sub6", "backlog", ("background.burst", 20)), tmp_path)[1]
    assert large.background_bytes == pytest.approx(single.background_bytes, rel=MARGIN)
    assert single.simulator_events > 1.1 * large.simulator_events


@pytest.mark.parametrize("traffic", ["backlog", "packets"])
def test_moving_users_are_carried_and_change_what_is_left(traffic: str, tmp_path: Path) -> None:
    wide = ("background.radius_m", 250.0)
    fast = ("background.speed", "400 km/h")  # 220 m in the run: past the middle between two cells
    everywhere = [(f"nodes.iab{number}.background_ues", 4) for number in range(1, 7)]
    at_home = _scenario("mmwave-iab", traffic, wide, *everywhere)
    fixed, at_rest = _left_mbps(at_home, tmp_path)
    moving, in_motion = _left_mbps(
        _scenario("mmwave-iab", traffic, wide, fast, *everywhere), tmp_path
    )
    assert moving["A", True] != fixed["A", True], "whoever came or left loads other links"
    assert in_motion.background_bytes == pytest.approx(at_rest.background_bytes, rel=0.1)
    again, _ = _left_mbps(_scenario("mmwave-iab", traffic, wide, fast, *everywhere), tmp_path)
    assert again == moving, "the same seed, the same run"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("background.traffic", "packet"),
        ("background.packet", "20 B"),
        ("background.packet", "9 kB"),
        ("background.burst", 0),
        ("background.burst", 3000),
        ("background.speed", "-1 km/h"),
        ("background.speed", "900 km/h"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_key(key: str, value: object) -> None:
    with pytest.raises(ScenarioError) as raised:
        load_scenario("mmwave-iab", [(key, value)])
    assert key in str(raised.value)


def test_a_burst_fits_into_an_empty_queue_with_its_header() -> None:
    queue = (("radio.queue", "10 kB"), ("background.packet", "500 B"))
    assert load_scenario("mmwave-iab", [*queue, ("background.burst", 19)]).background.burst == 19
    with pytest.raises(ScenarioError, match=r"background\.burst"):
        load_scenario("mmwave-iab", [*queue, ("background.burst", 20)])  # 8 B too long
