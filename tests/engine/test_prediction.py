"""Forecasters that need a trace of an earlier run: the oracle, and the learned one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cosim
from cosim.assembly import prepare, resolve_scenario
from cosim.errors import ScenarioError
from cosim.forecasting import LinkTrace
from cosim.scenario import build_topology

MS = 1_000_000
# The wire gnb-core swings between 100 and 4 Mbps, and all know it the moment it does.
RATES = [(t * 40 * MS, "N", [100_000_000, 4_000_000][t % 2]) for t in range(60)]
SLOW_CORE = {"nodes.core.device": "paper-iab-mec", "nodes.gnb.device": "paper-ue"}


@pytest.fixture
def run(lab: Any, tmp_path: Path) -> Callable[..., cosim.RunResult]:
    def go(name: str, duration_s: float = 2.0, **prediction: object) -> cosim.RunResult:
        return cosim.run(
            "chain3",
            duration_s=duration_s,
            out=tmp_path / name,
            overrides={
                **SLOW_CORE,
                **{f"prediction.{key}": value for key, value in prediction.items()},
            },
            port_factory=lambda scenario, _: lab.Network(
                build_topology(scenario), attachments=[(0, "ue", "gnb")], rates=RATES
            ),
        )

    return go


def latencies(result: cosim.RunResult) -> list[float]:
    return result.tasks["latency_s"].dropna().tolist()


def test_the_oracle_reads_the_future_from_an_earlier_run(
    run: Callable[..., cosim.RunResult], tmp_path: Path
) -> None:
    plain = run("plain")
    trace = str(tmp_path / "plain")
    seen = run("seen", forecaster="oracle", trace=trace, coherence="0 ms")
    blurred = run("blurred", forecaster="oracle", trace=trace, error=3.0, coherence="0 ms")
    assert latencies(seen) != latencies(plain) and latencies(blurred) != latencies(seen)
    again = run("again", forecaster="oracle", trace=trace, error=3.0, coherence="0 ms")
    assert latencies(again) == latencies(blurred)
    assert seen.manifest.profiles["trace"] and "trace" not in plain.manifest.profiles


def test_within_the_coherence_time_no_forecast_counts(
    run: Callable[..., cosim.RunResult], tmp_path: Path
) -> None:
    """However wrong the forecaster is, it is switched off."""
    plain = run("plain")
    trace = str(tmp_path / "plain")
    off = run("off", forecaster="oracle", trace=trace, error=50.0, coherence="10 s")
    assert latencies(off) == latencies(plain)


def test_a_trace_is_a_step_function() -> None:
    trace = LinkTrace(np.array([1.0, 2.0, 4.0]), np.array([10.0, 20.0, 40.0]))
    assert [trace.at(t) for t in (0.0, 1.0, 1.9, 2.0, 3.9, 4.0, 99.0)] == [
        *(10.0, 10.0, 10.0, 20.0, 20.0, 40.0, 40.0)
    ]
    assert trace.step_s == 1.5
    for times, values, message in (
        ([], [], "times_s is empty"),
        ([1.0], [], "values must have shape"),
        ([1.0, 0.5], [1.0, 1.0], r"times_s\[1\] is before"),
    ):
        with pytest.raises(ValueError, match=message):
            LinkTrace(np.array(times), np.array(values))


@pytest.mark.parametrize(
    ("prediction", "where", "message"),
    [
        ({"forecaster": "oracle"}, "prediction.trace", "is required"),
        ({"forecaster": "learned"}, "prediction.trace", "is required"),
        ({"forecaster": "oracle", "trace": "nowhere"}, "prediction.trace", "nowhere"),
        ({"forecaster": "oracle", "trace": "x", "error": -0.1}, "prediction.error", "negative"),
        ({"forecaster": "orakel"}, "prediction.forecaster", "orakel"),
    ],
)
def test_what_cannot_be_forecast_with_is_refused(
    prediction: dict[str, object], where: str, message: str
) -> None:
    pairs = {f"prediction.{key}": value for key, value in prediction.items()}
    with pytest.raises(ScenarioError, match=message) as caught:
        prepare(resolve_scenario("chain3", overrides=pairs))
    assert caught.value.key_path == where


@pytest.mark.torch
def test_the_learned_one_learns_from_an_earlier_run(
    run: Callable[..., cosim.RunResult], tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    run("plain")
    trace = str(tmp_path / "plain")
    learned = run("learned", forecaster="learned", trace=trace, coherence="0 ms")
    assert len(latencies(learned)) > 5
    run("short", duration_s=0.5)
    with pytest.raises(ScenarioError, match="150 at least are"):
        run("no", forecaster="learned", trace=str(tmp_path / "short"))
