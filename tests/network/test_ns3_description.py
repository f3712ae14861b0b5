"""What ns-3 is told of a scenario."""

from __future__ import annotations

import pytest

from cosim.network.ns3.description import LARGEST_CROSS_FRACTION, describe_network
from cosim.scenario import load_scenario


def test_load_scales_population_and_demand() -> None:
    described = {
        load: describe_network(load_scenario("mmwave-iab", [("load", load)]))
        for load in ("low", "mid", "high")
    }
    users = {
        load: next(x for x in d["nodes"] if x["name"] == "iab1")["background_ues"]
        for load, d in described.items()
    }
    rates = {load: d["background"]["rate_bps"] for load, d in described.items()}
    cross = {
        load: next(x for x in d["links"] if x["name"] == "F")["cross_traffic"]["rate_bps"]
        for load, d in described.items()
    }
    assert users["low"] * 2 == users["mid"] == users["high"] / 2
    assert rates["low"] * 2 == rates["mid"] == rates["high"] / 2
    assert cross["low"] * 4 == cross["mid"] == cross["high"] / 4


def test_cross_traffic_leaves_a_trickle() -> None:
    description = describe_network(load_scenario("mmwave-iab", [("load", "high")]))
    wires = [link for link in description["links"] if link["kind"] == "wired"]
    assert wires
    for wire in wires:
        assert wire["cross_traffic"]["max_fraction"] == LARGEST_CROSS_FRACTION < 1


def test_waypoints_are_reached_at_the_speed_of_the_scenario() -> None:
    scenario = load_scenario("mmwave-iab")
    ue = next(node for node in scenario.nodes if node.kind == "ue")
    described = describe_network(scenario)["nodes"]
    trajectory = next(node for node in described if node["name"] == ue.name)["waypoints"]
    assert [w["time_ns"] for w in trajectory] == sorted(w["time_ns"] for w in trajectory)
    (x0, y0, _), (x1, y1, _) = trajectory[0]["position_m"], trajectory[1]["position_m"]
    metres = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    assert metres / (trajectory[1]["time_ns"] / 1e9) == pytest.approx(40 / 3.6)


def test_a_static_network_never_redraws_line_of_sight() -> None:
    assert describe_network(load_scenario("chain3"))["radio"]["los_update_ns"] == 0
    assert describe_network(load_scenario("mmwave-iab"))["radio"]["los_update_ns"] > 0


def test_waypoints_that_are_reached_at_once_or_never_are_left_out() -> None:
    def trajectory(waypoints: str, speed: str) -> list[object]:
        overrides = [("nodes.ue.waypoints_m", waypoints), ("nodes.ue.speed", speed)]
        nodes = describe_network(load_scenario("mmwave-iab", overrides))["nodes"]
        return next(n for n in nodes if n["name"] == "ue")["waypoints"]

    start = "[478.2, 662.4]"
    assert trajectory(f"[{start}]", "40 km/h") == []
    assert len(trajectory(f"[{start}, [500.0, 700.0], [500.0, 700.0]]", "40 km/h")) == 2
    assert trajectory("[[900.0, 900.0]]", "0.000000001 m/s") == []
    assert trajectory("[[900.0, 900.0]]", "1e-300 m/s") == []
