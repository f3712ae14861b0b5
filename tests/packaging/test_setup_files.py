"""The files that set-up reads agree with each other."""

from __future__ import annotations

import re
import subprocess
import tomllib
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import cosim

ROOT = Path(__file__).resolve().parents[2]
PINNED_EXTRAS = ("torch", "bench", "fuzz")
PIN = re.compile(r"[a-z0-9-]+==[0-9][0-9a-z.]*")


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def name_of(requirement: str) -> str:
    return re.split(r"[\[<>=!~ ]", requirement, maxsplit=1)[0].lower()


def pins(lock: str) -> dict[str, str]:
    lines = (ROOT / lock).read_text().splitlines()
    entries = [line for line in lines if line and not line.startswith("#")]
    return dict(entry.split("==") for entry in entries)


@pytest.mark.parametrize(
    "lock", ["requirements.lock", *(f"requirements-{extra}.lock" for extra in PINNED_EXTRAS)]
)
def test_a_lock_holds_pins_and_nothing_else(lock: str) -> None:
    lines = (ROOT / lock).read_text().splitlines()
    entries = [line for line in lines if line and not line.startswith("#")]
    assert entries
    assert [entry for entry in entries if not PIN.fullmatch(entry)] == []


def test_debian_12s_own_python_takes_every_pin() -> None:
    # Its Python is 3.11.2: some packages for "3.11" ask for a later patch release.
    pinned = set().union(*(pins(path.name) for path in ROOT.glob("requirements*.lock")))
    needed = {
        canonicalize_name(distribution.name): distribution.metadata.get("Requires-Python")
        for distribution in distributions()
    }
    present = {name: needed[name] for name in pinned & needed.keys()}
    assert {"numpy", "pytest"} <= present.keys()
    too_new = {
        n: wants for n, wants in present.items() if "3.11.2" not in SpecifierSet(wants or "")
    }
    assert too_new == {}


def test_what_is_needed_is_pinned() -> None:
    table = project()["project"]
    extras = table["optional-dependencies"]
    needed = table["dependencies"] + extras["test"] + extras["dev"] + extras["sweep"]
    needed += project()["build-system"]["requires"] + ["cmake", "ninja"]
    names = {name_of(requirement) for requirement in needed} - {table["name"]}
    assert names - set(pins("requirements.lock")) == set()
    for extra in PINNED_EXTRAS:
        pinned = pins(f"requirements-{extra}.lock")
        assert {name_of(requirement) for requirement in extras[extra]} - set(pinned) == set()


def test_torch_is_no_dependency_of_a_run() -> None:
    names = {name_of(requirement) for requirement in project()["project"]["dependencies"]}
    assert names.isdisjoint({"torch", "torchvision", "ns3", "cppyy"})
    assert "torch" not in pins("requirements.lock")


def test_the_version_is_written_once() -> None:
    assert "version" in project()["project"]["dynamic"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", cosim.__version__)


@pytest.mark.parametrize(
    "script", [*(ROOT / "scripts").glob("*.sh"), ROOT / ".ci/run"], ids=lambda path: path.name
)
def test_scripts_are_valid_bash_and_stop_at_errors(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert "set -euo pipefail" in script.read_text()
    assert script.stat().st_mode & 0o111


def test_a_checkout_may_lie_in_a_folder_with_a_space(tmp_path: Path) -> None:
    folder = tmp_path / "my work"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "scripts", "ns3_scenarios"):
        (folder / name).symlink_to(ROOT / name)
    make = ["make", "--dry-run", "--no-print-directory", "setup"]
    done = subprocess.run(make, cwd=folder, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    steps = re.findall(r"^scripts/setup-(\w+)\.sh", done.stdout, flags=re.MULTILINE)
    assert steps == ["system", "python"]


def test_system_packages_are_the_same_everywhere() -> None:
    """The set-up script, CMake's errors and the README name the same Debian packages."""
    script = (ROOT / "scripts/setup-system.sh").read_text()
    needed = set(re.findall(r"^ +need ([a-z0-9+-]+) ", script, flags=re.MULTILINE))
    cmake = (ROOT / "ns3_scenarios/cmake/CosimDependencies.cmake").read_text()
    assert set(re.findall(r" ([a-z0-9-]+-dev)\)", cmake)) == {n for n in needed if "-dev" in n}
    readme = (ROOT / "README.md").read_text()
    assert {package for package in needed if package not in readme} == set()


@pytest.mark.parametrize("folder", ["engine", "network", "gym"])
def test_what_is_tried_in_the_image_reads_the_installed_package(folder: str) -> None:
    """There the source beside the tests is gone (Containerfile)."""
    for path in (ROOT / "tests" / folder).rglob("*.py"):
        source = re.search(r"""["']cosim/\S+\.\w+["']|/ ["']cosim["']""", path.read_text())
        assert source is None, (path, source)
