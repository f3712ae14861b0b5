"""Running a scenario, and comparing policies on it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cosim.assembly import Overrides, PolicyFactory, prepare, resolve_scenario
from cosim.backends import PortFactory, port_factory_of
from cosim.errors import UnknownNameError
from cosim.interruption import Interruptible
from cosim.network.port import NetworkPort
from cosim.replaying import SIDES, Side, SideReplay, replay_controllers, replay_network
from cosim.results import RunResult, RunWriter, compare_summaries
from cosim.results.writer import NS3_STDERR_NAME
from cosim.runner import (
    ProgressCallback,
    Runner,
    TaskCallback,
    file_name,
    first_manifest,
    fresh_directory,
)
from cosim.scenario import Scenario, to_toml
from cosim.watchdog import DEFAULT_LIMIT_S, DecisionWatch

# Those of spec section 7 that are simulated; each makes one run of a comparison.
COMPARED_POLICIES = ("hivemind", "ue-only", "cloud-only", "single-split", "edge-only")


def run(
    scenario: str | Path | Scenario = "mmwave-iab",
    *,
    policy: str | None = None,
    model: str | None = None,
    load: str | None = None,
    duration_s: float | None = None,
    seed: int | None = None,
    overrides: Overrides = (),
    out: str | Path | None = None,
    replace: bool = False,
    progress: ProgressCallback | None = None,
    command: Sequence[str] = (),
    decision_limit_s: float = DEFAULT_LIMIT_S,
    record: bool = False,
    backend: str = "ns3",
    channel_cache: str | Path | None = None,
    port_factory: PortFactory | None = None,
    policy_factory: PolicyFactory | None = None,
    on_task: TaskCallback | None = None,
) -> RunResult:
    """Simulate a scenario, and keep the results in a directory.

    Parameters
    ----------
    scenario
        Name of a built-in, path of a TOML file, or a `Scenario`.
    policy, model, load, duration_s, seed
        Instead of what the scenario says; `duration_s` in simulated seconds.
    overrides
        Key paths and values, for example ``{"radio.bandwidth": "50 MHz"}``; they come before the
        parameters above.
    out
        Directory for the results; by default a new one under ``runs/``.
    replace
        Whether `out` may hold an earlier run, which is then removed.
    progress
        Called after every step of the simulation.
    command
        What the manifest gives as the command that was typed, if one was.
    decision_limit_s
        Real time after which a policy that does not return ends the run, s. Only a run in the main
        thread is guarded.
    record
        Whether to keep all that controllers and network say to each other, for `replay`.
    backend
        Which network: ``ns3``, packet by packet, or ``simplified``, the paper's level of detail.
    channel_cache
        Directory in which ns-3's channels are kept for other runs, or ``off``; None for what
        ``$COSIM_CHANNEL_CACHE`` says, else the user's cache directory. Results are the same.
    port_factory
        Makes the network in its stead, given the scenario and a file for its standard error.
    policy_factory
        Makes each node's policy in the stead of `policy`, which then only names it.
    on_task
        Called with every task as it ends.

    Raises
    ------
    InputError
        When what was asked for cannot be done as asked; nothing has been started.
    RunError
        When the run failed; its directory has what there was, with status ``failed``.
    """
    chosen = resolve_scenario(
        scenario,
        policy=policy,
        model=model,
        load=load,
        duration_s=duration_s,
        seed=seed,
        overrides=overrides,
    )
    factory = port_factory or port_factory_of(backend, channel_cache=channel_cache)
    setup = prepare(chosen, policy_factory)
    directory = fresh_directory(chosen, chosen.policy) if out is None else Path(out)
    manifest = first_manifest(setup, command, backend)
    watch = DecisionWatch(decision_limit_s)
    with Interruptible() as signals:  # before there is a manifest that says `running`
        writer = RunWriter(directory, manifest, to_toml(chosen), replace=replace)
        runner = Runner(setup, writer, factory, progress, watch, on_task=on_task, record=record)
        return runner.run(signals)


def replay(
    directory: str | Path,
    *,
    sides: Sequence[Side] = SIDES,
    port_factory: PortFactory | None = None,
) -> tuple[SideReplay, ...]:
    """Do a recorded run again, one side at a time, against what the other side said.

    Parameters
    ----------
    directory
        A run with a record (`run` with `record`).
    sides
        ``controllers``, ``network``, or both.
    port_factory
        As for `run`.

    Raises
    ------
    DivergenceError
        At the first exchange in which a side does something else than was recorded.
    InputError
        When there is no record, or its profiles or scenario are no longer the same.
    """

    def open_network(run: RunResult) -> NetworkPort:
        factory = port_factory or port_factory_of(run.manifest.backend)
        return factory(run.scenario, Path(scratch) / NS3_STDERR_NAME)

    done = []
    with tempfile.TemporaryDirectory(prefix="cosim-replay-") as scratch:
        for side in sides:
            if side == "controllers":
                done.append(replay_controllers(Path(directory)))
            else:
                done.append(replay_network(Path(directory), open_network))
    return tuple(done)


@dataclass(frozen=True)
class Comparison:
    """Runs of the same scenario that differ in the policy only.

    Attributes
    ----------
    directory
        Where the runs lie, one below it for each policy.
    results
        By policy, in the order in which they were asked for.
    """

    directory: Path
    results: dict[str, RunResult]

    def summary(self) -> dict[str, Any]:
        """The comparison (see `cosim.results.compare_summaries`) and the summaries of all runs."""
        runs = {policy: result.summary() for policy, result in self.results.items()}
        return {"comparison": compare_summaries(runs), "runs": runs}


def compare(
    scenario: str | Path | Scenario = "mmwave-iab",
    *,
    policies: Sequence[str] = COMPARED_POLICIES,
    model: str | None = None,
    load: str | None = None,
    duration_s: float | None = None,
    seed: int | None = None,
    overrides: Overrides = (),
    out: str | Path | None = None,
    replace: bool = False,
    progress: ProgressCallback | None = None,
    command: Sequence[str] = (),
    decision_limit_s: float = DEFAULT_LIMIT_S,
    backend: str = "ns3",
    channel_cache: str | Path | None = None,
    port_factory: PortFactory | None = None,
) -> Comparison:
    """Run a scenario once for each policy, with the same seed and so on the same channel.

    Parameters
    ----------
    policies
        Names. Each policy's results lie in a directory of its name under `out`.
    scenario, model, load, duration_s, seed, overrides, out, replace, progress, command
        As for `run`.
    decision_limit_s, backend, channel_cache, port_factory
        As for `run`. With a cache, ns-3 draws its channels for the first policy only.

    Raises
    ------
    InputError
        When what was asked for cannot be done as asked; nothing has been started.
    RunError
        When a run failed; the ones before it are finished.
    """
    if not policies:
        raise UnknownNameError("policy", "", COMPARED_POLICIES)
    factory = port_factory or port_factory_of(backend, channel_cache=channel_cache)
    pairs = list(overrides.items() if isinstance(overrides, Mapping) else overrides)
    scenarios = {
        name: resolve_scenario(
            scenario,
            policy=name,
            model=model,
            load=load,
            duration_s=duration_s,
            seed=seed,
            overrides=pairs,
        )
        for name in dict.fromkeys(policies)
    }
    for each in scenarios.values():
        prepare(each)  # the last policy's name must not turn out wrong when the others have run
    first = next(iter(scenarios.values()))
    directory = fresh_directory(first, "compare") if out is None else Path(out)
    results = {
        name: run(
            each,
            out=directory / file_name(name),
            replace=replace,
            progress=progress,
            command=command,
            decision_limit_s=decision_limit_s,
            backend=backend,
            port_factory=factory,
        )
        for name, each in scenarios.items()
    }
    return Comparison(directory, results)
