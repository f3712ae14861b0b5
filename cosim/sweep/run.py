"""Running a sweep: what is missing, on the workers that there are."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pandas as pd

import cosim
from cosim.errors import OutputError
from cosim.interruption import ctrl_c_noted
from cosim.results import read_manifest
from cosim.sweep.aggregate import write_tables
from cosim.sweep.plan import Point, SweepPlan
from cosim.sweep.work import PointOutcome, run_point
from cosim.sweep.workers import WorkerWatch, ended_by, open_client

_LOOK_INTERVAL_S = 0.5  # at whether Ctrl-C came


@dataclass(frozen=True)
class SweepProgress:
    """How far a sweep is.

    Attributes
    ----------
    total, skipped
        All points, and those that were done before.
    done, failed
        Of those run now.
    wall_s, left_s
        Real time since the start, and how long the rest will take as things go; None at first.
    """

    total: int
    skipped: int
    done: int
    failed: int
    wall_s: float
    left_s: float | None


@dataclass(frozen=True)
class FailedPoint:
    """A point that failed: what it said last, and the command that does the same again."""

    name: str
    problem: str
    exit_status: int
    attempts: int
    command: str


@dataclass(frozen=True)
class SweepResult:
    """A sweep that came to its end.

    Attributes
    ----------
    directory
        Where it lies: ``points/``, ``points.parquet``, ``aggregate.parquet``.
    total, skipped, done
        All points, those that were done before, and those that are done now.
    failed
        The others.
    """

    directory: Path
    total: int
    skipped: int
    done: int
    failed: tuple[FailedPoint, ...]
    wall_s: float
    aggregate: pd.DataFrame


SweepCallback = Callable[[SweepProgress], None]


def run_sweep(
    plan: SweepPlan,
    out: Path,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    channel_cache: str | None = None,
    progress: SweepCallback | None = None,
) -> SweepResult:
    """Run the points of a sweep that are not done yet, and write the tables over all.

    Parameters
    ----------
    out
        Directory of the sweep. Points that lie there, done with the same scenario, profiles and
        version of cosim, are not run again.
    workers
        How many points at a time, on this machine; by default as many as it has cores.
    scheduler
        Address of a Dask scheduler whose workers run the points instead. They must see `out` under
        the same path.
    channel_cache
        As for `cosim.run`, on the machine of the worker.
    progress
        Called at the start, and after every point.

    Raises
    ------
    InputError
        When Dask is not installed, or the scheduler or directory cannot be used.
    RunError
        When the scheduler has no workers at the start, none for as long as a point may take, or
        ends itself.
    """
    out = out.absolute()
    try:
        (out / "points").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out} cannot be used: {error.strerror}") from error
    directories = {point.name: out / "points" / point.name for point in plan.points}
    missing = [p for p in plan.points if not _is_done(plan, p, directories[p.name])]
    tally = _Tally(len(plan.points), len(plan.points) - len(missing), progress)
    if missing:
        cache = () if channel_cache is None else ("--channel-cache", channel_cache)
        _work(plan, missing, directories, cache, tally, scheduler, workers or _cores())
    aggregate = write_tables(plan, directories, out)
    return SweepResult(
        out, tally.total, tally.skipped, tally.done, tuple(tally.failed), tally.wall_s, aggregate
    )


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _is_done(plan: SweepPlan, point: Point, directory: Path) -> bool:
    """Whether what lies in a directory is what running the point would give."""
    try:
        manifest = read_manifest(directory)
    except OutputError:
        return False
    return (
        manifest.status == "done"
        and manifest.backend == plan.backend
        and manifest.scenario_sha256 == point.scenario_sha256
        and manifest.profiles == point.profiles
        and manifest.versions.get("cosim") == cosim.__version__
    )


def _work(
    plan: SweepPlan,
    missing: list[Point],
    directories: dict[str, Path],
    more_options: tuple[str, ...],
    tally: _Tally,
    scheduler: str | None,
    workers: int,
) -> None:
    with open_client(scheduler, workers) as client, ctrl_c_noted() as interrupted:
        tally.tell()
        points = {
            client.submit(
                run_point,
                point.name,
                (*point.command, *more_options),
                str(directories[point.name]),
                plan.retries,
                plan.timeout_s,
                pure=False,
            ): point
            for point in missing
        }
        try:
            watch = WorkerWatch(client, plan.timeout_s)
            for future in _as_they_end(points, interrupted, watch):
                point = points[future]
                tally.take(point, _outcome(future, point), directories[point.name])
        except BaseException:
            client.cancel(list(points))
            if scheduler is None:
                _end_children()
            raise


def _as_they_end(futures: Iterable[Any], interrupted: Event, watch: WorkerWatch) -> Iterator[Any]:
    """The futures, each when it has ended; a `KeyboardInterrupt` after Ctrl-C."""
    left = set(futures)
    while left:
        if interrupted.is_set():
            raise KeyboardInterrupt
        ended = ended_by(left, _LOOK_INTERVAL_S)
        if not ended:
            watch.look()
        left -= ended
        yield from ended


def _outcome(future: Any, point: Point) -> PointOutcome:
    """What a worker found, or that it was lost."""
    error = future.exception()
    if error is None:
        outcome: PointOutcome = future.result()
        return outcome
    return PointOutcome(point.name, 1, f"worker failed: {type(error).__name__}: {error}", 1, 0.0)


def _end_children() -> None:
    """End the runs that this process's own workers have started."""
    import psutil

    for child in psutil.Process().children():
        child.terminate()


class _Tally:
    """Counts what became of the points, and tells."""

    def __init__(self, total: int, skipped: int, progress: SweepCallback | None) -> None:
        self.total = total
        self.skipped = skipped
        self.done = 0
        self.failed: list[FailedPoint] = []
        self._progress = progress
        self._began_s = time.monotonic()

    @property
    def wall_s(self) -> float:
        """Real time since the start."""
        return time.monotonic() - self._began_s

    def take(self, point: Point, outcome: PointOutcome, directory: Path) -> None:
        """Count a point that came to its end."""
        if outcome.exit_status == 0:
            self.done += 1
        else:
            command = shlex.join(["cosim", *point.command, "--out", str(directory), "--force"])
            failed = (outcome.problem, outcome.exit_status, outcome.attempts, command)
            self.failed.append(FailedPoint(point.name, *failed))
        self.tell()

    def tell(self) -> None:
        """Call back."""
        if self._progress is None:
            return
        ended = self.done + len(self.failed)
        left = self.total - self.skipped - ended
        left_s = self.wall_s / ended * left if ended else None
        self._progress(
            SweepProgress(
                self.total, self.skipped, self.done, len(self.failed), self.wall_s, left_s
            )
        )
