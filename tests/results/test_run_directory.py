"""A run directory: written while the run goes on, read back, whatever became of the run."""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from cosim.errors import OutputError, RunError
from cosim.results import (
    ForecastRecord,
    LinkRecord,
    Manifest,
    RunResult,
    RunWriter,
    SciRecord,
    TaskRecord,
)
from cosim.results.records import TABLES
from cosim.results.tables import TableStream
from cosim.scenario import load_scenario, to_toml

MANIFEST = Manifest(
    status="running",
    scenario="chain3",
    policy="hivemind",
    model="resnet18",
    load="mid",
    seed=1,
    duration_s=1.0,
    scenario_sha256="0" * 64,
    command=("cosim", "run", "chain3"),
    started_at="2025-01-01T00:00:00Z",
    profiles={},
    versions={"cosim": "0"},
    pid=os.getpid(),
)


def writer(directory: Path, *, replace: bool = False) -> RunWriter:
    return RunWriter(directory, MANIFEST, to_toml(load_scenario("chain3")), replace=replace)


def task(task_id: int, latency_s: float = 0.05, **changes: object) -> TaskRecord:
    done = TaskRecord(
        task_id=task_id,
        ue="ue",
        policy="hivemind",
        start_s=0.1 * task_id,
        latency_s=latency_s,
        compute_s=latency_s / 2,
        transfer_s=latency_s / 2,
        queue_s=0.0,
        energy_j=1.5,
        boundaries=(0, 3, 60),
        route=("ue", "gnb"),
        status="done",
        hop_transfer_s=(0.0, latency_s / 2),
        hop_queue_s=(0.0, 0.0),
        hop_compute_s=(latency_s / 4, latency_s / 4),
    )
    return msgspec.structs.replace(done, **changes)


def link(time_s: float, receiver: str, capacity_bps: int) -> LinkRecord:
    return LinkRecord(
        time_s=time_s,
        link="ue-access",
        transmitter="ue",
        receiver=receiver,
        capacity_bps=capacity_bps,
        latency_s=1e-3,
        queue_bytes=10,
        queue_delay_s=1e-6,
        hol_delay_s=0.0,
        mcs=28,
        sinr_db=float("nan"),
        used_fraction=0.5,
    )


def sci(update_id: int, duration_s: float | None) -> SciRecord:
    return SciRecord(
        update_id=update_id,
        start_s=0.05 * update_id,
        duration_s=duration_s,
        messages=3,
        bytes=900,
        compute_wall_s=1e-4,
        step_nodes=("gnb", "ue"),
        step_times_s=(0.05 * update_id, 0.05 * update_id + 0.02),
    )


def test_reads_back_what_was_written(tmp_path: Path) -> None:
    run = writer(tmp_path / "run")
    run.add(task(1))
    run.add(TaskRecord(task_id=2, ue="ue", policy="hivemind", start_s=0.2))
    run.add(link(0.01, "gnb", 100))
    run.add(sci(1, 0.02))
    run.add(ForecastRecord(time_s=0.5, node="gnb", link="W", ahead_s=0.03, capacity_bps=1e7))
    run.close("done", simulated_s=1.0, wall_s=0.5, totals={"handovers": 0})
    result = RunResult.open(tmp_path / "run")
    assert result.manifest.status == "done"
    assert result.scenario == load_scenario("chain3")
    assert list(result.tasks.columns) == [
        *("task_id", "ue", "policy", "start_s", "latency_s", "compute_s", "transfer_s", "queue_s"),
        *("energy_j", "boundaries", "route", "status"),
        *("hop_transfer_s", "hop_queue_s", "hop_compute_s"),
        *("output_error", "expected_s"),
    ]
    first, second = result.tasks.to_dict("records")
    assert first["boundaries"] == (0, 3, 60)
    assert first["route"] == ("ue", "gnb")
    assert second["status"] == "unfinished"
    assert second["boundaries"] is None
    assert result.links["capacity_bps"].tolist() == [100]
    assert result.sci["bytes"].tolist() == [900]
    assert result.sci["step_nodes"].tolist() == [("gnb", "ue")]
    assert result.sci["step_times_s"].tolist() == [(0.05, 0.07)]
    assert first["hop_transfer_s"] == (0.0, 0.025)
    assert second["hop_transfer_s"] is None
    assert result.forecasts.to_dict("records") == [
        {"time_s": 0.5, "node": "gnb", "link": "W", "ahead_s": 0.03, "capacity_bps": 1e7}
    ]
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == [
        *("forecasts.parquet", "links.parquet", "manifest.json", "scenario.toml"),
        *("sci.parquet", "tasks.parquet"),
    ]


