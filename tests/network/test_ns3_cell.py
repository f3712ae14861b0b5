"""The radio stack alone, through `cosim cell`: rates and delays that theory gives."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from click.testing import CliRunner

from cosim.cli.main import main

pytestmark = pytest.mark.ns3

MEASURES = {
    "goodput_mbps",
    "per_ue_mbps",
    "delay_ms_mean",
    "delay_ms_p99",
    "sinr_db_mean",
    "mcs_mean",
    "bler",
    "handovers",
    "cpu_s",
    "setup_cpu_s",
    "sim_s",
}


def _cell(*options: str) -> dict[str, Any]:
    done = CliRunner().invoke(main, ["cell", "--json", *options])
    assert done.exit_code == 0, done.output
    result: dict[str, Any] = json.loads(done.stdout)
    assert set(result) >= MEASURES
    return result


FULL_SLOT_BITS = 50184  # MCS 28, 66 RB, 12 symbols less 6 resource elements of DM-RS each
GOODPUT = 1400 / 1436  # of 1400 bytes with UDP, IP, BAP, RLC and MAC headers


@pytest.mark.parametrize(
    ("options", "slot_s", "blocks"),
    [
        (["--numerology", "3", "--bandwidth-mhz", "100"], 125e-6, 66),
        (["--numerology", "3", "--bandwidth-mhz", "50"], 125e-6, 32),
        (["--numerology", "3", "--bandwidth-mhz", "100", "--ues", "5"], 125e-6, 66),
        (["--numerology", "3", "--bandwidth-mhz", "100", "--ues", "20"], 125e-6, 66),
        (["--numerology", "3", "--bandwidth-mhz", "400", "--offered-mbps", "2000"], 125e-6, 264),
        (["--numerology", "0", "--bandwidth-mhz", "20", "--carrier-ghz", "3.5"], 1e-3, 106),
        (["--numerology", "1", "--bandwidth-mhz", "100", "--carrier-ghz", "3.5"], 500e-6, 273),
        (["--numerology", "2", "--bandwidth-mhz", "100"], 250e-6, 132),
        (["--numerology", "4", "--bandwidth-mhz", "100"], 62.5e-6, 32),
    ],
)
def test_saturated_uplink_has_the_rate_of_the_best_mcs(
    options: list[str], slot_s: float, blocks: int
) -> None:
    # The block of 66 RB by TS 38.214 5.1.3.2, others in proportion. Several UEs share it by two:
    # two allocations of 6 symbols, each with 6 resource elements of DM-RS in a block.
    # 2400 slots, so that the first few, before the first grant, are within the margin.
    result = _cell("--offered-mbps", "900", "--duration", f"{2400 * slot_s:g}", *options)
    assert result["mcs_mean"] == 28
    data_elements = 2 * (72 - 6) if "--ues" in options else 144 - 6
    expected = FULL_SLOT_BITS * blocks / 66 / slot_s / 1e6 * GOODPUT * data_elements / (144 - 6)
    # Margin: 2 %.
    assert result["goodput_mbps"] == pytest.approx(expected, rel=0.02)


def test_one_saturated_ue_is_within_10_percent_of_the_peers() -> None:
    # Measured elsewhere in the same case: 374 (5G-LENA 4.0) and 402 Mbps (ns3-mmwave).
    goodput = _cell("--offered-mbps", "600")["goodput_mbps"]
    assert goodput == pytest.approx(374, rel=0.1)
    assert goodput == pytest.approx(402, rel=0.1)


def test_equal_ues_share_equally() -> None:
    shares = _cell("--ues", "4", "--offered-mbps", "600")["per_ue_mbps"]
    assert max(shares) / min(shares) < 1.03


def test_light_load_is_served_whole_and_at_once() -> None:
    light = ("--offered-mbps", "1", "--duration", "2")
    down = _cell(*light, "--direction", "dl")
    up = {
        name: _cell(*light, *options)
        for name, options in {
            "free": ["--no-scheduling-request"],
            "request": [],
            "report": ["--buffer-report"],
        }.items()
    }
    assert all(r["goodput_mbps"] == pytest.approx(1, rel=0.02) for r in (down, *up.values()))
    # Peers: 0.443 ms down; up 0.57 ms with a free buffer report, 1.91 ms with request and report.
    assert down["delay_ms_mean"] == pytest.approx(0.44, abs=0.1)
    assert 0.5 < up["request"]["delay_ms_mean"] < up["report"]["delay_ms_mean"] < 2
    # What iab.rst says they are.
    said_ms = {"free": 0.27, "request": 0.67, "report": 1.18}
    assert {name: r["delay_ms_mean"] for name, r in up.items()} == pytest.approx(said_ms, abs=0.01)
    assert down["delay_ms_mean"] == pytest.approx(0.42, abs=0.01)


@pytest.mark.parametrize("direction", ["ul", "dl"])
@pytest.mark.parametrize("half_duplex", ["by-depth", "dynamic"])
def test_each_relay_adds_what_frame_and_schedule_explain(direction: str, half_duplex: str) -> None:
    options = ("--offered-mbps", "1", "--direction", direction, "--half-duplex", half_duplex)
    delays = [_cell(*options, "--relays", str(n))["delay_ms_mean"] for n in range(5)]
    added = [after - before for before, after in itertools.pairwise(delays)]
    # A slot of 125 us each: up, request and its end 1, decoding 1, K2 2, the block 1, decoding 1
    # less what is rounded; down, layers 1, the block 1, decoding 1. With half duplex by depth the
    # slots of one's own come every second time: up to 1 more for each of the waits.
    fewest, most = (4.5, 7) if direction == "ul" else (2.5, 5)
    assert all(fewest * 0.125 <= step <= most * 0.125 for step in added), delays
    # What iab.rst says they are on average.
    said_ms = 0.6 if direction == "ul" else 0.4
    assert sum(added) / len(added) == pytest.approx(said_ms, abs=0.05)


def test_a_chain_saturates_at_its_share_of_the_frame() -> None:
    alone = _cell("--offered-mbps", "600")["goodput_mbps"]
    behind = _cell("--offered-mbps", "600", "--relays", "1", "--distance-m", "60:60")
    # Each of the two cells has every second slot.
    assert behind["goodput_mbps"] == pytest.approx(alone / 2, rel=0.03)


@pytest.mark.parametrize("relays", ["3", "4"])
def test_interference_along_a_chain_takes_more_than_half_duplex_does(relays: str) -> None:
    alone = _cell("--offered-mbps", "600")["goodput_mbps"]
    chain = ("--offered-mbps", "600", "--relays", relays, "--distance-m", "20")
    up, *down = (
        _cell(*chain, "--direction", direction, "--seed", seed)["goodput_mbps"] / alone
        for direction, seed in (("ul", "1"), ("dl", "1"), ("dl", "2"), ("dl", "3"), ("dl", "4"))
    )
    # Margin: 1 % of the carrier's rate.
    assert up == pytest.approx(0.22, abs=0.01)
    assert all(0.12 < share < 0.26 for share in down)
    assert max(down) - min(down) > 0.05  # by the fading of the links between relays


def test_sharing_in_frequency_saves_the_reference_symbols_of_a_second_user() -> None:
    saturated = ("--ues", "5", "--offered-mbps", "900")
    time, frequency = (
        _cell(*saturated, "--sharing", sharing)["goodput_mbps"] for sharing in ("time", "frequency")
    )
    # DM-RS: 6 resource elements of a resource block for each of two users in turn, or for one.
    # Margin: 1 %, of a gain of 4.5 %.
    assert frequency / time == pytest.approx((144 - 6) / (144 - 12), rel=0.01)


@pytest.mark.parametrize(
    ("direction", "processes", "round_trip_slots"),
    [
        # Up, the scheduler is who decodes: the block, decoding.
        ("ul", 1, 2),
        # Down: K1 slots to the feedback, its own slot, decoding, layer 1 to 2.
        ("dl", 1, 5),
        ("dl", 4, 5),
    ],
)
def test_a_ue_has_as_many_blocks_in_a_round_trip_as_harq_processes(
    direction: str, processes: int, round_trip_slots: int
) -> None:
    saturated = ("--offered-mbps", "600", "--direction", direction)
    alone = _cell(*saturated)["goodput_mbps"]
    few = _cell(*saturated, "--harq-processes", str(processes))["goodput_mbps"]
    # Margin: 3 %.
    assert few == pytest.approx(alone * processes / round_trip_slots, rel=0.03)


def test_what_harq_gives_up_comes_later_by_rlc_or_never() -> None:
    # UEs that leave out of sight, so that their MCS is late; half of what their cell could carry.
    leaving = ("--condition", "nlos", "--speed-mps", "30", "--distance-m", "20:60", "--ues", "3")
    light = (*leaving, "--offered-mbps", "60", "--duration", "2", "--sharing", "frequency")
    once = ("--harq-transmissions", "1")
    combined = _cell(*light)
    soon, late = (_cell(*light, *once, "--rlc-status-delay-ms", ms) for ms in ("2", "20"))
    never = _cell(*light, *once, "--rlc", "unacknowledged")
    assert combined["bler"] > 0.02
    for whole in (combined, soon, late):
        assert whole["goodput_mbps"] == pytest.approx(60, rel=0.01)
    # A retransmission of HARQ takes less than a status report; in-order delivery makes others wait.
    assert combined["delay_ms_mean"] < soon["delay_ms_mean"]
    assert late["delay_ms_mean"] - soon["delay_ms_mean"] > never["bler"] * 18
    # A lost block takes the packets with it that began or ended in it, at most two more of them.
    lost = 1 - never["goodput_mbps"] / combined["goodput_mbps"]
    assert 0.9 * never["bler"] < lost < 3 * never["bler"]


def test_mcs_is_a_mean_of_the_links_that_have_one() -> None:
    crowd = ("--condition", "nlos", "--ues", "16", "--seed", "2", "--duration", "0.2")
    some = _cell(*crowd, "--distance-m", "100:2000")
    served = sum(mbps > 0 for mbps in some["per_ue_mbps"])
    # With -1 for the others, the mean would be below 0.
    assert 0 < served < 4 and some["mcs_mean"] > 1
    none = _cell(*crowd, "--distance-m", "3000")
    assert sum(none["per_ue_mbps"]) == 0 and none["mcs_mean"] is None


def test_setting_up_is_not_counted_as_simulating() -> None:
    few, many = (_cell("--ues", ues, "--duration", "0.01") for ues in ("1", "40"))
    # Each UE's channel is drawn before time 0.
    assert many["setup_cpu_s"] > 1.5 * few["setup_cpu_s"] > 0


def test_sinr_and_mcs_are_means_over_time() -> None:
    # A UE without line of sight that leaves: at the end of the longer run it is farther away than
    # on average, and than in the first half.
    leaving = ("--condition", "nlos", "--distance-m", "20", "--speed-mps", "40")
    whole, half = (_cell(*leaving, "--duration", duration) for duration in ("2", "1"))
    end = _cell("--condition", "nlos", "--distance-m", "100", "--duration", "0.1")
    assert end["sinr_db_mean"] + 5 < whole["sinr_db_mean"] < half["sinr_db_mean"]
    assert whole["mcs_mean"] <= half["mcs_mean"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--bandwidth-mhz", "123"], "no channel of 123000000 Hz"),
        (["--tdd", "DDDD"], "TDD pattern 'DDDD'"),
        (["--distance-m", "far"], "LO:HI"),
        (["--tdd", ""], "needs a letter"),
        (["--distance-m", "100:50"], "no range"),
        (["--duration", "inf"], "finite"),
        (["--duration", "nan"], "finite"),
        (["--carrier-ghz", "nan"], "finite"),
        (["--offered-mbps", "1e12"], "range"),
        (["--speed-mps", "1e12"], "range"),
        (["--bandwidth-mhz", "1000000000000"], "range"),
        (["--seed", str(2**32)], "range"),
        (["--harq-processes", "33"], "range"),
        (["--harq-transmissions", "0"], "range"),
        (["--rlc-status-delay-ms", "-1"], "range"),
        (["--rlc", "transparent"], "not one of"),
        (["--sharing", "space"], "not one of"),
    ],
)
def test_what_cannot_be_simulated_is_bad_input(options: list[str], problem: str) -> None:
    done = CliRunner().invoke(main, ["cell", *options])
    assert done.exit_code == 2
    assert problem in done.output
    assert len(done.output.splitlines()) == 1
