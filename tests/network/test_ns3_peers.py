"""The radio stack beside what its peers' documents print, at more settings than test_ns3_cell.

Where the figures stand, and how the differences come about, says iab.rst ("Beside the peers").
"""

from __future__ import annotations

import pytest
from peer_figures import (
    DELAYS,
    RATES,
    Row,
    is_loaded,
    is_plotted,
    measure,
    read,
    slot_ms,
    with_delay,
    with_rates,
)

pytestmark = pytest.mark.ns3

WRITTEN = 0.0011  # what the last digit of a table may differ by


def _assert_as_written(row: Row, again: Row) -> None:
    for column, text in again.items():
        if column.startswith("Here"):
            digit = 100 if column.endswith("Mbps") else 1
            assert float(row[column]) == pytest.approx(float(text), abs=WRITTEN * digit), (
                f"{column}: run tests/tools/peer_figures.py if results are meant to change"
            )


@pytest.mark.parametrize("row", read(DELAYS), ids=lambda row: " ".join(row.values()))
def test_delay(row: Row) -> None:
    again = with_delay(row)
    _assert_as_written(row, again)
    peer_ms = float(row["5G-LENA ms"])
    if not is_loaded(row):
        assert float(again["Here ms"]) == pytest.approx(peer_ms, rel=0.1)
    drawn_to_ms = 0.01 if is_plotted(row) else 0
    margin_ms = drawn_to_ms + _margin_slots(row) * slot_ms(row)
    assert float(again["Here with its waits ms"]) == pytest.approx(peer_ms, abs=margin_ms)


def _margin_slots(row: Row) -> float:
    if not is_loaded(row):
        return 0.02
    return 0.03 if is_plotted(row) else 0.15  # the demo's two versions are 0.26 slots apart


def test_saturated_rate() -> None:
    rows = read(RATES)
    for row, again in zip(rows, with_rates(rows), strict=True):
        _assert_as_written(row, again)
        peer_ratio = float(again["Peer to its first row"])
        assert row["Peer to its first row"] == again["Peer to its first row"]
        assert float(again["Here to its first row"]) == pytest.approx(peer_ratio, rel=0.05)
        if row["Printed by"] != "5G-LENA's plot":
            peer_mbps = float(row["Peer Mbps"])
            assert float(again["Here Mbps"]) == pytest.approx(peer_mbps, rel=0.15)


# By numerology and MHz (TS 38.101-1 and -2 Table 5.3.2-1).
RESOURCE_BLOCKS = {
    (1, 30): 78,
    (1, 40): 106,
    (1, 60): 162,
    (1, 70): 189,
    (1, 90): 245,
    (2, 50): 66,
    (2, 100): 132,
    (2, 200): 264,
    (4, 100): 32,
    (4, 200): 64,
    (4, 400): 128,
}


@pytest.mark.parametrize("direction", ["ul", "dl"])
@pytest.mark.parametrize(
    ("numerology", "narrow", "wide"),
    [
        (1, 30, 90),
        (1, 40, 60),
        (1, 30, 70),
        (2, 50, 100),
        (2, 50, 200),
        (4, 100, 200),
        (4, 100, 400),
    ],
)
def test_rate_goes_with_bandwidth(numerology: int, narrow: int, wide: int, direction: str) -> None:
    # The peer's own test holds it to 20 % (50 % upward), at 1:3, 2:3, 3:7 and 1:1.
    low, high = (
        measure(numerology, mhz, direction, 6 * mhz, "--duration", "0.2").goodput_mbps
        for mhz in (narrow, wide)
    )
    assert high / low == pytest.approx(wide / narrow, rel=0.2)
    blocks = RESOURCE_BLOCKS[numerology, wide] / RESOURCE_BLOCKS[numerology, narrow]
    assert high / low == pytest.approx(blocks, rel=0.02)


# The peer's tests of schedulers: 400 packets of 100 bytes for each UE, all within 5 % in a second.
@pytest.mark.parametrize("direction", ["ul", "dl"])
@pytest.mark.parametrize("numerology", [0, 1])
@pytest.mark.parametrize("ues", [1, 2, 4, 8, 16])
def test_many_ues_are_served_whole(ues: int, numerology: int, direction: str) -> None:
    offered_mbps = 0.32 * ues
    measured = measure(numerology, 20, direction, offered_mbps, "--ues", str(ues))
    assert measured.goodput_mbps == pytest.approx(offered_mbps, rel=0.05)


@pytest.mark.parametrize("scheduler", ["round-robin", "max-rate"])
def test_other_schedulers_serve_many_ues_whole(scheduler: str) -> None:
    options = ("--ues", "16", "--scheduler", scheduler)
    assert measure(0, 20, "ul", 5.12, *options).goodput_mbps == pytest.approx(5.12, rel=0.05)
