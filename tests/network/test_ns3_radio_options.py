"""What the radio's and the wires' options change, in whole runs on ns-3."""

from __future__ import annotations

from pathlib import Path

import pytest

import cosim

pytestmark = pytest.mark.ns3


def _latency_ms(out: Path, *overrides: tuple[str, str], policy: str = "edge-only") -> float:
    result = cosim.run("chain3", policy=policy, duration_s=0.6, out=out, overrides=overrides)
    done = result.tasks[result.tasks.status == "done"]
    return float(done.latency_s.mean() * 1e3)


def test_a_free_grant_is_faster_than_a_requested_one(tmp_path: Path) -> None:
    report = _latency_ms(tmp_path / "a", ("radio.buffer_report", "true"))
    request = _latency_ms(tmp_path / "b")
    free = _latency_ms(tmp_path / "c", ("radio.scheduling_request", "false"))
    assert free < request < report


def test_few_processes_leave_a_ue_idle_while_its_blocks_are_decoded(tmp_path: Path) -> None:
    slow = ("radio.decode_latency", "2 ms")
    latency_ms = [
        _latency_ms(tmp_path / str(n), slow, ("radio.harq_processes", str(n))) for n in (16, 8, 4)
    ]
    assert latency_ms[0] < latency_ms[1] < latency_ms[2]


def test_what_harq_does_not_mend_waits_for_rlc_and_then_for_tcp(tmp_path: Path) -> None:
    # Till the report of the channel, blocks are made for one that is 5 dB better.
    stale = (
        ("nodes.ue.position_m", "[250.0, 0.0, 1.5]"),
        ("radio.cqi_delay", "200 ms"),
        ("blockages", "[{ link = 'ue-access', start = '100 ms', end = '1 s', loss = '5 dB' }]"),
    )
    once = ("radio.harq_transmissions", "1")
    soon, late = (("radio.rlc_status_delay", delay) for delay in ("2 ms", "20 ms"))
    never = ("radio.rlc", "unacknowledged")
    combined, told_soon, told_late, lost, lost_late = (
        _latency_ms(tmp_path / str(i), *stale, *how)
        for i, how in enumerate(
            ([], [once, soon], [once, late], [once, never], [once, never, late])
        )
    )
    assert combined < told_soon < told_late < lost
    assert lost == lost_late


@pytest.mark.parametrize("discipline", ["codel", "fq-codel", "pie"])
def test_every_queue_discipline_carries_tasks_and_cross_traffic(
    discipline: str, tmp_path: Path
) -> None:
    result = cosim.run(
        "chain3",
        policy="cloud-only",
        duration_s=0.8,
        out=tmp_path / "out",
        overrides=[
            ("links.W.queue_discipline", discipline),
            ("links.W.cross_traffic", "{ rate = '30 Mbps' }"),
        ],
    )
    links = result.links
    used = links[(links.link == "W") & (links.transmitter == "core")].used_fraction
    assert 0.4 < used[links.time_s > 0.1].mean() <= 1
    assert (result.tasks.status == "done").sum() >= 2


@pytest.mark.parametrize(
    "overrides",
    [
        [("radio.half_duplex", "dynamic"), ("radio.tdd_pattern", "F")],
        [("radio.half_duplex", "none")],
        [("radio.backhaul_channels", "per-user"), ("radio.flow_control", "true")],
        [("radio.numerology", "4"), ("radio.eirp_limit", "40 dBm")],
        [("radio.handover_forwarding", "false"), ("radio.scatterer_speed", "5 m/s")],
        [("radio.backhaul_sectors", "false"), ("radio.k1", "4"), ("radio.k2", "4")],
    ],
)
def test_every_option_of_the_radio_gives_a_whole_run(
    overrides: list[tuple[str, str]], tmp_path: Path
) -> None:
    result = cosim.run("mmwave-iab", duration_s=0.6, out=tmp_path / "out", overrides=overrides)
    assert (result.tasks.status == "done").sum() >= 3


def test_two_blockages_at_once_end_one_after_the_other(tmp_path: Path) -> None:
    blockages = (
        "[{ link = 'ue-access', start = '100 ms', end = '500 ms', loss = '10 dB' }, "
        "{ link = 'ue-access', start = '200 ms', end = '300 ms', loss = '7 dB' }]"
    )
    result = cosim.run(
        "chain3", duration_s=0.6, out=tmp_path / "out", overrides=[("blockages", blockages)]
    )
    up = result.links[(result.links.link == "ue-access") & (result.links.transmitter == "ue")]
    sinr = {
        time_s: float(up[(up.time_s - time_s).abs() < 1e-6].sinr_db.iloc[0])
        for time_s in (0.05, 0.15, 0.25, 0.4, 0.55)
    }
    # The fading is drawn anew every 200 ms.
    assert sinr[0.05] - sinr[0.15] == pytest.approx(10, abs=2)
    assert sinr[0.05] - sinr[0.25] == pytest.approx(17, abs=2)
    assert sinr[0.05] - sinr[0.4] == pytest.approx(10, abs=2)
    assert sinr[0.55] == pytest.approx(sinr[0.05], abs=2)
