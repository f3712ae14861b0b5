"""The parts of the simplified simulator against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.network.simplified.access import HandoverRule
from cosim.network.simplified.environment import blockage_loss_db
from cosim.network.simplified.radio import Radio, free_space_loss_db
from cosim.network.simplified.streams import stream_bits
from cosim.network.simplified.tables import LinkAdaptation
from cosim.network.simplified.traffic import (
    MixtureRate,
    fair_level,
    md1_wait_s,
    named_stream,
)
from cosim.scenario import load_scenario
from cosim.scenario.population import with_mean
from cosim.scenario.schema import LogNormalSpec, RadioSpec

# TS 38.214 Table 5.2.2.1-2
EFFICIENCY = (
    *(0.1523, 0.2344, 0.3770, 0.6016, 0.8770, 1.1758, 1.4766, 1.9141),
    *(2.4063, 2.7305, 3.3223, 3.9023, 4.5234, 5.1152, 5.5547),
)


def test_friis_doubles_by_six_decibels() -> None:
    assert free_space_loss_db(100.0, 28e9) == pytest.approx(101.39, abs=0.01)
    at = free_space_loss_db(np.array([50.0, 100.0, 1000.0]), 3.5e9)
    assert np.diff(at) == pytest.approx([6.0206, 20.0], abs=1e-3)


def test_cqi_steps_where_shannon_and_the_gap_allow_it() -> None:
    adaptation = LinkAdaptation("64qam")
    least_db = 2.0 + 10 * np.log10(2 ** np.array(EFFICIENCY) - 1)
    assert (adaptation.cqi(least_db + 0.01) == np.arange(1, 16)).all()
    assert (adaptation.cqi(least_db - 0.01) == np.arange(0, 15)).all()


@pytest.mark.parametrize("table", ["64qam", "256qam", "64qam-low-se"])
def test_mcs_and_rate_rise_with_the_snr(table) -> None:
    adaptation = LinkAdaptation(table)
    snr_db = np.linspace(-15, 45, 500)
    mcs, efficiency = adaptation.mcs(snr_db), adaptation.efficiency(snr_db)
    assert (np.diff(mcs) >= 0).all() and (np.diff(efficiency) >= 0).all()
    assert mcs[0] == -1 and efficiency[0] == 0
    assert mcs[-1] == {"64qam": 28, "256qam": 27, "64qam-low-se": 28}[table]
    assert [adaptation.choose(snr) for snr in snr_db] == list(zip(efficiency, mcs, strict=True))


@pytest.mark.parametrize(("name", "mbps"), [("mmwave-iab", 200), ("sub6", 50)])
def test_the_top_rate_is_the_papers(name: str, mbps: float) -> None:
    scenario = load_scenario(name)
    radio = Radio(scenario.radio, has_relays=name == "mmwave-iab", excess_loss_db=0.0)
    assert float(radio.rate_bps(60.0, "up")) / 1e6 == pytest.approx(mbps, rel=0.05)


def test_equal_hungry_users_get_equal_time() -> None:
    for users in (0, 1, 7):
        level = fair_level(np.full(users, 5.0), np.ones(users), 1.0)
        assert level == pytest.approx(1 / (users + 1))


def test_what_others_do_not_want_is_left_to_the_greedy_one() -> None:
    assert fair_level(np.array([0.1, 0.2]), np.ones(2), 1.0) == pytest.approx(0.7)
    # One wants little, two want all: the two and the greedy one share the rest.
    assert fair_level(np.array([0.1, 9.0, 9.0]), np.ones(3), 1.0) == pytest.approx(0.3)
    # A backhaul that carries three users weighs three.
    assert fair_level(np.array([9.0]), np.array([3.0]), 1.0) == pytest.approx(0.25)


@given(
    st.lists(st.tuples(st.floats(0, 3), st.floats(0.5, 9)), max_size=8),
    st.floats(0.1, 5),
)
def test_a_cell_is_used_up_and_nobody_gets_more_than_wanted(users, greedy) -> None:
    wanted = np.array([want for want, _ in users])
    weights = np.array([weight for _, weight in users])
    level = float(fair_level(wanted, weights, greedy))
    got = np.minimum(wanted, level * weights)
    assert got.sum() + level * greedy == pytest.approx(1.0)
    without = float(fair_level(wanted, weights, 0.0))
    alone = np.minimum(wanted, without * weights) if users else wanted
    assert alone.sum() == pytest.approx(min(1.0, wanted.sum()))


def test_md1_is_what_a_simulated_queue_waits() -> None:
    rng = np.random.default_rng(1)
    for load in (0.3, 0.8):
        gaps = rng.exponential(1 / load, 400_000)
        # Lindley: what is left of the wait and the service when the next one comes.
        step = 1.0 - gaps[1:]
        total = np.concatenate(([0.0], np.cumsum(step)))
        wait = total - np.minimum.accumulate(total)
        assert md1_wait_s(load, 1.0) == pytest.approx(wait.mean(), rel=0.05)


def test_log_normal_rates_keep_their_mean_and_their_coherence() -> None:
    mixture = with_mean((LogNormalSpec(sigma=0.5),), 5e6)
    rate = MixtureRate(mixture, 200, named_stream(1, "x"))
    times = np.arange(0, 2_000_000, 50)
    drawn = np.concatenate([rate.at(part) for part in np.array_split(times, 7)])
    assert (drawn.reshape(-1, 4) == drawn[::4, None]).all()
    assert drawn.mean() == pytest.approx(5e6, rel=0.03)
    assert np.log(drawn[::4]).std() == pytest.approx(0.5, rel=0.03)
    whole = MixtureRate(mixture, 200, named_stream(1, "x")).at(times)
    assert (whole == drawn).all(), "what is drawn depends on how it is asked for"


def test_a_mixtures_draws_come_from_its_components_by_weight() -> None:
    parts = (LogNormalSpec(sigma=0.2, weight=3.0), LogNormalSpec(sigma=0.1, median=100.0))
    drawn = MixtureRate(with_mean(parts, 5e6), 1, named_stream(1, "x")).at(np.arange(20_000))
    assert drawn.mean() == pytest.approx(5e6, rel=0.03)
    heavy = np.log(drawn) > np.log(drawn).mean()
    assert heavy.mean() == pytest.approx(0.25, rel=0.05)
    assert np.log(drawn[heavy]).std() == pytest.approx(0.1, rel=0.05)
    assert np.log(drawn[~heavy]).std() == pytest.approx(0.2, rel=0.05)
    apart = np.log(np.median(drawn[heavy]) / np.median(drawn[~heavy]))
    assert apart == pytest.approx(np.log(100.0), abs=0.02)


def test_streams_of_chance_have_names() -> None:
    draws = {(seed, name): named_stream(seed, name).random() for seed in (1, 2) for name in "ab"}
    assert len(set(draws.values())) == 4
    assert named_stream(1, "a").random() == draws[1, "a"]


def test_a_message_pays_for_the_headers_of_its_packets() -> None:
    assert stream_bits(1448 * 10 - 12) == 8 * (1448 + 52) * 10
    assert stream_bits(0) == 8 * (12 + 52)


def test_a_handover_needs_the_offset_for_the_time_to_trigger() -> None:
    spec = RadioSpec(handover_hysteresis=3.0, handover_time_to_trigger=100)  # type: ignore[arg-type]
    rule = HandoverRule(spec, serving=0)
    assert rule.measure(0, [0.0, 2.9]) == 0
    assert [rule.measure(t, [0.0, 3.1]) for t in (20, 60, 119)] == [0, 0, 0]
    assert rule.measure(119, [0.0, 2.0]) == 0  # it was better for too short
    assert [rule.measure(t, [0.0, 3.1]) for t in (140, 239, 240)] == [0, 0, 1]


def test_obstacles_one_behind_the_other_add_up() -> None:
    both = [
        {"link": "ue-access", "start": "0 s", "end": "2 s", "loss": "10 dB"},
        {"link": "ue-access", "start": "1 s", "end": "3 s", "loss": "5 dB"},
    ]
    scenario = load_scenario("chain3", [("blockages", both)])
    times = np.array([0, 1_000_000_000, 2_000_000_000, 3_000_000_000])
    assert blockage_loss_db(scenario, "ue-access", times).tolist() == [10.0, 15.0, 5.0, 0.0]
    assert not blockage_loss_db(scenario, "N", times).any()


def test_an_eirp_limit_takes_power_from_those_alone_who_exceed_it() -> None:
    # 28 dBm through 16 elements is 40 dBm, 30 dBm through 64 is 48 dBm.
    free, limited = (
        Radio(scenario.radio, has_relays=True, excess_loss_db=0.0)
        for scenario in (
            load_scenario("mmwave-iab"),
            load_scenario("mmwave-iab", [("radio.eirp_limit", "42 dBm")]),
        )
    )
    assert limited.access_snr_db(50.0, "up") == free.access_snr_db(50.0, "up")
    lower_db = 30 + 10 * np.log10(64) - 42
    down = free.access_snr_db(50.0, "down") - limited.access_snr_db(50.0, "down")
    backhaul = free.backhaul_snr_db(50.0) - limited.backhaul_snr_db(50.0)
    assert [down, backhaul] == pytest.approx([lower_db, lower_db])


@pytest.mark.parametrize(
    ("changed", "up_ns", "down_ns"),
    [
        ({"decode_latency": 300_000}, 200_000, 200_000),
        ({"k2": 4}, 250_000, 0),
        ({"buffer_report": True}, 500_000, 0),
        ({"scheduling_request": False}, -500_000, 0),
    ],
)
def test_grants_and_decoding_take_their_time(changed, up_ns: int, down_ns: int) -> None:
    usual, other = (
        Radio(RadioSpec(**keys), has_relays=False, excess_loss_db=0.0) for keys in ({}, changed)
    )
    later = {d: other.idle_latency_ns(d) - usual.idle_latency_ns(d) for d in ("up", "down")}
    assert later == {"up": up_ns, "down": down_ns}
