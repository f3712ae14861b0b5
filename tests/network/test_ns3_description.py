"""What ns-3 is told of a scenario."""

from __future__ import annotations

import math

import pytest

from cosim.network.ns3.description import LARGEST_CROSS_FRACTION, describe_network
from cosim.scenario import load_scenario


def _mean_bps(mixture: list[dict[str, float]]) -> float:
    """E[exp(N(mu, sigma^2))] = exp(mu + sigma^2 / 2) of each component."""
    return sum(p["weight"] * p["median"] * math.exp(p["sigma"] ** 2 / 2) for p in mixture)


def test_load_scales_population_and_demand() -> None:
    crowd = [("nodes.iab1.background_ues", 400), ("nodes.iab1.transit.ues", 200)]
    described = {
        load: describe_network(load_scenario("mmwave-iab", [("load", load), *crowd]))
        for load in ("low", "mid", "high")
    }
    iab1 = {
        load: next(x for x in d["nodes"] if x["name"] == "iab1") for load, d in described.items()
    }
    users = {load: node["background_ues"] for load, node in iab1.items()}
    transit = {load: node["transit"]["ues"] for load, node in iab1.items()}
    rates, transit_rates = (
        {load: _mean_bps(demand) for load, demand in demands.items()}
        for demands in (
            {load: d["background"]["demand_bps"] for load, d in described.items()},
            {load: node["transit"]["demand_bps"] for load, node in iab1.items()},
        )
    )
    cross = {
        load: next(x for x in d["links"] if x["name"] == "F")["cross_traffic"]["rate_bps"]
        for load, d in described.items()
    }
    for crowds in (users, transit):
        assert crowds["low"] * 2 == pytest.approx(crowds["mid"], abs=1)
        assert crowds["high"] / 2 == pytest.approx(crowds["mid"], abs=1)
    assert rates == pytest.approx({"low": 3e6, "mid": 6e6, "high": 12e6})
    assert transit_rates["low"] * 2 == pytest.approx(transit_rates["mid"])
    assert transit_rates["high"] / 2 == pytest.approx(transit_rates["mid"])
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
