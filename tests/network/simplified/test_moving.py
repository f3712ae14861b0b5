"""Background UEs that move, and how many there are."""

from __future__ import annotations

import math
from statistics import fmean, stdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.network.port import ReportTick
from cosim.network.simplified import open_simplified
from cosim.network.simplified.moving import MovingUser, RandomWaypoint, Visit
from cosim.network.simplified.radio import Radio
from cosim.network.simplified.traffic import MixtureRate, named_stream
from cosim.scenario import load_scenario
from cosim.scenario.population import background_users, transit_users
from cosim.scenario.schema import LogNormalSpec

CELLS_M = np.array([[0.0, 0.0, 10.0], [300.0, 0.0, 10.0], [0.0, 400.0, 10.0]])
RADIUS_M = 80.0


def _way(seed: int, speed_mps: float) -> RandomWaypoint:
    return RandomWaypoint(CELLS_M[:, :2], RADIUS_M, 0, speed_mps, named_stream(seed, "way"))


@given(seed=st.integers(0, 1000), speed_mps=st.floats(1, 100))
def test_it_goes_at_its_speed_from_disc_to_disc(seed: int, speed_mps: float) -> None:
    times_ns = np.arange(0, 60_000_000_000, 100_000_000)
    places = _way(seed, speed_mps).at(times_ns)
    assert np.hypot(*places[0]) <= RADIUS_M, "in the disc of its first cell"
    steps_m = np.hypot(*np.diff(places, axis=0).T)
    assert steps_m.max() <= speed_mps * 0.1 * (1 + 1e-9), "slower only where it turns"
    turns = np.count_nonzero(steps_m < speed_mps * 0.1 * (1 - 1e-9))
    assert turns <= 1 + 60 * speed_mps / 1.0


def test_it_does_not_matter_in_which_blocks_it_is_asked() -> None:
    times_ns = np.arange(0, 40_000_000_000, 200_000_000)
    whole = _way(1, 20.0).at(times_ns)
    way = _way(1, 20.0)
    parts = [way.at(block) for block in np.array_split(times_ns, 7)]
    again = [way.at(times_ns[-5:]), way.at(times_ns[-5:])]
    assert np.concatenate(parts) == pytest.approx(whole)
    assert np.array_equal(*again)


def _demand() -> MixtureRate:
    mixture = (LogNormalSpec(sigma=0.5, median=1e6),)
    return MixtureRate(mixture, 200_000_000, named_stream(1, "demand"))


def test_exactly_one_cell_sees_its_demand() -> None:
    radio = Radio(load_scenario("mmwave-iab").radio, has_relays=True, excess_loss_db=0.0)
    demand = _demand()
    user = MovingUser(_way(3, 30.0), demand, CELLS_M, radio)
    times_ns = np.arange(0, 60_000_000_000, 200_000_000)
    seen = np.array([Visit(user, cell).at(times_ns) for cell in range(len(CELLS_M))])
    assert (np.count_nonzero(seen, axis=0) == 1).all()
    assert seen.sum(axis=0) == pytest.approx(demand.at(times_ns))
    assert (np.count_nonzero(seen, axis=1) > 0).sum() > 1, "it came to another cell"


def test_a_cell_that_sleeps_is_nobodys() -> None:
    radio = Radio(load_scenario("mmwave-iab").radio, has_relays=True, excess_loss_db=0.0)
    demand = _demand()
    user = MovingUser(_way(3, 30.0), demand, CELLS_M, radio)
    times_ns = np.arange(0, 60_000_000_000, 200_000_000)
    asleep = frozenset({0})
    seen = [Visit(user, cell, asleep).at(times_ns) for cell in range(len(CELLS_M))]
    assert not seen[0].any(), "it began there"
    assert sum(seen) == pytest.approx(demand.at(times_ns))


def _carried(**background: object) -> tuple[int, float]:
    """Bytes of background traffic, and what it leaves of link A upward, Mbps, on average."""
    overrides = [(f"background.{key}", value) for key, value in background.items()]
    network = open_simplified(load_scenario("mmwave-iab", [("duration", "20 s"), *overrides]))
    mbps = []
    step = network.start()
    while step.now_ns < 20_000_000_000:
        step = network.advance(20_000_000_000, ())
        for tick in (event for event in step.events if isinstance(event, ReportTick)):
            mbps += [x.capacity_bps / 1e6 for x in tick.links if x.transmitter == "iab1"]
    return network.finish().background_bytes, fmean(mbps)


def test_the_simplified_network_carries_users_that_move() -> None:
    fixed = _carried(ue_rate="5 Mbps")
    moving = _carried(ue_rate="5 Mbps", speed="120 km/h")
    assert moving[1] != fixed[1], "whoever came or left loads other links"
    assert moving == pytest.approx(fixed, rel=0.15)
    assert _carried(ue_rate="5 Mbps", traffic="packets") == fixed, "a fluid has no packets"


def test_the_population_is_log_normal_around_its_mean() -> None:
    scenarios = [
        load_scenario(
            "mmwave-iab",
            [
                ("seed", seed),
                *((f"nodes.iab{n}.background_ues", 40) for n in range(1, 7)),
                ("background.population_mixture", [{"sigma": 0.6}]),
            ],
        )
        for seed in range(200)
    ]
    users = [background_users(s, node) for s in scenarios for node in s.nodes[1:7]]
    logs = [math.log(count) for count in users]
    error = 3 / math.sqrt(len(users))
    assert fmean(users) == pytest.approx(40, abs=40 * 0.66 * error)  # sqrt(exp(0.36) - 1) = 0.66
    assert stdev(logs) == pytest.approx(0.6, abs=0.6 * error)


def test_a_crowded_cell_is_crowded_at_every_load() -> None:
    sizes: dict[str, tuple[int, int]] = {}
    for load in ("low", "mid", "high"):
        crowd = [
            ("background.ues_per_cell", 100),
            ("background.population_mixture", [{"sigma": 0.5}, {"sigma": 0.1, "median": 3}]),
            ("nodes.iab1.background_ues", 200),
            ("nodes.iab1.transit.ues", 400),
        ]
        scenario = load_scenario("mmwave-iab", [("load", load), *crowd])
        (node,) = (node for node in scenario.nodes if node.name == "iab1")
        sizes[load] = background_users(scenario, node), transit_users(scenario, node)
    for less, more in (("low", "mid"), ("mid", "high")):
        assert sizes[more] == pytest.approx([2 * size for size in sizes[less]], abs=1)
    ues, on_other_carriers = sizes["mid"]
    assert on_other_carriers == pytest.approx(2 * ues, abs=1), "a crowd is one on all carriers"


def test_a_mixtures_population_has_busy_and_quiet_cells() -> None:
    busy = [{"sigma": 0.0, "weight": 3}, {"sigma": 0.0, "median": 3}]
    users = []
    for seed in range(400):
        crowd = [("background.ues_per_cell", 60), ("background.population_mixture", busy)]
        scenario = load_scenario("sub6", [("seed", seed), *crowd])
        users += [background_users(scenario, node) for node in scenario.nodes if node.name == "gnb"]
    assert set(users) == {40, 120}
    assert users.count(120) / len(users) == pytest.approx(0.25, abs=0.07)  # three standard errors
