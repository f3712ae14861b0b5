"""The commands: exit codes, what goes to stdout and what to stderr."""

from __future__ import annotations

import errno
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import cosim
from cosim.cli.main import main
from cosim.cli.progress import show_progress


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_version_and_help() -> None:
    assert call("--version").output == f"cosim {cosim.__version__}\n"
    shown = call("--help").output
    assert all(name in shown for name in ("run", "compare", "list", "doctor"))


@pytest.mark.parametrize("command", ["run", "compare", "report", "list", "doctor"])
def test_every_option_has_help(command: str) -> None:
    import click

    found = main.get_command(click.Context(main), command)
    assert found is not None
    assert found.help
    for parameter in found.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "mmwave-iba"), "unknown scenario 'mmwave-iba'; did you mean 'mmwave-iab'?"),
        (
            ("run", "--policy", "hivemnd"),
            "policy: unknown policy 'hivemnd'; did you mean 'hivemind'",
        ),
        (("run", "--model", "resnet81"), "task.model: unknown model 'resnet81'"),
        (("run", "--set", "radio.bandwith=50 MHz"), "radio.bandwith: unknown key; did you mean"),
        (("run", "--set", "links.F.capacity=400 ms"), "links.F.capacity: '400 ms' is a time"),
        (("run", "--set", "nonsense"), "is not key.path=value"),
        (("run", "nowhere.toml"), "nowhere.toml: cannot be read: No such file"),
        (("run", "--policy", "os:getcwd"), "policy: policy 'os:getcwd' is not a subclass"),
        (("run", "--set", "task.timeout=1 ns"), "task.timeout: must be at least 1 ms"),
        (("run", "--load", "huge"), "'huge' is not one of"),
        (("run", "--duration", "0"), "0.0 is not in the range"),
        (("run", "--seed", "x"), "'x' is not a valid integer"),
        (("compare", "--policies", "hivemind,no-such"), "policy: unknown policy 'no-such'"),
        (("compare", "--policies", ","), "names no policy"),
        (("list", "everything"), "'everything' is not one of"),
        (("fly",), "unknown command 'fly'"),
        (("--fly",), "No such option '--fly'; see `main --help`"),
        (("profiles", "--fly"), "No such option '--fly'; see `main profiles --help`"),
    ],
)
def test_bad_input_exits_with_2(
    arguments: tuple[str, ...], message: str, no_ns3: list[Any], tmp_path: Path
) -> None:
    result = call(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_a_group_alone_shows_its_help() -> None:
    for arguments in ((), ("profiles",)):
        assert "Commands:\n" in call(*arguments).stderr


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "output cannot be written: No space"),
        (ImportError("libfoo.so: none"), "ImportError: libfoo.so: none; `cosim doctor` shows"),
    ],
)
def test_what_the_machine_lacks_is_no_fault_of_cosims(
    error: Exception, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> list[str]:
        raise error

    monkeypatch.setattr("cosim.scenario.list_scenarios", fail)
    result = call("list", "scenarios")
    assert result.exit_code == 1
    assert says in result.stderr
    assert result.stderr.count("\n") == 1 and "traceback" not in result.stderr


def test_run_prints_a_report(no_ns3: list[Any]) -> None:
    result = call("run", "chain3", "--duration", "0.5")
    assert result.exit_code == 0, result.stderr
    assert "tasks done" in result.stdout
    assert "latency (ms)" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100
    lines = [line for line in result.stderr.splitlines() if "simulated" in line]
    assert len(lines) == 10
    assert lines[-1].startswith("hivemind: simulated 0.50 of 0.50 s, speed ")


def test_run_prints_one_json_object(no_ns3: list[Any], tmp_path: Path) -> None:
    out = tmp_path / "run"
    result = call("run", "chain3", "--duration", "0.5", "--json", "--out", str(out))
    summary = json.loads(result.stdout)
    assert summary["directory"] == str(out)
    assert summary["tasks"]["done"] > 0
    assert set(summary["latency_s"]) == {"mean", "p50", "p95", "max"}
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["command"][0] == "cosim"


def test_what_a_policy_prints_stays_out_of_the_json(no_ns3: list[Any]) -> None:
    Path("talker.py").write_text(
        "from cosim.splitting.policies import HiveMind\n"
        "print('imported')\n"
        "class Talker(HiveMind):\n"
        "    def solve_node(self, role, costs, downstream):\n"
        "        print('thinking')\n"
        "        return super().solve_node(role, costs, downstream)\n"
    )
    result = call("run", "chain3", "--duration", "0.1", "--policy", "talker:Talker", "--json")
    assert json.loads(result.stdout)["tasks"]["done"] > 0
    assert "imported" in result.stderr and "thinking" in result.stderr


def test_a_policy_that_exits_on_import_is_bad_input(no_ns3: list[Any]) -> None:
    Path("quitter.py").write_text("import sys\nsys.exit(0)\n")
    result = call("run", "chain3", "--policy", "quitter:Policy")
    assert result.exit_code == 2
    assert "policy 'quitter:Policy' cannot be imported: SystemExit" in result.stderr


def test_a_policy_that_exits_in_the_run_has_failed(no_ns3: list[Any]) -> None:
    Path("leaver.py").write_text(
        "import sys\n"
        "from cosim.splitting.policies import HiveMind\n"
        "class Leaver(HiveMind):\n"
        "    name = 'leaver'\n"
        "    def solve_node(self, role, costs, downstream):\n"
        "        sys.exit(0)\n"
    )
    result = call("run", "chain3", "--policy", "leaver:Leaver", "--out", "x")
    assert result.exit_code == 1
    assert "policy 'leaver' raised SystemExit" in result.stderr


def test_a_reader_of_the_progress_who_leaves_does_not_end_the_run(
    no_ns3: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(*_: object, **__: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("cosim.cli.progress.click.echo", leave)
    with show_progress() as progress:
        result = cosim.run("chain3", duration_s=0.2, progress=progress)
    assert result.manifest.status == "done"


@pytest.mark.parametrize("depth", [2000, 200_000])
def test_a_scenario_that_is_nested_too_deeply(depth: int, no_ns3: list[Any]) -> None:
    Path("deep.toml").write_text(f"name = {'[' * depth}{']' * depth}")
    result = call("run", "deep.toml")
    assert result.exit_code == 2
    assert "nested too deeply" in result.stderr


def test_a_duration_is_taken_to_the_nearest_ns(no_ns3: list[Any]) -> None:
    result = call("run", "chain3", "--duration", str(0.1 + 0.2), "--out", "x")
    assert result.exit_code == 0, result.stderr
    assert 'duration = "300 ms"' in Path("x/scenario.toml").read_text()


def test_run_passes_its_options_on(no_ns3: list[Any]) -> None:
    result = call(
        *("run", "chain3", "--policy", "edge-only", "--load", "high", "--seed", "9", "--json"),
        *("--duration", "0.2", "--set", "links.W.capacity=10 Mbps", "--out", "x"),
    )
    summary = json.loads(result.stdout)
    assert (summary["policy"], summary["load"], summary["seed"]) == ("edge-only", "high", 9)
    assert 'capacity = "10 Mbps"' in Path("x/scenario.toml").read_text()


def test_out_is_not_overwritten_unasked(no_ns3: list[Any]) -> None:
    arguments = ("run", "chain3", "--duration", "0.1", "--out", "x")
    assert call(*arguments).exit_code == 0
    again = call(*arguments)
    assert again.exit_code == 2
    assert "x holds an earlier run; choose another --out" in again.stderr
    assert call(*arguments, "--force").exit_code == 0


def test_a_failed_run_exits_with_1(no_ns3: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise KeyError("lost my notes")

    monkeypatch.setattr("cosim.runner.run_loop", crash)
    result = call("run", "chain3", "--out", "x")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "error: KeyError: 'lost my notes'" in result.stderr
    assert "x/traceback.txt" in result.stderr
    assert "in crash" in Path("x/traceback.txt").read_text()


def test_a_fault_outside_a_run_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash() -> list[str]:
        raise KeyError("lost my notes")

    monkeypatch.setattr("cosim.scenario.list_scenarios", crash)
    result = call("list", "scenarios")
    assert result.exit_code == 1
    path = Path(result.stderr.split()[-1])
    assert "in crash" in path.read_text()
    path.unlink()


def test_compare_prints_a_table(no_ns3: list[Any]) -> None:
    result = call("compare", "chain3", "--duration", "0.3", "--policies", "hivemind, cloud-only")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert next(line for line in lines if line.startswith("hivemind")).split()[-1] == "1.00"
    assert any(line.startswith("cloud-only") for line in lines)
    assert max(map(len, lines)) <= 100


def test_report_writes_a_page(no_ns3: list[Any]) -> None:
    assert call("compare", "chain3", "--duration", "0.3", "--out", "x").exit_code == 0
    result = call("report", "x")
    assert result.exit_code == 0, result.stderr
    assert re.fullmatch(r"Report on 5 runs \(0\.\d MB\): x/report.html\n", result.stdout)
    page = Path("x/report.html").read_text(encoding="utf-8")
    assert all(policy in page for policy in ("hivemind", "single-split"))
    written = json.loads(call("report", "x/hivemind", "--json", "--out", "y.html").stdout)
    assert written["bytes"] == Path("y.html").stat().st_size
    assert (written["report"], written["runs"], written["detailed_runs"]) == ("y.html", 1, 1)


def test_report_on_no_run_is_bad_input(no_ns3: list[Any]) -> None:
    result = call("report", "nowhere")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: nowhere holds no run")
    assert call("report").exit_code == 2


def test_a_narrow_terminal_loses_no_column(
    no_ns3: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    result = call("compare", "chain3", "--duration", "0.2", "--policies", "hivemind,ue-only")
    (heading,) = [line for line in result.stdout.splitlines() if "mean ms" in line]
    assert heading.startswith("policy") and heading.rstrip().endswith("HiveMind/it")


def test_compare_prints_one_json_object(no_ns3: list[Any]) -> None:
    result = call(
        "compare", "chain3", "--duration", "0.2", "--policies", "hivemind,ue-only", "--json"
    )
    compared = json.loads(result.stdout)
    assert [row["policy"] for row in compared["comparison"]] == ["hivemind", "ue-only"]
    assert set(compared["runs"]) == {"hivemind", "ue-only"}


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("scenarios", "mmwave-iab"),
        ("policies", "single-split"),
        ("models", "resnet18"),
        ("devices", "paper-ue"),
    ],
)
def test_list(what: str, name: str) -> None:
    shown = call("list", what).stdout
    assert any(line.startswith(name) for line in shown.splitlines())
    assert max(map(len, shown.splitlines())) <= 80
    rows = json.loads(call("list", what, "--json").stdout)[what]
    assert name in {row["name"] for row in rows}
