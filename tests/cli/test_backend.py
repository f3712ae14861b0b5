"""`--backend simplified`: whole runs without ns-3, of every scenario, policy and kind of task."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import cosim
from cosim.cli.main import main
from cosim.errors import UnknownNameError
from cosim.network.ns3.program import PROGRAM_VARIABLE
from cosim.results import RunResult
from cosim.scenario import list_scenarios
from cosim.splitting import policy_names


@pytest.fixture(autouse=True)
def no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROGRAM_VARIABLE, "/nowhere/cosim-ns3")


def _run(out: Path, scenario: str = "mmwave-iab", **options: object) -> cosim.RunResult:
    settings: dict[str, object] = {"duration_s": 0.6, "backend": "simplified", **options}
    return cosim.run(scenario, out=out, **settings)  # type: ignore[arg-type]


def test_run_and_compare_take_the_backend_and_record_it(tmp_path: Path) -> None:
    shared = ("--backend", "simplified", "--duration", "0.3", "--json", "--out")
    run = CliRunner().invoke(main, ["run", *shared, str(tmp_path / "run")])
    assert run.exit_code == 0, run.output
    summary = json.loads(run.stdout)
    assert summary["backend"] == "simplified" and summary["tasks"]["done"] > 0
    manifest = RunResult.open(tmp_path / "run").manifest
    assert manifest.backend == "simplified"
    assert manifest.versions["network"].startswith("cosim simplified")
    compared = CliRunner().invoke(
        main, ["compare", "--policies", "hivemind,ue-only", *shared, str(tmp_path / "two")]
    )
    assert compared.exit_code == 0, compared.output
    backends = {r["backend"] for r in json.loads(compared.stdout)["runs"].values()}
    assert backends == {"simplified"}


def test_an_unknown_backend_is_bad_input(tmp_path: Path) -> None:
    shown = CliRunner().invoke(main, ["run", "--backend", "ns4"])
    assert shown.exit_code == 2 and "'ns4' is not one of" in shown.stderr
    with pytest.raises(UnknownNameError, match="unknown backend 'simplfied'"):
        _run(tmp_path / "x", backend="simplfied")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("scenario", list_scenarios())
@pytest.mark.parametrize("kind", ["inference", "training"])
def test_every_scenario_and_task_runs(scenario: str, kind: str, tmp_path: Path) -> None:
    result = _run(tmp_path / "out", scenario, overrides={"task.kind": kind})
    assert result.manifest.status == "done"
    assert (result.tasks.status == "done").sum() > 1


@pytest.mark.parametrize("policy", policy_names())
def test_every_policy_runs(policy: str, tmp_path: Path) -> None:
    few_nodes = "chain3" if policy == "exhaustive" else "mmwave-iab"
    result = _run(tmp_path / "out", few_nodes, policy=policy)
    assert (result.tasks.status == "done").sum() > 1


def test_same_seed_same_rows_other_seed_others(tmp_path: Path) -> None:
    runs = [_run(tmp_path / str(i), seed=seed) for i, seed in enumerate((7, 7, 8))]
    first, again, other = (run.tasks for run in runs)
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    pd.testing.assert_frame_equal(runs[0].links, runs[1].links, check_exact=True)
    assert not first.equals(other)


def test_more_load_means_longer_transfers(tmp_path: Path) -> None:
    transfer_s = {
        load: _run(
            tmp_path / load, policy="cloud-only", load=load, duration_s=2.0
        ).tasks.transfer_s.mean()
        for load in ("low", "mid", "high")
    }
    assert transfer_s["low"] < transfer_s["mid"] < transfer_s["high"]


def test_a_blocked_link_makes_the_plans_retreat_to_the_ue(tmp_path: Path) -> None:
    blockage = {"link": "ue-access", "start": "300 ms", "end": "900 ms", "loss": "120 dB"}
    result = _run(tmp_path / "out", "chain3", duration_s=1.3, overrides={"blockages": [blockage]})
    tasks = result.tasks[result.tasks.status == "done"]
    during = tasks[(tasks.start_s > 0.42) & (tasks.start_s < 0.88)]
    after = tasks[tasks.start_s > 1.0]
    assert {len(route) for route in during.route} == {1}
    assert len(after) and all(len(route) > 1 for route in after.route)
