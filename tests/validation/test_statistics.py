"""What `cosim validate` compares, against what can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cosim.network.port import Delivery, Send, Step, Transport
from cosim.validation.statistics import (
    bootstrap,
    disagreement,
    hop_groups,
    hop_time_difference,
    hop_time_error,
    ranking,
    relative_mean,
    relative_quantile,
)
from cosim.validation.transfers import NotingPort, Transfer, to_frame


def _table(*rows: tuple[str, int, float]) -> pd.DataFrame:
    return to_frame([Transfer(hop, size, 0.0, seconds, 0) for hop, size, seconds in rows])


def test_an_interval_covers_the_true_difference() -> None:
    rng = np.random.default_rng(3)
    one, other = rng.normal(10, 1, 200).tolist(), rng.normal(11, 1, 200).tolist()
    value, low, high = bootstrap(relative_mean, one, other)
    assert low < 0.1 < high and low < value < high
    assert high - low < 0.06
    assert bootstrap(relative_mean, one, other) == (value, low, high), "it is not repeatable"
    assert bootstrap(relative_mean, one, one).value == 0


def test_quantiles_are_relative_to_the_packets() -> None:
    assert relative_quantile(0.5)([1.0, 2.0, 3.0], [2.0, 3.0, 9.0]) == pytest.approx(0.5)


def test_hops_are_compared_size_by_size() -> None:
    ns3 = _table(("a to b", 1000, 1.0), ("a to b", 1010, 3.0), ("a to b", 90_000, 10.0))
    other = _table(("a to b", 1005, 4.0), ("a to b", 90_000, 10.0), ("b to c", 1000, 99.0))
    groups = hop_groups(ns3, other)
    assert [(g.hop, round(g.size_bytes)) for g in groups] == [("a to b", 1005), ("a to b", 90_000)]
    # Two of 2 s on average and one of 10 s, against 4 s and 10 s.
    assert hop_time_difference(groups).value == pytest.approx((2 * 4 + 10) / (2 * 2 + 10) - 1)
    assert np.isnan(hop_time_difference([]).value)


def test_hops_that_differ_in_opposite_directions_do_not_make_up_for_each_other() -> None:
    groups = hop_groups(
        _table(("a to b", 1000, 1.0), ("b to c", 1000, 3.0)),
        _table(("a to b", 1000, 2.0), ("b to c", 1000, 2.0)),
    )
    assert hop_time_difference(groups).value == pytest.approx(0.0)
    assert hop_time_error(groups).value == pytest.approx(0.5)


def test_a_policy_without_a_task_has_no_rank() -> None:
    nothing = float("nan")
    one = [np.array([1.0, nothing, 3.0]), np.array([1.0, nothing, 3.0])]
    assert ranking(one, [np.array([2.0, 9.0, 4.0])]) == pytest.approx(1.0)


def _tasks(*rows: tuple[float, float, tuple[str, ...], tuple[int, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["start_s", "latency_s", "route", "boundaries"])


def test_plans_differ_when_others_compute_not_when_others_relay() -> None:
    mine = _tasks((0.0, 0.5, ("ue", "mec"), (0, 3, 9)), (0.5, 0.5, ("ue",), (0, 9)))
    relayed = _tasks((0.0, 1.0, ("ue", "hop", "mec"), (0, 3, 3, 9)))
    differ = disagreement(mine, relayed, 1.0)
    assert np.mean(differ) == pytest.approx(0.5, abs=0.03)
    assert not any(disagreement(mine, mine, 1.0))


def test_policies_are_ranked_and_equal_ones_are_ties() -> None:
    up = [np.array([1.0, 2.0, 3.0, 4.0])]
    assert ranking(up, [np.array([2.0, 3.0, 5.0, 9.0])]) == pytest.approx(1.0)
    assert ranking(up, [np.array([9.0, 5.0, 3.0, 2.0])]) == pytest.approx(-1.0)
    close = [np.array([1.0, 2.0, 2.001, 4.0])]
    assert ranking(close, [np.array([1.0, 2.001, 2.0, 4.0])]) == pytest.approx(1.0)


class _Port:
    version = "x"

    def advance(self, until_ns: int, commands: tuple[Send, ...]) -> Step:
        events = tuple(
            Delivery(until_ns, s.transfer_id, s.source, s.destination, s.size_bytes, 0, b"")
            for s in commands
        )
        return Step(until_ns, events)


def test_tensors_are_noted_and_signalling_is_not() -> None:
    transfers: list[Transfer] = []
    port = NotingPort(_Port(), transfers)  # type: ignore[arg-type]
    port.advance(
        5_000_000, (Send(1, "a", "b", 10, Transport.TCP), Send(2, "a", "b", 9, Transport.UDP))
    )
    port.advance(7_000_000, (Send(3, "a", "b", 30, Transport.TCP),))
    assert transfers == [
        Transfer("a to b", 10, 0.0, 0.005, 0),
        Transfer("a to b", 30, 0.0, 0.007, 1),
    ]
