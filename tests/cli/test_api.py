"""`cosim.run` and `cosim.compare` over a network without ns-3."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

import cosim
from cosim.errors import (
    InternalError,
    InterruptedRunError,
    NetworkError,
    OutputError,
    PeerDiedError,
    PolicyError,
    ScenarioError,
)
from cosim.network.port import Totals
from cosim.results import RunResult, RunWriter
from cosim.scenario import Scenario, load_scenario

Trouble = dict[str, Callable[[int], None]]


RAISING = """
from cosim.splitting import Policy

class Raising(Policy):
    name = "raising"
    uses_sci = False

    def solve_node(self, role, costs, downstream):
        raise KeyError("lost my notes")
"""


def test_run_gives_frames_and_a_summary(no_ns3: list[Any]) -> None:
    result = cosim.run("chain3", policy="hivemind", duration_s=0.5, seed=3)
    assert result.manifest.status == "done"
    assert result.manifest.seed == 3
    assert result.manifest.versions["network"] == "still network 1"
    assert result.manifest.profiles.keys() >= {"model/resnet18", "device/paper-ue"}
    assert len(result.tasks) > 3
    done = result.tasks[result.tasks["status"] == "done"]
    parts = done["compute_s"] + done["transfer_s"] + done["queue_s"]
    assert (done["latency_s"] - parts).abs().max() < 1e-12
    assert set(result.links["link"]) == {"N", "W", "ue-access"}
    assert len(result.sci) == 11  # one more begins at the very end, at 0.5 s
    summary = result.summary()
    assert summary["status"] == "done"
    assert summary["simulated_s"] == 0.5
    assert summary["engine"]["sent_bytes"] == summary["network"]["sent_bytes"]
    assert no_ns3[0].closed
    assert result.directory.parent == Path("runs")
    assert result.directory.name.startswith("chain3-hivemind-mid-s3-")


def test_same_seed_same_tasks(no_ns3: list[Any], tmp_path: Path) -> None:
    runs = [cosim.run("chain3", duration_s=0.3, out=tmp_path / name) for name in "ab"]
    assert runs[0].tasks.equals(runs[1].tasks)
    assert runs[0].links.equals(runs[1].links)
    files = {path.name for path in runs[0].directory.iterdir()}
    assert files == {
        *("manifest.json", "scenario.toml", "ns3-stderr.txt"),
        *("tasks.parquet", "links.parquet", "sci.parquet", "forecasts.parquet"),
    }


def test_run_again_from_the_resolved_scenario(no_ns3: list[Any], tmp_path: Path) -> None:
    first = cosim.run(
        "chain3", duration_s=0.3, overrides={"links.W.capacity": "10 Mbps"}, out=tmp_path / "a"
    )
    again = cosim.run(first.directory / "scenario.toml", out=tmp_path / "b")
    assert again.scenario == first.scenario
    assert again.manifest.scenario_sha256 == first.manifest.scenario_sha256


def test_progress_is_told(no_ns3: list[Any], tmp_path: Path) -> None:
    seen: list[float] = []
    cosim.run(
        load_scenario("chain3"),
        duration_s=0.2,
        out=tmp_path / "run",
        progress=lambda progress: seen.append(progress.simulated_s),
    )
    assert seen == sorted(seen)
    assert seen[-1] == 0.2


@pytest.mark.parametrize(
    ("chosen", "key_path"),
    [
        ({"policy": "hivemnd"}, "policy"),
        ({"model": "resnet19"}, "task.model"),
        ({"load": "huge"}, "load"),
        ({"duration_s": float("nan")}, "duration"),
        ({"duration_s": -1.0}, "duration"),
        ({"duration_s": 1e-10}, "duration"),
        ({"seed": -1}, "seed"),
        ({"overrides": {"nodes.ue.device": "paper-eu"}}, "nodes.ue.device"),
    ],
)
def test_bad_input_starts_and_writes_nothing(
    chosen: dict[str, Any], key_path: str, no_ns3: list[Any], tmp_path: Path
) -> None:
    with pytest.raises(ScenarioError) as caught:
        cosim.run("chain3", **chosen)
    assert caught.value.key_path == key_path
    assert no_ns3 == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "error", "reason"),
    [
        ("network", PeerDiedError, "the network died (at simulated time 0.123000 s)"),
        ("fault", InternalError, "KeyError: 'lost my notes'"),
        ("terminate", InterruptedRunError, "interrupted by SIGTERM"),
        ("interrupt", InterruptedRunError, "interrupted by SIGINT"),
        ("hang up", InterruptedRunError, "interrupted by SIGHUP"),
    ],
)
def test_a_failed_run_keeps_what_it_had(
    kind: str, error: type[Exception], reason: str, still: Any, trouble: Trouble, tmp_path: Path
) -> None:
    before = [signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)]
    networks = []

    def factory(scenario: Scenario, stderr_path: Path) -> Any:
        networks.append(still(scenario, trouble[kind]))
        return networks[-1]

    with pytest.raises(error):
        cosim.run("chain3", out=tmp_path / "run", port_factory=factory)
    result = RunResult.open(tmp_path / "run")
    assert result.manifest.status == "failed"
    assert reason in str(result.manifest.reason)
    assert "at simulated time 0.1" in str(result.manifest.reason)
    assert result.manifest.error_type == error.__name__
    assert 0.1 <= result.manifest.simulated_s < 0.2
    assert not result.links.empty
    assert not list(result.directory.glob("*.partial"))
    assert networks[0].closed
    assert before == [signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)]
    assert (result.directory / "traceback.txt").exists() == (kind == "fault")


def test_a_signal_before_the_run_waits_for_its_manifest(
    no_ns3: list[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Signalled(RunWriter):
        def __init__(self, *args: Any, **options: Any) -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            super().__init__(*args, **options)

    monkeypatch.setattr("cosim.api.RunWriter", Signalled)
    with pytest.raises(InterruptedRunError, match="interrupted by SIGTERM"):
        cosim.run("chain3", out=tmp_path / "run")
    assert RunResult.open(tmp_path / "run").manifest.status == "failed"
    assert not no_ns3  # nothing was started


def test_a_failing_policy_shows_where(no_ns3: list[Any], tmp_path: Path) -> None:
    (tmp_path / "gloomy_policies.py").write_text(RAISING)
    with pytest.raises(PolicyError, match="traceback"):
        cosim.run("chain3", policy="gloomy_policies:Raising", out=tmp_path / "run")
    assert "lost my notes" in (tmp_path / "run" / "traceback.txt").read_text()


def test_lost_bytes_fail_the_run(still: Any, tmp_path: Path) -> None:
    class Leaky(still):  # type: ignore[misc]
        def finish(self) -> Totals:
            totals: Totals = super().finish()
            return msgspec.structs.replace(totals, delivered_bytes=totals.delivered_bytes - 1)

    with pytest.raises(NetworkError, match="bytes were not conserved"):
        cosim.run("chain3", out=tmp_path / "run", port_factory=lambda s, _: Leaky(s))
    assert RunResult.open(tmp_path / "run").manifest.status == "failed"


def test_compare(no_ns3: list[Any], tmp_path: Path) -> None:
    comparison = cosim.compare(
        "chain3", policies=["hivemind", "ue-only"], duration_s=0.5, out=tmp_path / "all"
    )
    assert list(comparison.results) == ["hivemind", "ue-only"]
    assert (tmp_path / "all" / "ue-only" / "tasks.parquet").exists()
    hivemind, ue_only = comparison.summary()["comparison"]
    assert hivemind["hivemind_latency_ratio"] == 1.0
    expected = hivemind["latency_s"]["mean"] / ue_only["latency_s"]["mean"]
    assert ue_only["hivemind_latency_ratio"] == expected
    assert expected < 1
    with pytest.raises(OutputError, match="earlier run"):
        cosim.compare("chain3", policies=["hivemind"], out=tmp_path / "all")


def test_compare_checks_all_names_first(no_ns3: list[Any]) -> None:
    with pytest.raises(ScenarioError, match="did you mean 'ue-only'"):
        cosim.compare("chain3", policies=["hivemind", "ue-onyl"])
    assert no_ns3 == []