def test_summary(tmp_path: Path) -> None:
    run = writer(tmp_path)
    for task_id, latency_s in enumerate((0.01, 0.02, 0.03, 0.04)):
        run.add(task(task_id, latency_s))
    run.add(task(4, 0.1, boundaries=(0, 60, 60)))
    run.add(TaskRecord(task_id=5, ue="ue", policy="hivemind", start_s=0.9))
    run.add(link(0.00, "gnb", 100))
    run.add(link(0.01, "gnb", 200))
    run.add(link(0.02, "gnb2", 300))
    run.add(sci(1, 0.02))
    run.add(sci(2, None))
    run.close("done", simulated_s=1.0, wall_s=0.5, totals={"handovers": 1})
    summary = RunResult.open(tmp_path).summary()
    assert summary["tasks"] == {"done": 5, "unfinished": 1, "timed_out": None}
    assert summary["latency_s"] == pytest.approx(
        {"mean": 0.04, "p50": 0.03, "p95": 0.088, "max": 0.1}
    )
    assert summary["energy_j"]["mean"] == 1.5
    assert summary["plans"][0] == {"route": ["ue", "gnb"], "boundaries": [0, 3, 60], "tasks": 4}
    assert summary["serving"] == [
        {"time_s": 0.0, "ue": "ue", "node": "gnb"},
        {"time_s": 0.02, "ue": "ue", "node": "gnb2"},
    ]
    assert summary["links"] == [
        {
            "link": "ue-access",
            "transmitter": "ue",
            "receiver": "*",
            "mean_capacity_bps": 200.0,
            "mean_queue_bytes": 10.0,
        }
    ]
    assert summary["sci"]["heard"] == 1
    assert summary["sci"]["message_bytes"] == 300
    assert summary["speed"] == 2.0
    assert summary["handovers"] == 1
    json.dumps(summary, allow_nan=False)


def test_what_was_expected_of_tasks_and_their_limit(tmp_path: Path) -> None:
    scenario = load_scenario("chain3", [("objective.latency_limit", "25 ms")])
    run = RunWriter(tmp_path, MANIFEST, to_toml(scenario))
    expected = {0.02: 0.01, 0.03: 0.02, 0.04: 0.04, 0.05: None}
    for task_id, (latency_s, expected_s) in enumerate(expected.items()):
        run.add(task(task_id, latency_s, expected_s=expected_s))
    run.close("done", simulated_s=1.0, wall_s=0.5)
    summary = RunResult.open(tmp_path).summary()
    assert summary["expectation"] == pytest.approx({"tasks": 3, "p50": 1.5, "p95": 1.95, "max": 2})
    assert summary["limit"] == {"latency_s": 0.025, "above": 3, "expected_above": 1}


def test_a_run_without_a_row_has_a_summary(tmp_path: Path) -> None:
    writer(tmp_path).close("failed", reason="no luck", error_type="RunError")
    summary = RunResult.open(tmp_path).summary()
    assert summary["status"] == "failed"
    assert summary["reason"] == "no luck"
    assert summary["latency_s"] == {"mean": None, "p50": None, "p95": None, "max": None}
    json.dumps(summary, allow_nan=False)


def test_a_killed_run_leaves_what_was_flushed(tmp_path: Path) -> None:
    run, rows = writer(tmp_path), TABLES[TaskRecord].flush_rows
    for task_id in range(3 * rows + 4):
        run.add(task(task_id))
    gone = msgspec.structs.replace(MANIFEST, pid=2**22 + 1)  # above Linux's largest pid
    (tmp_path / "manifest.json").write_bytes(msgspec.json.encode(gone))
    result = RunResult.open(tmp_path)
    assert result.manifest.status == "failed"
    assert "ended without finishing" in str(result.manifest.reason)
    assert result.tasks["task_id"].tolist() == list(range(3 * rows))
    stream = tmp_path / "tasks.arrows.partial"
    stream.write_bytes(stream.read_bytes()[:-100])
    assert RunResult.open(tmp_path).tasks["task_id"].tolist() == list(range(2 * rows))
    run.close("failed")


def test_other_peoples_directory_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputError, match="not empty, and holds no earlier run"):
        writer(tmp_path, replace=True)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_an_earlier_run_is_replaced_only_on_demand(tmp_path: Path) -> None:
    run = writer(tmp_path)
    run.add(task(1))
    run.close("done")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="earlier run"):
        writer(tmp_path)
    writer(tmp_path, replace=True).close("done")
    assert RunResult.open(tmp_path).tasks.empty
    assert (tmp_path / "notes.txt").exists()


