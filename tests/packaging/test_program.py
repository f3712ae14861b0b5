"""Finding the ns-3 program, and what is said when there is none or it does not start."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import cosim
from cosim.errors import BackendMissingError
from cosim.network.ns3.program import PROGRAM_VARIABLE, find_program, program_version


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PROGRAM_VARIABLE, raising=False)


def test_it_is_looked_for_in_every_folder_of_the_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = script(tmp_path / "second/_ns3/bin/cosim-ns3", "true")
    monkeypatch.setattr(cosim, "__path__", [str(tmp_path / "first"), str(tmp_path / "second")])
    assert find_program() == program


def test_none_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cosim, "__path__", [str(tmp_path)])
    with pytest.raises(BackendMissingError, match="there is no ns-3 program") as caught:
        find_program()
    assert "pip install" in str(caught.value.hint)


def test_the_environment_may_name_another(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = script(tmp_path / "mine", "true")
    monkeypatch.setenv(PROGRAM_VARIABLE, str(program))
    assert find_program() == program
    program.chmod(0o644)
    with pytest.raises(BackendMissingError, match="no executable file"):
        find_program()


def test_the_version_is_the_first_line(tmp_path: Path) -> None:
    program = script(tmp_path / "p", 'test "$1" = --version && echo one two && echo three')
    assert program_version(program) == "one two"


def test_what_the_loader_says_is_passed_on(tmp_path: Path) -> None:
    program = script(tmp_path / "p", "echo 'libzmq.so.5: cannot open' >&2; exit 127")
    with pytest.raises(BackendMissingError, match=r"libzmq\.so\.5: cannot open"):
        program_version(program)


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    program = tmp_path / "p"
    program.write_bytes(b"\x7fELF nonsense")
    program.chmod(0o755)
    with pytest.raises(BackendMissingError, match="cannot be started"):
        program_version(program)


def test_a_program_that_hangs(tmp_path: Path) -> None:
    program = script(tmp_path / "p", "exec sleep 60")
    with pytest.raises(BackendMissingError, match=r"did not end within 0\.2 s"):
        program_version(program, deadline_s=0.2)


@pytest.mark.ns3
def test_the_installed_one_needs_nothing_of_the_environment() -> None:
    program = find_program()
    done = subprocess.run(
        [program, "--version"], env={}, cwd=os.sep, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("cosim-ns3 ")
    assert "ns-3.44" in done.stdout
    assert done.stderr == ""
