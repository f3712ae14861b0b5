"""A dumped scenario loads back equal, whatever its values."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.scenario import list_scenarios, load_scenario, scenario_from_toml, to_toml
from cosim.scenario.schema import BlockageSpec, Scenario
from cosim.units import Decibels, DurationNs, FrequencyHz, MetresPerSecond, PowerDbm, RateBps

BASE = load_scenario("mmwave-iab")
ns = st.integers(1, DurationNs.LARGEST).map(DurationNs)
metres = st.floats(-1e6, 1e6)


@pytest.mark.parametrize("name", list_scenarios())
def test_builtins_round_trip(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario_from_toml(to_toml(scenario), "dump") == scenario


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    radio = msgspec.structs.replace(
        BASE.radio,
        carrier=FrequencyHz(draw(st.integers(20_000_000_000, 100_000_000_000))),
        ue_power=PowerDbm(draw(st.floats(-1e3, 1e3))),
        channel_update=draw(st.integers(1_000, DurationNs.LARGEST).map(DurationNs)),
    )
    ue = msgspec.structs.replace(
        BASE.nodes[0],
        position_m=draw(st.tuples(metres, metres, metres)),
        waypoints_m=tuple(draw(st.lists(st.tuples(metres, metres), min_size=1, max_size=3))),
        speed=MetresPerSecond(draw(st.floats(1e-3, 1e3))),
    )
    start = draw(st.integers(0, 2**60))
    blockage = BlockageSpec(
        link=draw(st.sampled_from(["A", "B", "ue-access"])),
        start=DurationNs(start),
        end=DurationNs(start + draw(st.integers(1, 2**60))),
        loss=Decibels(draw(st.floats(0.01, 100))),
    )
    wire = msgspec.structs.replace(
        BASE.links[-1],
        capacity=RateBps(draw(st.integers(1, RateBps.LARGEST))),
        delay=draw(ns),
        cross_traffic=None,
    )
    return msgspec.structs.replace(
        BASE,
        description=draw(st.text(st.characters(exclude_categories=["Cs"]))),
        seed=draw(st.integers(0, 2**63 - 1)),
        duration=draw(ns),
        radio=radio,
        nodes=(ue, *BASE.nodes[1:]),
        links=(*BASE.links[:-1], wire),
        blockages=draw(st.sampled_from([(), (blockage,), (blockage, blockage)])),
    )


@settings(max_examples=60, deadline=None)
@given(scenarios())
def test_any_scenario_round_trips(scenario: Scenario) -> None:
    assert scenario_from_toml(to_toml(scenario), "dump") == scenario