def test_out_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="cannot be used"):
        writer(tmp_path / "out")


def test_a_full_disk_is_a_run_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: TableStream) -> None:
        raise OSError(28, "No space left on device")

    run = writer(tmp_path)
    run.add(link(0.0, "gnb", 1))
    monkeypatch.setattr(TableStream, "flush", full)
    last = TABLES[TaskRecord].flush_rows - 1
    for task_id in range(last):
        run.add(task(task_id))
    with pytest.raises(RunError, match="No space left on device"):
        run.add(task(last))
    with pytest.raises(RunError, match="No space left"):
        run.close("done")
    assert RunResult.open(tmp_path).manifest.status == "failed"


def test_a_broken_table_is_said_to_be_one(tmp_path: Path) -> None:
    writer(tmp_path).close("done")
    (tmp_path / "links.parquet").write_bytes(b"no parquet")
    with pytest.raises(OutputError, match="links cannot be read"):
        _ = RunResult.open(tmp_path).links


def test_a_run_of_an_older_version_lacks_columns(tmp_path: Path) -> None:
    run = writer(tmp_path)
    run.add(task(1))
    run.close("done")
    path = tmp_path / "tasks.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["hop_queue_s"]), path)
    (tmp_path / "forecasts.parquet").unlink()
    result = RunResult.open(tmp_path)
    assert result.tasks["hop_queue_s"].tolist() == [None]
    assert result.forecasts.empty


@pytest.fixture
def small_files() -> Iterator[None]:
    """Files of 64 KiB at most: the system refuses the rest of a write, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_fills_up_leaves_what_it_had_room_for(
    tmp_path: Path, small_files: None
) -> None:
    run = writer(tmp_path)
    run.add(task(1))
    with pytest.raises(RunError, match="File too large"):
        for tick in range(4 * 2048):
            run.add(link(tick / 100, "gnb", 1))
    run.add(task(2))
    run.add(link(99.0, "gnb", 2))
    run.close("failed", reason="no room")
    left = RunResult.open(tmp_path)
    assert left.manifest.status == "failed"
    assert left.tasks["task_id"].tolist() == [1, 2]
    assert left.links["time_s"].tolist()[-1] == 99.0  # behind whole batches, none cut short


def test_a_row_is_on_disk_within_half_a_second(tmp_path: Path) -> None:
    run = writer(tmp_path)
    run.add(task(1))
    run.add(link(0.0, "gnb", 1))
    time.sleep(0.6)
    run.add(link(0.1, "gnb", 1))
    left = RunResult.open(tmp_path)
    assert left.tasks["task_id"].tolist() == [1]
    assert len(left.links) == 2
    run.close("done")


def test_a_number_that_is_another_process_by_now(tmp_path: Path) -> None:
    run = writer(tmp_path)
    gone = msgspec.structs.replace(MANIFEST, process_start_ticks=1)
    (tmp_path / "manifest.json").write_bytes(msgspec.json.encode(gone))
    assert RunResult.open(tmp_path).manifest.status == "failed"
    run.close("failed")


def test_a_directory_without_room_is_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(TableStream, "_write", full)
    with pytest.raises(OutputError, match="No space left"):
        writer(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_last_will_is_a_failed_manifest_that_a_finished_run_takes_back(tmp_path: Path) -> None:
    run = writer(tmp_path)
    will = tmp_path / "manifest.json.will"
    left = msgspec.json.decode(will.read_bytes(), type=Manifest)
    assert left.status == "failed"
    assert "ended without finishing the run" in str(left.reason)
    assert (
        will.stat().st_size > 4 * (tmp_path / "manifest.json").stat().st_size
    )  # room on a full disk
    run.close("done")
    assert not will.exists()


def test_a_run_that_goes_on_is_not_replaced(tmp_path: Path) -> None:
    run = writer(tmp_path)
    with pytest.raises(OutputError, match="still going on"):
        writer(tmp_path, replace=True)
    run.close("done")
    writer(tmp_path, replace=True).close("done")


@pytest.mark.parametrize("content", [b"", b"{}", b'{"status": "odd"}'])
def test_a_broken_manifest(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(OutputError, match="cannot be read"):
        RunResult.open(tmp_path)


def test_no_run_directory(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is no run directory"):
        RunResult.open(tmp_path / "nowhere")
