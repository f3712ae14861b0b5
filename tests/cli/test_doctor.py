"""`cosim doctor`: what it says of a whole installation and of a broken one."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from cosim.cli import doctor as room
from cosim.cli.doctor import Finding, Status, doctor, is_run_possible
from cosim.errors import BackendMissingError
from cosim.network.ns3 import program


def whole() -> list[Finding]:
    return [Finding("Python", Status.OK, "3.11"), Finding("torch", Status.OPTIONAL, "-", "pip")]


def ask(monkeypatch: pytest.MonkeyPatch, findings: list[Finding], *options: str) -> Result:
    monkeypatch.setattr(room, "examine", lambda: iter(findings))
    return CliRunner().invoke(doctor, options)


def test_what_is_optional_does_not_prevent_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    result = ask(monkeypatch, whole())
    assert result.exit_code == 0
    assert "Everything that a run needs is here." in result.stdout


def test_what_is_missing_is_named_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Finding("pyzmq", Status.MISSING, "not installed", "pip install 'x[y]'")
    result = ask(monkeypatch, [*whole(), broken])
    assert result.exit_code == 1
    assert "pip install 'x[y]'" in result.stdout
    assert result.stdout.splitlines()[-1].endswith("mended: pyzmq.")


def test_json_is_one_object_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Finding("pyzmq", Status.MISSING, "not installed", "pip install pyzmq")
    result = ask(monkeypatch, [broken], "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "run_possible": False,
        "findings": [
            {
                "subject": "pyzmq",
                "status": "missing",
                "detail": "not installed",
                "remedy": "pip install pyzmq",
            }
        ],
    }


def test_a_python_that_is_too_old_is_missing() -> None:
    assert room.check_python((3, 10)).status is Status.MISSING
    assert room.check_python((3, 11)).status is Status.OK


def test_a_package_that_is_not_installed() -> None:
    finding = room.check_distribution("no-such-package-here", "pip install it")
    assert finding == Finding(
        "no-such-package-here", Status.MISSING, "not installed", "pip install it"
    )


def test_the_dependencies_are_those_of_the_package() -> None:
    names = room.dependencies()
    assert {"click", "numpy", "pyzmq"} <= set(names)
    assert not {"torch", "pytest", "ruff"} & set(names)


def test_cosim_itself_comes_from_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_DISTRIBUTION", "no-such-package-here")
    findings = {finding.subject: finding for finding in room.examine()}
    assert findings["no-such-package-here"].remedy == "pip install . (in the repository)"


def test_a_package_that_cannot_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(room._MODULES, "click", "click.no_such_module")
    finding = room.check_distribution("click", "pip install click")
    assert finding.status is Status.MISSING
    assert "cannot be imported" in finding.detail


def test_a_check_that_raises_becomes_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Path:
        raise BackendMissingError("there is no ns-3 program", hint="build it")

    monkeypatch.setattr(program, "find_program", missing)
    monkeypatch.setattr(room, "check_model_profiles", lambda: 1 // 0)
    findings = {finding.subject: finding for finding in room.examine()}
    expected = Finding("ns-3 program", Status.MISSING, "there is no ns-3 program", "build it")
    assert findings["ns-3 program"] == expected
    assert "ZeroDivisionError" in findings["model profiles"].detail
    assert not is_run_possible(findings.values())


def test_the_room_of_sockets_is_tried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "ipc" in room.check_ipc_socket()
    monkeypatch.setattr(room.tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(FileNotFoundError):
        room.check_ipc_socket()


@pytest.mark.ns3
def test_this_installation_is_whole() -> None:
    result = CliRunner().invoke(doctor, ["--json"])
    assert result.exit_code == 0, result.output
    findings = {row["subject"]: row for row in json.loads(result.stdout)["findings"]}
    assert "ns-3.44" in findings["ns-3 program"]["detail"]


def test_it_is_a_command_with_help() -> None:
    assert isinstance(doctor, click.Command)
    assert all(getattr(option, "help", None) for option in doctor.params)
