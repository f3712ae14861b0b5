"""One run, from an open run directory to a finished one, whatever happens between."""

from __future__ import annotations

import contextlib
import datetime
import gc
import os
import re
import shlex
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

import cosim
from cosim.assembly import RunSetup
from cosim.backends import PortFactory
from cosim.engine import LoopResult, run_loop
from cosim.errors import (
    CosimError,
    InternalError,
    InterruptedRunError,
    NetworkError,
    OutputError,
    PolicyError,
    ProfileChangedError,
)
from cosim.interruption import Interruptible, Interruption
from cosim.ledger import TaskOutcome
from cosim.network.exchanges import RecordingNetwork
from cosim.recording import ResultRecorder
from cosim.results import Manifest, RunResult, RunWriter
from cosim.results.manifest import library_versions, process_start_ticks
from cosim.results.writer import (
    EXCHANGES_NAME,
    NS3_STDERR_NAME,
    SCENARIO_NAME,
    TRACEBACK_NAME,
)
from cosim.scenario import Scenario, scenario_hash
from cosim.watchdog import DEFAULT_LIMIT_S, DecisionWatch


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes
    ----------
    scenario
        What is run.
    simulated_s, wall_s
        Simulated time reached, and the real time since the start.
    tasks_done
        Split tasks finished.
    """

    scenario: Scenario
    simulated_s: float
    wall_s: float
    tasks_done: int

    @property
    def duration_s(self) -> float:
        """Simulated time at which the run ends."""
        return self.scenario.duration / 1e9


ProgressCallback = Callable[[Progress], None]
TaskCallback = Callable[[TaskOutcome], None]


class Runner:
    """Drives one run and keeps its manifest true.

    Parameters
    ----------
    setup
        What to run.
    writer
        The open run directory, which is closed at the end in any case.
    port_factory
        Makes the network.
    progress
        Called after every step.
    on_task
        Called with every task as it ends.
    watch
        Limits the real time of each decision.
    record
        Whether to keep a record of all exchanges with the network, for a replay.
    """

    def __init__(
        self,
        setup: RunSetup,
        writer: RunWriter,
        port_factory: PortFactory,
        progress: ProgressCallback | None = None,
        watch: DecisionWatch | None = None,
        *,
        on_task: TaskCallback | None = None,
        record: bool = False,
    ) -> None:
        self._record = record
        self._watch = watch or DecisionWatch()
        self._setup = setup
        self._writer = writer
        self._progress = progress
        self._port_factory = port_factory
        self._on_task = on_task
        self._began_s = time.monotonic()
        self._now_ns = 0
        self._has_begun = False

    def run(self, signals: Interruptible) -> RunResult:
        """Run to the end, or until one of `signals` comes; they are entered already.

        Raises
        ------
        CosimError
            The run failed; the directory has what there was, and the reason.
        """
        try:
            signals.listen()
            result = self._simulate()
            signals.ignore()
        except BaseException as error:
            signals.ignore()
            raise self._fail(error) from error
        self._writer.close("done", **self._account(result))
        return RunResult(self._writer.directory, self._writer.manifest)

    def _simulate(self) -> LoopResult:
        setup, directory = self._setup, self._writer.directory
        port = self._port_factory(setup.scenario, directory / NS3_STDERR_NAME)
        self._has_begun = True
        if self._record:
            path, digest = directory / EXCHANGES_NAME, self._writer.manifest.scenario_sha256
            port = RecordingNetwork(port, path, digest)
        try:
            versions = self._writer.manifest.versions | {"network": port.version}
            self._writer.update(versions=versions)
            with self._watch.running(), _settled_heap():
                result = run_loop(
                    port,
                    setup.controllers,
                    setup.topology,
                    setup.scenario.duration,
                    ResultRecorder(self._writer, self._on_task),
                    self._on_progress,
                    self._watch,
                )
        finally:
            port.close()
        fault = result.conservation_fault()
        if fault is not None:
            raise NetworkError(f"bytes were not conserved: {fault}", sim_time_ns=result.end_ns)
        self._check_profiles(result.end_ns)
        return result

    def _check_profiles(self, end_ns: int) -> None:
        """The manifest names what was loaded; who runs it again would load something else."""
        changed = self._setup.changed_profiles()
        if changed:
            raise ProfileChangedError(
                f"changed on disk since the run began: {', '.join(changed)}",
                hint="the results are of the profiles as they were; run it again for the new ones",
                sim_time_ns=end_ns,
            )

    def _on_progress(self, now_ns: int, tasks_done: int) -> None:
        self._now_ns = now_ns
        if self._progress is not None:
            scenario = self._setup.scenario
            self._progress(Progress(scenario, now_ns / 1e9, self._wall_s(), tasks_done))

    def _fail(self, error: BaseException) -> CosimError:
        """Write down the failure, and give the error that tells of it."""
        failure = self._failure_of(error)
        if failure.sim_time_ns is None and self._has_begun:
            failure.sim_time_ns = self._now_ns
        failure.rerun = self._rerun_command()
        try:
            self._writer.close(
                "failed",
                reason=str(failure),
                error_type=type(failure).__name__,
                simulated_s=(failure.sim_time_ns or 0) / 1e9,
                wall_s=self._wall_s(),
            )
        except CosimError as second:  # a full disk, most often the failure's own cause
            failure.add_note(str(second))
        return failure

    def _failure_of(self, error: BaseException) -> CosimError:
        """The error itself if it is one of ours; whose code is at fault gets to see where."""
        if isinstance(error, CosimError) and not isinstance(error, PolicyError):
            return error
        if isinstance(error, Interruption):
            return InterruptedRunError(f"the run was interrupted by {error}")
        path = self._writer.directory / TRACEBACK_NAME
        hint: str | None = f"the traceback is in {path}"
        try:
            path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        except OSError:
            hint = None
        if isinstance(error, CosimError):
            error.hint = error.hint or hint
            return error
        problem = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return InternalError(problem, hint=hint)

    def _rerun_command(self) -> str:
        """What repeats the run, from the scenario as it was resolved."""
        typed = self._writer.manifest.command
        subcommand = "gym" if typed[1:2] == ("gym",) else "run"  # an agent's decisions are not ours
        command = ["cosim", subcommand, str(self._writer.directory / SCENARIO_NAME)]
        backend, limit_s = self._writer.manifest.backend, self._watch.limit_s
        if backend != "ns3":
            command += ["--backend", backend]
        if subcommand == "run" and limit_s != DEFAULT_LIMIT_S:
            command += ["--decision-limit", f"{limit_s:g}"]
        return shlex.join(command)

    def _account(self, result: LoopResult) -> dict[str, object]:
        counts = {k: v for k, v in msgspec.structs.asdict(result).items() if k != "totals"}
        del counts["end_ns"]
        return {
            "simulated_s": result.end_ns / 1e9,
            "wall_s": self._wall_s(),
            "totals": msgspec.structs.asdict(result.totals),
            "counts": counts,
        }

    def _wall_s(self) -> float:
        return time.monotonic() - self._began_s


@contextlib.contextmanager
def _settled_heap() -> Iterator[None]:
    """Spare the garbage collector what was there before a run: 5 % of one on the fast simulator."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def first_manifest(setup: RunSetup, command: Sequence[str], backend: str = "ns3") -> Manifest:
    """The manifest of a run that is about to start."""
    scenario = setup.scenario
    return Manifest(
        status="running",
        scenario=scenario.name,
        policy=scenario.policy,
        model=scenario.task.model,
        load=scenario.load,
        seed=scenario.seed,
        duration_s=scenario.duration / 1e9,
        scenario_sha256=scenario_hash(scenario),
        command=tuple(command),
        started_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        profiles=setup.digests,
        versions={"cosim": cosim.__version__, **library_versions()},
        pid=os.getpid(),
        process_start_ticks=process_start_ticks(os.getpid()),
        backend=backend,
    )


def fresh_directory(scenario: Scenario, what: str) -> Path:
    """Make a new directory under ``runs/`` whose name tells what is in it."""
    time_of_day = datetime.datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    parts = (scenario.name, what, scenario.load, f"s{scenario.seed}", time_of_day)
    name = "-".join(file_name(part) for part in parts)
    for attempt in range(1, 1000):
        path = Path("runs") / (name if attempt == 1 else f"{name}-{attempt}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise OutputError(f"{path} cannot be made: {error.strerror}") from error
        return path
    raise OutputError(f"runs/{name} exists a thousand times")


def file_name(text: str) -> str:
    """`text` as a part of a file name, for a policy may be called ``module:Class``."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text)
