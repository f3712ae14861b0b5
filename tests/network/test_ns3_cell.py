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
    "sim_s",
}


def _cell(*options: str) -> dict[str, Any]:
    done = CliRunner().invoke(main, ["cell", "--json", *options])
    assert done.exit_code == 0, done.output
    result: dict[str, Any] = json.loads(done.stdout)
    assert set(result) >= MEASURES
    return result


def test_one_saturated_ue_has_the_rate_of_the_best_mcs() -> None:
    # MCS 28, 66 RB, 12 symbols less 6 resource elements of DM-RS: 50184 bits in each of the two
    # uplink slots of 0.5 ms; of 1438 bytes with headers 1400 are goodput. Margin: 2 %.
    result = _cell("--offered-mbps", "600")
    assert result["mcs_mean"] == 28
    assert result["goodput_mbps"] == pytest.approx(2 * 50184 / 0.5e-3 / 1e6 * 1400 / 1436, rel=0.02)


def test_equal_ues_share_equally() -> None:
    shares = _cell("--ues", "4", "--offered-mbps", "600")["per_ue_mbps"]
    assert max(shares) / min(shares) < 1.03


def test_light_load_is_served_whole_and_at_once() -> None:
    up = _cell("--offered-mbps", "1")
    down = _cell("--offered-mbps", "1", "--direction", "dl")
    assert up["goodput_mbps"] == pytest.approx(1, rel=0.02)
    assert 0.5 < up["delay_ms_mean"] < 2  # with scheduling request and grant
    assert 0.2 < down["delay_ms_mean"] < up["delay_ms_mean"]


def test_each_relay_adds_what_frame_and_schedule_explain() -> None:
    delays = [
        _cell("--offered-mbps", "1", "--relays", str(relays))["delay_ms_mean"]
        for relays in range(1, 5)
    ]
    added = [after - before for before, after in itertools.pairwise(delays)]
    # Half duplex doubles the frame to 1 ms: grant 0.5, wait up to 1, slot and decoding 0.2 ms.
    assert all(0.3 < step < 2.2 for step in added), delays


def test_a_chain_saturates_at_its_share_of_the_frame() -> None:
    alone = _cell("--offered-mbps", "600")["goodput_mbps"]
    behind = _cell("--offered-mbps", "600", "--relays", "1", "--distance-m", "60:60")
    # Each of the two cells has every second frame.
    assert behind["goodput_mbps"] < 0.55 * alone


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--bandwidth-mhz", "123"], "no channel of 123000000 Hz"),
        (["--tdd", "DDDD"], "TDD pattern 'DDDD'"),
        (["--distance-m", "far"], "LO:HI"),
        (["--distance-m", "100:50"], "no range"),
    ],
)
def test_what_cannot_be_simulated_is_bad_input(options: list[str], problem: str) -> None:
    done = CliRunner().invoke(main, ["cell", *options])
    assert done.exit_code == 2
    assert problem in done.output
