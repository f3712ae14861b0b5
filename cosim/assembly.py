"""All that a run needs, made from a scenario before anything is started or written."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from cosim.errors import InputError, OutputError, ScenarioError, UnknownNameError
from cosim.forecasting import CapacityTrace, Forecaster, Oracle
from cosim.models import (
    DeviceProfile,
    ModelProfile,
    load_device_profile,
    load_device_set,
    load_model_profile,
)
from cosim.models.workload import load_workload
from cosim.nodes import ArrivalConfig, NodeController, NodeOptions, build_controllers
from cosim.nodes.config import ForecasterMaker, forecaster_by_name
from cosim.results import RunResult
from cosim.scenario import Scenario, Topology, build_topology, load_scenario
from cosim.scenario.dump import to_tables
from cosim.scenario.load import scenario_from_tables
from cosim.scenario.overrides import Verbatim
from cosim.splitting import NodePolicy, Objective, make_policy, policy_class

PolicyFactory = Callable[[], NodePolicy]
Overrides = Mapping[str, object] | Iterable[tuple[str, object]]
_T = TypeVar("_T")


@dataclass(frozen=True)
class RunSetup:
    """What a scenario names, loaded: its tree, its profiles, and a controller for each computer."""

    scenario: Scenario
    topology: Topology
    model: ModelProfile
    devices: Mapping[str, DeviceProfile]
    controllers: Mapping[str, NodeController]

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 of each profile, by ``model/<name>`` and ``device/<name>``."""
        digests = {f"model/{self.scenario.task.model}": self.model.digest}
        names = device_names(self.scenario)
        return digests | {f"device/{names[n]}": each.digest for n, each in self.devices.items()}

    def changed_profiles(self) -> list[str]:
        """Which of the profiles, named as in `digests`, are not on disk as they were loaded."""
        return [name for name, digest in self.digests.items() if _digest_now(name) != digest]


def _digest_now(name: str) -> str | None:
    """The digest of a profile as it is on disk; None when it can no longer be used."""
    kind, _, profile = name.partition("/")
    try:
        if kind == "model":
            return load_model_profile(profile).digest
        return load_device_profile(profile).digest
    except InputError:
        return None


def resolve_scenario(
    scenario: str | Path | Scenario,
    *,
    policy: str | None = None,
    model: str | None = None,
    load: str | None = None,
    duration_s: float | None = None,
    seed: int | None = None,
    overrides: Overrides = (),
) -> Scenario:
    """Load a scenario, or take one, with what is given replaced; parameters as in `cosim.run`."""
    pairs = list(overrides.items() if isinstance(overrides, Mapping) else overrides)
    texts = {
        "policy": policy,
        "task.model": model,
        "load": load,
        "duration": None if duration_s is None else _duration_text(duration_s),
    }
    pairs += [(key, Verbatim(text)) for key, text in texts.items() if text is not None]
    pairs += [] if seed is None else [("seed", seed)]
    if isinstance(scenario, Scenario):
        return scenario_from_tables(to_tables(scenario), pairs)
    return load_scenario(scenario, pairs)


def _policy_class(name: str) -> type[NodePolicy]:
    """The class, with whatever is wrong with it put down to the scenario's key."""
    try:
        return policy_class(name)
    except UnknownNameError:
        raise
    except InputError as error:
        raise ScenarioError("policy", error.message, hint=error.hint) from error


def _duration_text(duration_s: float) -> str:
    """A duration to the nearest ns; what is no number is left for the check."""
    return f"{round(duration_s * 1e9)} ns" if math.isfinite(duration_s) else f"{duration_s} s"


