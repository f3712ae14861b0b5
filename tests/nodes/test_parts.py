"""The parts of a controller, one by one."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.network.port import LinkReport
from cosim.nodes import Uplink, UplinkHop, make_node_model
from cosim.nodes.config import digest32
from cosim.nodes.link_costs import LinkTable


def report(
    link: str, sender: str, receiver: str, rate: int, latency: int = 0, wait: int = 0
) -> LinkReport:
    return LinkReport(link, sender, receiver, rate, latency, 0, wait, 0, -1, math.nan, 0.0)


SENT = np.array([1000.0, 500.0, 200.0])


def test_transfer_is_size_over_capacity_and_waiting() -> None:
    table = LinkTable(Uplink("b", (UplinkHop("A", "a", "b"),)))
    table.update([report("A", "a", "b", 8_000, latency=2_000_000, wait=50_000_000)])
    expected = SENT * 8 / 8_000 + 0.002 + 0.05
    np.testing.assert_allclose(table.transfer_s(SENT)[:2], expected[:2])
    assert table.transfer_s(SENT)[2] == 0.0


def test_a_segment_takes_its_slowest_link_and_all_delays() -> None:
    table = LinkTable(Uplink("c", (UplinkHop("A", "a", "b"), UplinkHop("B", "b", "c"))))
    table.update([report("A", "a", "b", 8_000, 1_000_000), report("B", "b", "c", 4_000, 2_000_000)])
    expected = SENT[0] * 8 / 4_000 + 0.003
    assert table.transfer_s(SENT)[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    "reports",
    [
        [],
        [report("A", "a", "b", 0)],
        [report("A", "b", "a", 8_000)],  # the other direction
        [report("A", "a", "old", 8_000)],  # as it was before a handover
        [report("Z", "a", "b", 8_000)],
    ],
)
def test_an_unknown_or_dead_link_is_infinite_but_for_the_end(reports: list[LinkReport]) -> None:
    table = LinkTable(Uplink("b", (UplinkHop("A", "a", "b"),)))
    table.update(reports)
    assert table.transfer_s(SENT).tolist() == [math.inf, math.inf, 0.0]


def test_no_uplink_is_a_dead_one() -> None:
    assert LinkTable(None).transfer_s(SENT).tolist() == [math.inf, math.inf, 0.0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.data())
def test_shares_add_up_however_they_are_cut(times: list[float], data: st.DataObject) -> None:
    model = make_node_model(times, np.zeros(len(times) + 1))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(times)), max_size=5)))
    ends = [0, *cuts, len(times)]
    shares = [model.compute_ns(a, b) for a, b in itertools.pairwise(ends)]
    assert sum(shares) == model.compute_ns(0, len(times))
    assert min(shares) >= 0


@pytest.mark.parametrize(
    ("times", "live", "message"),
    [
        ([1.0, 2.0], [1, 2], "live_bytes must have shape"),
        ([1.0, -2.0], [1, 2, 3], "forward_s"),
        ([1.0, math.nan], [1, 2, 3], "forward_s"),
        ([1.0, 1.0], [1, -2, 3], r"live_bytes\[1\] is negative"),
    ],
)
def test_a_wrong_model_is_refused(times: list[float], live: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_node_model(times, live)


def test_digest32_is_the_first_32_bits() -> None:
    assert digest32("00000010ffff") == 16
