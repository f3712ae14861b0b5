"""Sweeps from the command line: what is missing is run, what fails listed, a kill loses little."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from processes import is_running

from cosim.cli.main import main

SWEEP = """
scenario = "chain3"
backend = "simplified"
retries = 0
[set]
duration = "100 ms"
[grid]
policy = {policies}
"""
SOMETIMES = """
from pathlib import Path
from cosim.splitting.policies import HiveMind

class Sometimes(HiveMind):
    def solve_node(self, role, costs, downstream):
        if not Path("{sign}").exists():
            raise ValueError("no sign")
        return super().solve_node(role, costs, downstream)
"""


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_points_that_fail_are_listed_and_only_they_run_again(place: Path) -> None:
    (place / "sometimes.py").write_text(SOMETIMES.format(sign=place / "sign"))
    (place / "s.toml").write_text(
        SWEEP.format(policies=["ue-only", "sometimes:Sometimes", "hivemind"])
    )
    first = call("sweep", "s.toml", "--workers", "2")
    assert first.exit_code == 1, first.stderr
    assert "3 points: 2 done now" in first.stdout and "0 done before, 1 failed" in first.stdout
    assert "no sign" in first.stdout and "failed after 1 attempts" in first.stdout
    assert "3 of 3 points, 1 failed" in first.stderr
    command = next(
        line for line in first.stdout.splitlines() if line.strip().startswith("cosim run")
    )
    (place / "sign").touch()
    assert call(*shlex.split(command)[1:]).exit_code == 0  # the command as it was printed
    second = call("sweep", "s.toml", "--json")
    assert second.exit_code == 0, second.stderr
    shown = json.loads(second.stdout)
    assert (shown["points"], shown["done_before"], shown["done_now"]) == (3, 3, 0)
    points = pd.read_parquet(place / "runs/sweep-s/points.parquet")
    assert sorted(points["policy"]) == ["hivemind", "sometimes:Sometimes", "ue-only"]
    assert (points["tasks.done"] >= 0).all()
    aggregate = pd.read_parquet(place / "runs/sweep-s/aggregate.parquet")
    assert {"policy", "metric", "n", "mean", "ci_low", "ci_high"} <= set(aggregate.columns)


def test_a_policy_that_ends_the_process_does_not_pass_for_done(place: Path) -> None:
    leaves = SOMETIMES.format(sign="no").replace('raise ValueError("no sign")', "os._exit(0)")
    (place / "leaves.py").write_text(f"import os\n{leaves}")
    (place / "s.toml").write_text(SWEEP.format(policies=["leaves:Sometimes", "ue-only"]))
    result = call("sweep", "s.toml", "--json")
    assert result.exit_code == 1
    shown = json.loads(result.stdout)
    (failed,) = shown["failed"]
    assert shown["done_now"] == 1 and "ended without finishing the run" in failed["problem"]


def test_only_changed_points_run_again(place: Path) -> None:
    (place / "s.toml").write_text(SWEEP.format(policies=["ue-only"]))
    assert json.loads(call("sweep", "s.toml", "--json").stdout)["done_now"] == 1
    (place / "s.toml").write_text(SWEEP.format(policies=["ue-only"]).replace("100 ms", "90 ms"))
    changed = json.loads(call("sweep", "s.toml", "--json").stdout)
    assert (changed["done_before"], changed["done_now"]) == (0, 1)


def test_a_killed_sweep_leaves_no_run_behind_and_is_taken_up(place: Path) -> None:
    sweep = SWEEP.format(policies=["ue-only"]) + 'duration = ["100 ms", "9000 s"]\n'
    (place / "s.toml").write_text(sweep)
    command = [sys.executable, "-m", "cosim", "sweep", "s.toml", "--workers", "2"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        manifests = (place / "runs/sweep-s/points").glob
        _wait_for(lambda: _statuses(manifests("*/manifest.json")) == ["done", "running"], 120)
        runs = [json.loads(p.read_text())["pid"] for p in manifests("*/manifest.json")]
        process.kill()
        process.wait(10)
        _wait_for(lambda: not any(is_running(pid) for pid in runs), 30)
    finally:
        process.kill()
        process.wait(10)
    (place / "s.toml").write_text(sweep.replace("9000 s", "80 ms"))
    again = json.loads(call("sweep", "s.toml", "--json").stdout)
    assert (again["done_before"], again["done_now"], again["failed"]) == (1, 1, [])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_sweep_ends_its_runs(place: Path, number: signal.Signals) -> None:
    (place / "s.toml").write_text(SWEEP.format(policies=["ue-only"]).replace("100 ms", "9000 s"))
    command = [sys.executable, "-m", "cosim", "sweep", "s.toml"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        manifests = (place / "runs/sweep-s/points").glob
        _wait_for(lambda: _statuses(manifests("*/manifest.json")) == ["running"], 120)
        (path,) = manifests("*/manifest.json")
        process.send_signal(number)
        assert process.wait(60) != 0
        _wait_for(lambda: not is_running(json.loads(path.read_text())["pid"]), 30)
        assert json.loads(path.read_text())["status"] == "failed"
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_workers_of_a_scheduler_end_what_is_no_longer_wanted(
    place: Path, number: signal.Signals
) -> None:
    (place / "s.toml").write_text(SWEEP.format(policies=["ue-only"]).replace("100 ms", "9000 s"))
    with _one_worker() as cluster:
        command = [sys.executable, "-m", "cosim", "sweep", "s.toml"]
        command += ["--scheduler", cluster.scheduler_address]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            manifests = (place / "runs/sweep-s/points").glob
            _wait_for(lambda: _statuses(manifests("*/manifest.json")) == ["running"], 120)
            process.send_signal(number)
            assert process.wait(60) != 0
            _wait_for(lambda: _statuses(manifests("*/manifest.json")) == ["failed"], 60)
        finally:
            process.kill()
            process.wait(10)


def test_a_point_that_takes_too_long_and_is_tried_again(place: Path) -> None:
    (place / "s.toml").write_text(
        SWEEP.format(policies=["ue-only"])
        .replace("100 ms", "9000 s")
        .replace("retries = 0", 'retries = 1\ntimeout = "3 s"')
    )
    result = call("sweep", "s.toml", "--json")
    assert result.exit_code == 1
    (failed,) = json.loads(result.stdout)["failed"]
    assert failed["problem"] == "did not end within 3 s" and failed["attempts"] == 2


def test_workers_of_a_scheduler(place: Path) -> None:
    (place / "s.toml").write_text(SWEEP.format(policies=["ue-only"]))
    with _one_worker() as cluster:
        result = call("sweep", "s.toml", "--scheduler", cluster.scheduler_address, "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["done_now"] == 1


def test_a_scheduler_that_is_not_there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cosim.sweep.workers._CONNECT_S", 0.5)
    (place / "s.toml").write_text(SWEEP.format(policies=["ue-only"]))
    result = call("sweep", "s.toml", "--scheduler", "tcp://127.0.0.1:9")
    assert result.exit_code == 2
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in result.stderr


def test_a_scheduler_without_workers(place: Path) -> None:
    (place / "s.toml").write_text(SWEEP.format(policies=["ue-only"]))
    with _one_worker() as cluster:
        cluster.scale(0)
        _wait_for(lambda: not cluster.scheduler.workers, 30)
        result = call("sweep", "s.toml", "--scheduler", cluster.scheduler_address)
    assert result.exit_code == 1
    assert "has no workers" in result.stderr and "start one" in result.stderr


def test_a_scheduler_that_loses_its_workers(place: Path) -> None:
    with _sweep_that_goes_on(place) as (process, cluster):
        cluster.scale(0)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "has lost its workers; waiting 3 s for one" in said
    assert "has had no workers for 3 s" in said and "goes on with what is missing" in said


def test_a_scheduler_that_ends(place: Path) -> None:
    with _sweep_that_goes_on(place) as (process, cluster):
        cluster.close()
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "the Dask scheduler ended" in said and "Traceback" not in said


def test_without_dask(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    (place / "s.toml").write_text(SWEEP.format(policies=["ue-only"]))
    result = call("sweep", "s.toml")
    assert result.exit_code == 2
    assert "pip install 'hivemind-cosim[sweep]'" in result.stderr


def test_a_dry_run_prints_commands(place: Path) -> None:
    (place / "s.toml").write_text(SWEEP.format(policies=["ue-only", "hivemind"]))
    lines = call("sweep", "s.toml", "--dry-run").stdout.splitlines()
    assert len(lines) == 2 and all(line.startswith("cosim run chain3") for line in lines)
    assert not (place / "runs").exists()


def _one_worker() -> Any:
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        host="127.0.0.1",
        protocol="tcp",
        dashboard_address=None,
    )


@contextmanager
def _sweep_that_goes_on(place: Path) -> Iterator[tuple[subprocess.Popen[str], Any]]:
    """A sweep with a point that a scheduler's worker runs until it is ended."""
    sweep = SWEEP.format(policies=["ue-only"]).replace("100 ms", "9000 s")
    (place / "s.toml").write_text('timeout = "3 s"\n' + sweep)
    with _one_worker() as cluster:
        command = [sys.executable, "-m", "cosim", "sweep", "s.toml"]
        command += ["--scheduler", cluster.scheduler_address]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            _wait_for(lambda: any(w.processing for w in cluster.scheduler.workers.values()), 60)
            yield process, cluster
        finally:
            process.kill()
            process.communicate()


def _statuses(paths: Any) -> list[str]:
    found = []
    for path in paths:
        try:
            found.append(json.loads(path.read_text())["status"])
        except (OSError, ValueError):
            return []
    return sorted(found)


def _wait_for(condition: Callable[[], bool], limit_s: float) -> None:
    limit = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < limit, "did not happen in time"
        time.sleep(0.1)


@pytest.mark.ns3
def test_points_share_one_record_of_the_channel(place: Path) -> None:
    sweep = SWEEP.format(policies=["ue-only", "hivemind"]).replace('"simplified"', '"ns3"')
    (place / "s.toml").write_text(sweep)
    done = call("sweep", "s.toml", "--workers", "1", "--channel-cache", "channels")
    assert done.exit_code == 0, done.output
    (record,) = (place / "channels").iterdir()
    begun_s = min(path.stat().st_mtime for path in (place / "runs").rglob("manifest.json"))
    assert record.stat().st_mtime >= begun_s  # read after the first point was done