def prepare(scenario: Scenario, policy_factory: PolicyFactory | None = None) -> RunSetup:
    """Load what a scenario names.

    Parameters
    ----------
    scenario
        The scenario.
    policy_factory
        Makes every node's policy in the stead of the one that the scenario names.

    Raises
    ------
    ScenarioError
        When it names a device, model or policy that does not exist.
    InputError
        When one of them exists and cannot be used.
    """
    topology = build_topology(scenario)
    model = _named("task.model", load_model_profile, scenario.task.model)
    devices = _load_devices(scenario)
    if policy_factory is None:
        _named("policy", _policy_class, scenario.policy)
    task = scenario.task
    workload = load_workload(model, task.transfer, scenario.seed) if task.execute else None
    is_measured = task.timing == "measured"
    controllers = build_controllers(
        topology,
        {node.name: node.kind for node in scenario.nodes},
        model,
        devices,
        policy_factory or (lambda: make_policy(scenario.policy)),
        sci_period_ns=scenario.sci.period,
        start_ns=scenario.task.start,
        think_ns=scenario.task.think_time,
        timeout_ns=scenario.task.timeout,
        link_patience_ns=scenario.task.link_patience,
        count_energy_of=scenario.energy.count,
        arrivals=_arrivals(scenario),
        options=_node_options(scenario),
        form=task.transfer,
        workload=workload,
        measured_reference_s=workload.reference_s() if workload and is_measured else None,
    )
    return RunSetup(scenario, topology, model, devices, controllers)


def device_names(scenario: Scenario) -> dict[str, str]:
    """The device of each node that computes: its own, or its kind's in the scenario's set."""
    own = {node.name: node.device for node in scenario.nodes if node.device is not None}
    if scenario.device_set is None:
        return own
    chosen = _named("device_set", load_device_set, scenario.device_set)
    kinds = {node.name: node.kind for node in scenario.nodes}
    missing = [name for name in own if kinds[name] not in chosen.devices]
    if missing:
        problem = f"set '{chosen.name}' has no device for node '{missing[0]}'"
        raise ScenarioError("device_set", problem)
    return {name: chosen.devices[kinds[name]] for name in own}


def _load_devices(scenario: Scenario) -> dict[str, DeviceProfile]:
    in_set = scenario.device_set is not None
    return {
        node: _named("device_set" if in_set else f"nodes.{node}.device", load_device_profile, name)
        for node, name in device_names(scenario).items()
    }


def _arrivals(scenario: Scenario) -> ArrivalConfig:
    """The stream is the run's own, so that all policies meet the same tasks."""
    seed = (scenario.seed, zlib.crc32(b"arrivals"))
    return ArrivalConfig(scenario.task.arrivals, int(scenario.task.interval), seed)


def _node_options(scenario: Scenario) -> NodeOptions:
    """The scenario's wishes that every node follows."""
    task, sci, prediction = scenario.task, scenario.sci, scenario.prediction
    limit = scenario.objective.latency_limit
    return NodeOptions(
        objective=Objective(
            scenario.objective.latency_weight,
            scenario.objective.energy_weight,
            math.inf if limit is None else limit / 1e9,
            scenario.objective.front_cap,
        ),
        trigger=sci.trigger,
        change=sci.change,
        forecaster=None if prediction.forecaster == "none" else prediction.forecaster,
        forecasts=_forecasts(scenario),
        lag_tasks=prediction.tasks,
        coherence_ns=prediction.coherence,
        discipline=scenario.compute.discipline,
        backward_ratio=task.backward_ratio if task.kind == "training" else None,
    )


def _named(key_path: str, load: Callable[[str], _T], name: str) -> _T:
    """Load what a key of the scenario names."""
    try:
        return load(name)
    except UnknownNameError as error:
        raise ScenarioError(key_path, error.message, hint=error.hint) from error


def _forecasts(scenario: Scenario) -> ForecasterMaker:
    """Where forecasters come from: the oracle's truth is an earlier run."""
    prediction = scenario.prediction
    if prediction.forecaster != "oracle" or prediction.trace is None:
        return forecaster_by_name
    try:
        links = RunResult.open(prediction.trace).links
    except OutputError as error:
        raise ScenarioError("prediction.trace", error.message) from error
    truth = {
        (str(link), str(transmitter)): CapacityTrace(
            rows["time_s"].to_numpy(), rows["capacity_bps"].to_numpy()
        )
        for (link, transmitter), rows in links.groupby(["link", "transmitter"])
    }

    def make(_name: str, link: str, transmitter: str) -> Forecaster:
        known = truth.get((link, transmitter))
        if known is None:
            raise ScenarioError("prediction.trace", f"says nothing of {link} from {transmitter}")
        stream = np.random.SeedSequence([scenario.seed, *f"oracle/{link}/{transmitter}".encode()])
        return Oracle(known.at, prediction.error, np.random.default_rng(stream))

    return make
