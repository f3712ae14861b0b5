"""Sweeps on workers that somebody starts, as docs/sweep.md says: by hand, and through SLURM.

What a page cannot know is put into its snippets: a free port, an interface, a sweep. SLURM's
commands are stand-ins, which start and end a job script on this machine.
"""

from __future__ import annotations

import json
import os
import re
import select
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from distributed import Client
from processes import wait_for_end

PAGE = Path(__file__).parents[2] / "docs" / "sweep.md"
HERE = Path(__file__).name
BLOCK = r"<!-- elsewhere: tests/sweep/{file} -->\n+```{kind}\n(.*?)^```$"
SWEEP = """
scenario = "chain3"
backend = "simplified"
[set]
duration = "100 ms"
[grid]
policy = ["ue-only", "hivemind"]
"""
SBATCH = """#!/bin/sh
cp "$1" "$1.job"
setsid sh "$1.job" >job.log 2>&1 &
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/sh
kill -TERM -- "-$1"
"""
LIMIT_S = 60.0
FOLDER = "a folder's name"  # whose space and quote a shell would take for its own


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    here = tmp_path / FOLDER
    here.mkdir()
    (here / "my-sweep.toml").write_text(SWEEP)
    commands = here / "bin"
    commands.mkdir()
    for name, text in (("sbatch", SBATCH), ("scancel", SCANCEL)):
        (commands / name).write_text(text)
        (commands / name).chmod(0o700)
    (here / "venv").symlink_to(sys.prefix)
    monkeypatch.setenv("PATH", f"{commands}:{here}/venv/bin:{os.environ['PATH']}")
    monkeypatch.setenv("TMPDIR", str(here))
    monkeypatch.chdir(here)
    return here


def snippet(kind: str, changes: dict[str, str]) -> str:
    """A block of the page, with what it cannot know."""
    pattern = BLOCK.format(file=re.escape(HERE), kind=kind)
    (text,) = re.findall(pattern, PAGE.read_text(), re.MULTILINE | re.DOTALL)
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return str(text)


def test_by_hand(place: Path) -> None:
    port = str(_free_port())
    changes = {
        "8786": port,
        "dask scheduler": f"dask scheduler --port {port}",
        "--nworkers 8": "--nworkers 2",
    }
    *servers, sweep = snippet("sh", changes).splitlines()
    with _started(*(shlex.split(line.removesuffix("&")) for line in servers)) as started:
        address = f"tcp://127.0.0.1:{port}"
        with Client(address, timeout=LIMIT_S) as client:
            client.wait_for_workers(2, timeout=LIMIT_S)
        _assert_all_done(shlex.split(sweep))
        _assert_loopback_only([each.pid for each in started])


def test_through_slurm(place: Path) -> None:
    job = None
    try:
        with _started(_cluster(place, LIMIT_S)) as (cluster,):
            assert cluster.stdin is not None
            address = _first_line(cluster)
            assert address.startswith("tcp://127.0.0.1:"), _said(place)
            (script,) = place.glob("*.job")
            text = script.read_text()
            assert "#SBATCH -A MINE\n" in text and "#SBATCH -t 04:00:00\n" in text
            job = next(p for p in psutil.process_iter() if str(script) in " ".join(_line_of(p)))
            _assert_all_done(["cosim", "sweep", "my-sweep.toml", "--scheduler", address])
            _assert_loopback_only([cluster.pid, job.pid])
            cluster.stdin.write("\n")
            cluster.stdin.flush()
            assert cluster.wait(LIMIT_S) == 0
        wait_for_end(job.pid, LIMIT_S)  # scancel
    finally:
        _end(job)


def test_a_job_that_never_starts_a_worker(place: Path) -> None:
    (place / "bin/sbatch").write_text("#!/bin/sh\nsleep 100 >job.log 2>&1 &\necho job $!\n")
    with _started(_cluster(place, 2)) as (cluster,):
        assert _first_line(cluster) == ""
        assert cluster.wait(LIMIT_S) != 0
    assert "Only 0/1 workers arrived after 2" in _said(place)


def _cluster(place: Path, patience_s: float) -> list[str]:
    """Write the page's cluster for this machine, with its limit for the first worker."""
    changes = {
        'interface="ib0"': 'interface="lo"',
        "cores=16": "cores=2",
        'memory="32 GB"': 'memory="2 GB"',
        "scale(jobs=10)": "scale(jobs=1)",
        "timeout=14400": f"timeout={patience_s:g}",
    }
    (place / "cluster.py").write_text(snippet("python", changes))
    return [str(place / "venv/bin/python"), "cluster.py"]


def _first_line(process: subprocess.Popen[str]) -> str:
    """What it says first; nothing when it ends, or is silent for too long."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], 1.5 * LIMIT_S)
    return process.stdout.readline().strip() if ready else ""


def _said(place: Path) -> str:
    return "\n".join(p.read_text() for p in (*place.glob("*.err"), place / "job.log") if p.exists())


def _assert_all_done(sweep: list[str]) -> None:
    done = subprocess.run(
        [*sweep, "--json"], capture_output=True, text=True, timeout=2 * LIMIT_S, check=False
    )
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert (shown["points"], shown["done_now"], shown["failed"]) == (2, 2, [])


def _assert_loopback_only(pids: list[int]) -> None:
    processes = [psutil.Process(pid) for pid in pids]
    processes += [child for each in processes for child in each.children(recursive=True)]
    listening = {
        each.laddr.ip
        for process in processes
        for each in process.net_connections()
        if each.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


@contextmanager
def _started(*commands: list[str]) -> Iterator[list[subprocess.Popen[str]]]:
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    started = []
    try:
        for number, command in enumerate(commands):
            with Path(f"{number}.err").open("w") as errors:
                started.append(subprocess.Popen(command, stderr=errors, **pipes))
        yield started
    finally:
        for process in reversed(started):
            process.terminate()
            process.communicate(timeout=LIMIT_S)


def _end(job: psutil.Process | None) -> None:
    if job is None or not job.is_running():
        return
    for process in [*job.children(recursive=True), job]:
        process.kill()
    time.sleep(0.1)


def _line_of(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
