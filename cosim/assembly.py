"""All that a run needs, made from a scenario before anything is started or written."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cosim.errors import InputError, ScenarioError, UnknownNameError
from cosim.models import (
    DeviceProfile,
    ModelProfile,
    latency_of_reference_s,
    load_device_profile,
    load_device_set,
    load_model_profile,
)
from cosim.models.workload import load_workload
from cosim.nodes import ArrivalConfig, NodeController, NodeOptions, build_controllers
from cosim.prediction import forecaster_factory, trace_digest
from cosim.scenario import Scenario, Topology, build_topology, load_scenario
from cosim.scenario.dump import to_tables
from cosim.scenario.load import scenario_from_tables
from cosim.scenario.overrides import Verbatim
from cosim.splitting import NodePolicy, Objective, make_policy, policy_class
from cosim.work import Work, work_of

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
        """SHA-256 of each profile, by ``model/<name>`` and ``device/<name>``, and of a trace."""
        trace = trace_digest(self.scenario)
        return self._profile_digests | ({} if trace is None else {"trace": trace})

    @property
    def _profile_digests(self) -> dict[str, str]:
        digests = {f"model/{self.scenario.task.model}": self.model.digest}
        names = device_names(self.scenario)
        return digests | {f"device/{names[n]}": each.digest for n, each in self.devices.items()}

    def changed_profiles(self) -> list[str]:
        """Which of the profiles, named as in `digests`, are not on disk as they were loaded."""
        known = self._profile_digests.items()
        return [name for name, digest in known if _digest_now(name) != digest]


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
    splits_module, counts_merging = NodePolicy.splits_module, NodePolicy.counts_merging
    if policy_factory is None:
        policy = _named("policy", _policy_class, scenario.policy)
        _check_fits(policy, scenario)
        splits_module, counts_merging = policy.splits_module, policy.counts_merging
    work = work_of(
        scenario,
        model,
        topology.root,
        splits_module=splits_module,
        counts_merging=counts_merging,
    )
    task = scenario.task
    workload = load_workload(model, task.transfer, scenario.seed) if task.execute else None
    is_measured = task.timing == "measured"
    reference_s = workload.reference_s() if workload and is_measured else None
    controllers = build_controllers(
        topology,
        {node.name: node.kind for node in scenario.nodes},
        work.make_model,
        devices,
        policy_factory or (lambda: make_policy(scenario.policy)),
        sci_period_ns=scenario.sci.period,
        start_ns=scenario.task.start,
        think_ns=scenario.task.think_time,
        timeout_ns=scenario.task.timeout,
        link_patience_ns=scenario.task.link_patience,
        count_energy_of=scenario.energy.count,
        arrivals=_arrivals(scenario),
        options=_node_options(scenario, work),
        workload=workload,
        measured_scale=_measured_scale(model, reference_s),
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


def _node_options(scenario: Scenario, work: Work) -> NodeOptions:
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
        make_forecaster=forecaster_factory(scenario),
        lag_tasks=prediction.tasks,
        coherence_ns=prediction.coherence,
        discipline=scenario.compute.discipline,
        backward_ratio=None if task.kind == "inference" else task.backward_ratio,
        merging=work.merging,
        module_runs=work.module_runs,
        state_bytes=work.state_bytes,
    )


def _check_fits(policy: type[NodePolicy], scenario: Scenario) -> None:
    """Refuse a baseline for a kind of task that this is not."""
    if policy.splits_module and scenario.task.runs == 1:
        problem = f"'{policy.name}' is for recurrent models"
        raise ScenarioError("policy", problem, hint="set task.runs to the length of the sequence")
    if not policy.counts_merging and scenario.task.kind in ("inference", "training"):
        problem = f"'{policy.name}' is for collaborative learning"
        raise ScenarioError("policy", problem, hint="set task.kind to federated, for example")


def _named(key_path: str, load: Callable[[str], _T], name: str) -> _T:
    """Load what a key of the scenario names."""
    try:
        return load(name)
    except UnknownNameError as error:
        raise ScenarioError(key_path, error.message, hint=error.hint) from error


def _measured_scale(
    model: ModelProfile, reference_s: float | None
) -> Callable[[DeviceProfile], float | None]:
    """Time on a device over time on this machine, which takes `reference_s` for the reference."""
    if reference_s is None:
        return lambda _device: None
    return lambda device: latency_of_reference_s(device, model.reference_model) / reference_s
