"""`cosim validate` on both networks."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from cosim.cli.main import main
from cosim.scenario import load_scenario
from cosim.scenario.schema import ValidationSpec
from cosim.validation import validate

pytestmark = pytest.mark.ns3


def test_the_static_scenario_agrees_closely(tmp_path: Path) -> None:
    scenario = load_scenario("chain3")
    found = validate(scenario, seeds=1, directory=tmp_path, tell=lambda line: None)
    rows = {(row.metric, row.what): row for row in found.rows}
    overall = rows["hop time", "all hops"]
    assert scenario.validation.hop_time == overall.margin == 0.10
    assert overall.difference is not None and abs(overall.difference) < 0.10
    assert found.holds and not found.causes
    metrics = {"capacity", "transfer", "hop time", "latency", "plans", "ranking"}
    assert metrics == {row.metric for row in found.rows} and found.is_judged
    # What a byte takes is the same on both: the slope of the time against the size.
    for hop in ("ue to gnb", "gnb to core", "core to cloud"):
        small, large = (rows["transfer", f"{hop}, {kb} kB"] for kb in (50, 500))
        slopes = [(getattr(large, b) - getattr(small, b)) / 450 for b in ("ns3", "simplified")]
        assert slopes[0] == pytest.approx(slopes[1], rel=0.03)
    for row in found.rows:
        assert row.low is not None and row.high is not None and row.low <= row.high
    assert {what for metric, what in rows if metric == "capacity"} == {"N", "W", "ue-access"}


def test_nothing_to_compare_is_bad_input(tmp_path: Path) -> None:
    arguments = ["validate", "chain3", "--seeds", "1", "--duration", "0.005"]
    shown = CliRunner().invoke(main, [*arguments, "--out", str(tmp_path)])
    assert shown.exit_code == 2
    assert "no task of hivemind was finished on ns3 in 0.005 s" in shown.stderr
    assert "--duration" in shown.stderr


def test_without_margins_nothing_is_judged(tmp_path: Path) -> None:
    scenario = load_scenario("chain3")
    unjudged = msgspec.structs.replace(scenario, validation=ValidationSpec())
    found = validate(unjudged, seeds=1, policies=(), directory=tmp_path, tell=lambda line: None)
    assert found.holds and not found.is_judged


def test_an_exceeded_margin_is_exit_code_1_and_causes_are_named(tmp_path: Path) -> None:
    arguments = ["validate", "chain3", "--seeds", "1", "--duration", "0.3", "--json"]
    moving = ["--set", "nodes.ue.waypoints_m=[[80.0, 0.0]]", "--set", "nodes.ue.speed=10 m/s"]
    strict = ["--set", "validation.latency=0.000001"]
    # TCP's start-up is all that so short a run has.
    lenient = ["--set", "validation.ranking=-1", "--set", "validation.hop_time=1"]
    shown = CliRunner().invoke(
        main, [*arguments, *moving, *strict, *lenient, "--out", str(tmp_path)]
    )
    assert shown.exit_code == 1, shown.output
    said = json.loads(shown.stdout)
    assert said["holds"] is False
    assert {row["metric"] for row in said["rows"] if not row["holds"]} == {"latency"}
    causes = " ".join(cause["cause"] for cause in said["causes"])
    assert all(word in causes for word in ("TCP start-up", "HARQ", "half duplex", "handover"))
    assert (tmp_path / "validation.png").stat().st_size > 5000
