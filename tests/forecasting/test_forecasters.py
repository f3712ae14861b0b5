"""Forecasters: one contract for all, and what each is good at."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.forecasting import (
    Autoregressive,
    Ewma,
    Forecaster,
    LagEstimator,
    LastValue,
    Oracle,
    forecaster_names,
    make_forecaster,
)

ALL: dict[str, Callable[[], Forecaster]] = {
    **{name: lambda name=name: make_forecaster(name) for name in forecaster_names()},  # type: ignore[misc]
    "oracle": lambda: Oracle(lambda t: 5.0, 0.5),
}


@pytest.mark.parametrize("name", ALL)
@given(values=st.lists(st.floats(0, 1e9), min_size=1, max_size=40), ahead=st.floats(0, 10))
def test_a_forecast_is_a_number_that_is_not_negative(
    name: str, values: list[float], ahead: float
) -> None:
    forecaster = ALL[name]()
    for index, value in enumerate(values):
        forecaster.observe(index * 0.01, value)
    assert 0 <= forecaster.forecast(ahead) < math.inf


@pytest.mark.parametrize("name", ALL)
def test_misuse_is_refused(name: str) -> None:
    forecaster = ALL[name]()
    with pytest.raises(ValueError, match="nothing was observed"):
        forecaster.forecast(1.0)
    forecaster.observe(1.0, 4.0)
    with pytest.raises(ValueError, match="ahead_s is -1"):
        forecaster.forecast(-1.0)
    with pytest.raises(ValueError, match="finite"):
        forecaster.observe(2.0, math.nan)
    with pytest.raises(ValueError, match="went back"):
        forecaster.observe(0.5, 1.0)


@pytest.mark.parametrize("name", forecaster_names())
def test_what_does_not_change_is_forecast_as_it_is(name: str) -> None:
    forecaster = make_forecaster(name)
    for index in range(30):
        forecaster.observe(index * 0.01, 7.0)
    assert forecaster.forecast(0.05) == pytest.approx(7.0)


def test_each_on_a_sine() -> None:
    """What changes smoothly is forecast best by who looks at how it changes."""
    errors = {}
    for name in forecaster_names():
        forecaster, misses = make_forecaster(name), []
        for index in range(300):
            forecaster.observe(index * 0.01, 10 + 3 * math.sin(index * 0.15))
            if index > 100:
                truth = 10 + 3 * math.sin((index + 5) * 0.15)
                misses.append(abs(forecaster.forecast(0.05) - truth))
        errors[name] = np.mean(misses)
    assert errors["autoregressive"] < 0.1 * errors["last"] < errors["ewma"]


def test_ewma_does_not_depend_on_the_spacing() -> None:
    sparse, dense = Ewma(0.1), Ewma(0.1)
    for forecaster in (sparse, dense):
        forecaster.observe(0.0, 0.0)
    for index in range(1, 11):
        dense.observe(index * 0.01, 8.0)
    sparse.observe(0.1, 8.0)
    assert sparse.forecast(0) == pytest.approx(dense.forecast(0)) == pytest.approx(4.0)


def test_an_unstable_fit_stays_within_what_was_seen() -> None:
    forecaster = Autoregressive(order=1, window=10)
    for index in range(10):
        forecaster.observe(index, 2.0**index)
    assert forecaster.forecast(100.0) <= 1.5 * 2.0**9


def test_a_trend_goes_on() -> None:
    forecaster = Autoregressive()
    for index in range(20):
        forecaster.observe(index * 0.01, 100.0 - index)
    assert forecaster.forecast(0.05) == pytest.approx(76.0)


def test_the_oracle_errs_as_much_as_it_is_told() -> None:
    oracle = Oracle(lambda t: 100.0 * t, 0.1, np.random.default_rng(2))
    oracle.observe(1.0, 0.0)
    guesses = [oracle.forecast(1.0) for _ in range(4000)]
    assert np.mean(guesses) == pytest.approx(200, rel=0.01)
    assert np.std(guesses) == pytest.approx(20, rel=0.05)
    exact = Oracle(lambda t: 100.0 * t)
    exact.observe(1.0, 0.0)
    assert exact.forecast(1.0) == 200.0


def test_the_lag_is_the_mean_over_the_last_tasks() -> None:
    lag = LagEstimator(tasks=2, coherence_ns=50)
    lag.sent(5)
    assert lag.mean_ns is None and lag.ahead_ns == 0  # nothing was told yet
    for told, sent in ((0, 1000), (2000, 2040), (3000, 3080)):
        lag.told(told)
        lag.sent(sent)
    assert lag.mean_ns == 60 and lag.ahead_ns == 60
    lag.sent(3010)
    assert lag.mean_ns == 45 and lag.ahead_ns == 0  # below the coherence time it is off


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Ewma(0.0), "half_life_s is 0"),
        (lambda: Autoregressive(0), "order is 0"),
        (lambda: Autoregressive(3, 7), "window is 7"),
        (lambda: Oracle(float, -1.0), "relative_error is -1"),
        (lambda: LagEstimator(0, 1), "tasks is 0"),
        (lambda: LagEstimator(1, -1), "coherence_ns is -1"),
        (lambda: make_forecaster("crystal ball"), "no forecaster is called"),
    ],
)
def test_bad_arguments_are_named(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_last_value() -> None:
    forecaster = LastValue()
    forecaster.observe(0, 1.0)
    forecaster.observe(1, 3.0)
    assert forecaster.forecast(9) == 3.0


@pytest.mark.torch
def test_the_learned_one_learns() -> None:
    pytest.importorskip("torch")
    from cosim.forecasting.torch import Learned

    values = [10 + 3 * math.sin(index * 0.3) for index in range(600)]
    learned, last = Learned(0.01), LastValue()
    assert learned.fit(values) < 0.05
    misses: dict[str, list[float]] = {"learned": [], "last": []}
    for index in range(100):
        for forecaster in (learned, last):
            forecaster.observe(index * 0.01, values[index])
        if index >= 20:
            misses["learned"].append(abs(learned.forecast(0.05) - values[index + 5]))
            misses["last"].append(abs(last.forecast(0.05) - values[index + 5]))
    assert np.mean(misses["learned"]) < 0.3 * np.mean(misses["last"])
    with pytest.raises(ValueError, match="at least"):
        Learned(0.01).fit([1.0, 2.0])
