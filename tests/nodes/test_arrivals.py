"""Arrivals of tasks: their rates, their streams, and no effect of the policy on them."""

from __future__ import annotations

import numpy as np
import pytest

from cosim.nodes.arrivals import ArrivalConfig, Arrivals


def times(kind: str, seed: int, count: int = 4000, interval_ns: int = 1_000_000) -> np.ndarray:
    arrivals = Arrivals(ArrivalConfig(kind, interval_ns, (seed,)))  # type: ignore[arg-type]
    return np.cumsum([arrivals.first_ns(), *(arrivals.next_ns() for _ in range(count - 1))])


def test_poisson_gaps_are_exponential() -> None:
    gaps = np.diff(times("poisson", 1))
    assert gaps.min() >= 1
    assert gaps.mean() == pytest.approx(1e6, rel=0.06)  # some 4 standard errors of the mean
    assert gaps.std() == pytest.approx(1e6, rel=0.1)
    # An exponential has 1/e of its values above its mean.
    assert (gaps > 1e6).mean() == pytest.approx(np.exp(-1), abs=0.03)


def test_periodic_ones_keep_their_distance_and_are_out_of_phase() -> None:
    firsts = set()
    for seed in range(20):
        at = times("periodic", seed, 10)
        assert set(np.diff(at)) == {1_000_000}
        firsts.add(int(at[0]))
        assert 0 <= at[0] < 1_000_000
    assert len(firsts) == 20


def test_each_stream_is_its_own() -> None:
    assert (times("poisson", 3, 50) == times("poisson", 3, 50)).all()
    assert (times("poisson", 3, 50) != times("poisson", 4, 50)).all()


def test_the_closed_loop_begins_at_once() -> None:
    arrivals = Arrivals(ArrivalConfig())
    assert not arrivals.is_open and arrivals.first_ns() == 0


def test_the_shortest_interval_does_not_stop_the_clock() -> None:
    assert (np.diff(times("poisson", 1, 200, interval_ns=1)) >= 1).all()
