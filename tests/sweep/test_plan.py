"""What a sweep file says, and what is wrong with it; means and their intervals."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.cli.options import parse_overrides
from cosim.errors import CosimError, InputError
from cosim.scenario.overrides import read_value
from cosim.sweep import load_sweep
from cosim.sweep.aggregate import aggregate_table
from cosim.sweep.plan import _text

SWEEP = """
scenario = "chain3"
backend = "simplified"
seeds = [4, 7]
[set]
task.model = "resnet18"
[grid]
policy = ["hivemind", "ue-only"]
radio.bandwidth = ["50 MHz", "100 MHz"]
[[list]]
load = "low"
[[list]]
load = "high"
nodes.ue.speed = "0 m/s"
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return path


def test_grid_list_and_seeds_are_combined(tmp_path: Path) -> None:
    plan = load_sweep(write(tmp_path, SWEEP))
    assert plan.name == "mine"
    assert plan.keys == ("policy", "radio.bandwidth", "load", "nodes.ue.speed")
    assert len(plan.points) == 2 * 2 * 2 * 2
    assert len({point.name for point in plan.points}) == len(plan.points)
    assert len({point.scenario_sha256 for point in plan.points}) == len(plan.points)
    first = plan.points[0]
    assert first.command[:4] == ("run", "chain3", "--backend", "simplified")
    assert first.command[-2:] == ("--seed", "4")
    assert "task.model=resnet18" in first.command and "load=low" in first.command


def test_a_path_is_seen_from_the_sweep_file(tmp_path: Path) -> None:
    builtin = Path(__file__).parents[2] / "cosim/scenario/builtin/chain3.toml"
    (tmp_path / "net.toml").write_text(builtin.read_text())
    (tmp_path / "sweep.toml").write_text('scenario = "net.toml"\nseeds = 3\n')
    plan = load_sweep(tmp_path / "sweep.toml")
    assert [point.seed for point in plan.points] == [1, 2, 3]
    assert plan.points[0].command[1] == str(tmp_path / "net.toml")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("scenario = ", "not valid TOML"),
        ("seeds = 3", "missing required field `scenario`"),
        ('scenario = "chain3"\nsedes = 3', "unknown field `sedes`"),
        ('scenario = "chain3"\nseeds = 0', "seeds"),
        ('scenario = "chain3"\nseeds = []', "seeds"),
        ('scenario = "chain9"', "unknown scenario 'chain9'"),
        ('scenario = "chain3"\ntimeout = "soon"', "soon"),
        ('scenario = "chain3"\ntimeout = "0 s"', "timeout must be more than 0"),
        ('scenario = "chain3"\n[grid]\nload = "low"', "grid.load must be a list"),
        ('scenario = "chain3"\n[grid]\nload = []', "grid.load must be a list"),
        ('scenario = "chain3"\n[grid]\nload = ["low", "extreme"]', "at the point load = extreme"),
        ('scenario = "chain3"\n[set]\nradio.bandwith = "1 MHz"', "did you mean 'bandwidth'"),
        ('scenario = "chain3"\n[grid]\npolicy = ["hivemid"]', "did you mean 'hivemind'"),
        ('scenario = "chain3"\nseeds = 100001', "100001 points"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(
    text: str, problem: str, tmp_path: Path
) -> None:
    with pytest.raises(CosimError, match=problem) as caught:
        load_sweep(write(tmp_path, text))
    assert caught.value.exit_code == 2


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        load_sweep(tmp_path / "nothing.toml")


_VALUES = st.one_of(
    st.text(max_size=20),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.booleans(),
    st.lists(st.one_of(st.integers(0, 9), st.text(max_size=5)), max_size=3),
)


@settings(max_examples=300)
@given(_VALUES)
def test_a_value_goes_through_the_command_line_unchanged(value: Any) -> None:
    ((key, text),) = parse_overrides(None, None, (f"a.b={_text(value)}",))  # type: ignore[arg-type]
    assert key == "a.b"
    back = read_value(text)
    assert back == value and type(back) is type(value)


@settings(max_examples=60)
@given(
    st.recursive(
        st.one_of(st.integers(), st.text(max_size=4), st.booleans(), st.floats()),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner),
        max_leaves=6,
    ),
    st.sampled_from(["seeds", "retries", "timeout", "set", "grid", "list", "backend", "scenario"]),
)
def test_any_value_anywhere_is_a_plan_or_an_input_error(
    tmp_path_factory: Any, value: Any, key: str
) -> None:
    from cosim.scenario.dump import _inline

    def toml(item: Any) -> str:
        if isinstance(item, dict):
            return "{" + ", ".join(f"{_inline(k)} = {toml(v)}" for k, v in item.items()) + "}"
        if isinstance(item, list):
            return "[" + ", ".join(map(toml, item)) + "]"
        return _inline(item)

    start = "" if key == "scenario" else 'scenario = "chain3"\n'
    path = tmp_path_factory.mktemp("s") / "s.toml"
    path.write_text(f"{start}{key} = {toml(value)}\n", encoding="utf-8")
    with contextlib.suppress(InputError):
        load_sweep(path)


def test_intervals_are_those_of_students_t() -> None:
    points = pd.DataFrame(
        {
            "point": list("abcd"),
            "directory": list("abcd"),
            "seed": [1, 2, 3, 1],
            "load": ["low", "low", "low", "high"],
            "latency_s.mean": [1.0, 2.0, 3.0, math.nan],
        }
    )
    low, high = aggregate_table(points, ["load"]).to_dict("records")
    assert (low["n"], low["mean"], low["std"]) == (3, 2.0, 1.0)
    # t of 0.975 at 2 degrees of freedom is 4.3027 (any table of Student's t).
    assert low["ci_high"] - 2.0 == pytest.approx(4.3027 / math.sqrt(3), abs=1e-4)
    assert 2.0 - low["ci_low"] == pytest.approx(low["ci_high"] - 2.0)
    assert (low["min"], low["max"]) == (1.0, 3.0)
    assert high["n"] == 0 and math.isnan(high["mean"])
