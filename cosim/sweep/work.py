"""One point of a sweep, run by a worker as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import msgspec

from cosim.errors import OutputError
from cosim.results import read_manifest

_BAD_INPUT: Final = 2  # exit status; trying again does not help
_TIMED_OUT: Final = 124  # as coreutils' timeout
_GRACE_S: Final = 10.0  # for a run to write down that it was ended
_LAST_LINES: Final = 1


class PointOutcome(msgspec.Struct, frozen=True):
    """What became of a point.

    Attributes
    ----------
    exit_status
        Of ``cosim run``; 0 is good.
    problem
        The last line that it wrote when it failed.
    attempts, wall_s
        How often it was run, and how long that took in all.
    """

    name: str
    exit_status: int
    problem: str
    attempts: int
    wall_s: float


def run_point(
    name: str, command: tuple[str, ...], directory: str, retries: int, timeout_s: float
) -> PointOutcome:
    """Run ``cosim`` with `command`, writing to `directory`, until it succeeds or tries run out.

    The run is a process of its own: what happens in it, a crash included, stays in it.
    """
    began_s = time.monotonic()
    attached = [sys.executable, "-m", "cosim.sweep.attached", str(os.getpid())]
    full = [*attached, *command, "--out", directory, "--force"]
    Path(directory).parent.mkdir(parents=True, exist_ok=True)
    status, problem, attempts = 0, "", 0
    while attempts <= retries:
        attempts += 1
        status, problem = _run_once(full, timeout_s)
        if status == 0:
            status, problem = _what_it_left(Path(directory))
        if status in (0, _BAD_INPUT):
            break
    return PointOutcome(name, status, problem, attempts, time.monotonic() - began_s)


def _what_it_left(directory: Path) -> tuple[int, str]:
    """Of a run that ended with status 0: a policy's code may have ended it, and not the run."""
    try:
        manifest = read_manifest(directory)
    except OutputError as error:
        return 1, str(error)
    return (0, "") if manifest.status == "done" else (1, manifest.reason or manifest.status)


def _run_once(command: list[str], timeout_s: float) -> tuple[int, str]:
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    try:
        _, said = child.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        child.terminate()
        try:
            child.communicate(timeout=_GRACE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
        return _TIMED_OUT, f"did not end within {timeout_s:g} s"
    lines = said.strip().splitlines()
    if child.returncode < 0 and not lines:
        lines = [f"was killed by {signal.Signals(-child.returncode).name}"]
    return child.returncode, " ".join(lines[-_LAST_LINES:])
