"""The forecasters that a scenario asks for, with the trace of an earlier run where they need one.

An oracle cannot look into a simulation's future. It reads the same future from an earlier run of
the same scenario and seed, whose links hardly depend on where tasks were split; the learned one
learns from any earlier run.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cosim.errors import CosimError, InputError, ScenarioError
from cosim.forecasting import Forecaster, LinkTrace, Oracle, make_forecaster
from cosim.nodes import ForecasterFactory
from cosim.results import RunResult
from cosim.results.tables import table_path
from cosim.scenario import Scenario
from cosim.scenario.topology import access_link

_WINDOW = 16  # observations that the learned one looks at
_LEAST_OBSERVATIONS = 150  # for it to learn from, see `Learned.fit`
_MOST_OBSERVATIONS = 1000  # some two seconds of training for each link

Link = tuple[str, str]  # its name and its transmitter


def forecaster_factory(scenario: Scenario) -> ForecasterFactory | None:
    """What makes a forecaster for a link and its transmitter; None when none is asked for.

    Raises
    ------
    ScenarioError
        When a trace is needed and missing, or cannot be read, or is too short.
    InputError
        When the learned one is asked for and torch is missing.
    """
    wanted = scenario.prediction.forecaster
    if wanted == "none":
        return None
    if wanted not in ("oracle", "learned"):
        return lambda _link, _transmitter: make_forecaster(wanted)
    traces = _read_traces(scenario.prediction.trace)
    if wanted == "oracle":
        return _Oracles(traces, scenario.prediction.error, scenario.seed)
    return _learners(traces, scenario)


@dataclass(frozen=True)
class _Oracles:
    """An oracle for each link, each with a stream of errors of its own."""

    traces: Mapping[Link, LinkTrace]
    error: float
    seed: int

    def __call__(self, link: str, transmitter: str) -> Forecaster:
        trace = self.traces.get((link, transmitter))
        if trace is None:
            return make_forecaster("last")  # a link that the earlier run did not have
        stream = np.random.SeedSequence([self.seed, *f"oracle/{link}/{transmitter}".encode()])
        return Oracle(trace.at, self.error, np.random.default_rng(stream))


def _learners(traces: Mapping[Link, LinkTrace], scenario: Scenario) -> ForecasterFactory:
    """Learned forecasters of all links towards the cloud, trained before anything is started."""
    try:
        from cosim.forecasting.torch import Learned
    except ImportError as error:
        raise InputError(str(error)) from error
    fitted: dict[Link, Learned] = {}
    for link, trace in traces.items():
        if link not in _upward_links(scenario):
            continue
        values = trace.values[-_MOST_OBSERVATIONS:]
        if values.size < _LEAST_OBSERVATIONS:
            raise ScenarioError(
                "prediction.trace",
                f"has {values.size} reports of a link, {_LEAST_OBSERVATIONS} at least are needed",
                hint="make a longer run",
            )
        horizon = max(8, math.ceil(2 * scenario.sci.period / 1e9 / trace.step_s))
        horizon = min(horizon, values.size // 5 - _WINDOW)
        fitted[link] = Learned(trace.step_s, window=_WINDOW, horizon=horizon, seed=scenario.seed)
        fitted[link].fit(values.tolist())

    def make(link: str, transmitter: str) -> Forecaster:
        learned = fitted.get((link, transmitter))
        return make_forecaster("last") if learned is None else learned.fresh()

    return make


def _upward_links(scenario: Scenario) -> set[Link]:
    access = {(access_link(node.name), node.name) for node in scenario.nodes if node.kind == "ue"}
    return access | {(link.name, link.child) for link in scenario.links}


def trace_digest(scenario: Scenario) -> str | None:
    """SHA-256 of the trace that forecasters read, if they do."""
    prediction = scenario.prediction
    if prediction.trace is None or prediction.forecaster not in ("oracle", "learned"):
        return None
    with table_path(Path(prediction.trace), "links").open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_traces(directory: str | None) -> dict[Link, LinkTrace]:
    """What each link's capacity was in an earlier run, bit/s."""
    if directory is None:
        raise ScenarioError(
            "prediction.trace",
            "is required for this forecaster",
            hint="make a run with prediction.forecaster = 'none', and name its directory",
        )
    try:
        links = RunResult.open(Path(directory)).links
    except CosimError as error:
        raise ScenarioError("prediction.trace", error.message, hint=error.hint) from error
    if links.empty:
        raise ScenarioError("prediction.trace", f"'{directory}' holds no reports of links")
    traces = {}
    for (link, transmitter), rows in links.groupby(["link", "transmitter"], sort=True):
        times, values = rows["time_s"].to_numpy(), rows["capacity_bps"].to_numpy(dtype=np.float64)
        traces[str(link), str(transmitter)] = LinkTrace(times, values)
    return traces
