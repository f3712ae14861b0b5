"""`cosim check-policy`: exit codes, and the example that the documentation shows."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cosim.cli.main import main

EXAMPLE = Path(__file__).parents[2] / "scripts" / "half_policy.py"


@pytest.fixture(autouse=True)
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(EXAMPLE, tmp_path)
    monkeypatch.chdir(tmp_path)


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check-policy", *arguments])


def test_the_example_is_short_and_conforms() -> None:
    assert len(EXAMPLE.read_text().splitlines()) < 30
    result = call("half_policy:Half", "--strict")
    assert result.exit_code == 0, result.output
    assert "half conforms" in result.stdout


def test_what_does_not_conform_exits_with_1() -> None:
    Path("wild.py").write_text(
        "from cosim.splitting import HiveMind\n"
        "class Wild(HiveMind):\n"
        "    def solve_node(self, role, costs, downstream):\n"
        "        return None\n"
    )
    result = call("wild:Wild", "--json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert report["conforms"] is False
    assert "a NoneType instead of a NodeSolution" in report["checks"][0]["detail"]


def test_one_that_never_answers_fails() -> None:
    Path("endless.py").write_text(
        "from cosim.splitting import HiveMind\n"
        "class Endless(HiveMind):\n"
        "    def solve_node(self, role, costs, downstream):\n"
        "        while True:\n"
        "            pass\n"
    )
    result = call("endless:Endless", "--limit", "0.2", "--json")
    assert result.exit_code == 1
    (check,) = json.loads(result.stdout)["checks"]
    assert check["detail"] == "has not answered everything within 0.2 s"


def test_a_note_fails_only_when_it_shall() -> None:
    assert call("linear").exit_code == 0
    assert call("linear", "--strict").exit_code == 1


@pytest.mark.parametrize("name", ["no-such", "half_policy:Third", "no_such_module:Half"])
def test_an_unknown_policy_exits_with_2(name: str) -> None:
    result = call(name)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: unknown ")
