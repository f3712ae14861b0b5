"""What the wheel holds, and that it runs with nothing of the repository or the environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.ns3


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as ``pip install .`` builds it, in a folder of builds that is kept."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet"]
    cached = ["-C", f"build-dir={ROOT / 'build/dev'}"]
    done = subprocess.run(
        [*pip, *cached, "--wheel-dir", str(folder), str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("hivemind_cosim-*.whl"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> Iterator[frozenset[str]]:
    with zipfile.ZipFile(wheel) as archive:
        yield frozenset(archive.namelist())


def test_it_holds_program_libraries_profiles_and_scenarios(names: frozenset[str]) -> None:
    assert "cosim/_ns3/bin/cosim-ns3" in names
    assert "cosim/_ns3/lib/libns3.44-core.so" in names
    assert any(name.startswith("cosim/_ns3/lib/libgsl") for name in names)
    assert "cosim/_profiles/models/resnet18.toml" in names
    assert "cosim/_profiles/models/resnet18.csv" in names
    assert any(name.startswith("cosim/_profiles/devices/") for name in names)
    assert "cosim/scenario/builtin/mmwave-iab.toml" in names
    assets = ROOT / "cosim/report/assets"
    assert {f"cosim/report/assets/{path.name}" for path in assets.iterdir()} <= names
    assert "cosim/report/assets/report.html" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_it_holds_nothing_else(names: frozenset[str]) -> None:
    roots = {name.split("/")[0] for name in names}
    assert roots == {"cosim", next(root for root in roots if root.endswith(".dist-info"))}
    assert [name for name in names if "__pycache__" in name or name.endswith((".h", ".a"))] == []


def test_it_runs_alone(wheel: Path, tmp_path: Path) -> None:
    """Unpacked by pip elsewhere, with an environment that names no library folder."""
    target = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet"]
    subprocess.run([*pip, "--target", str(target), str(wheel)], check=True)
    ask = "from cosim.cli.doctor import doctor; doctor(['--json'])"
    # -S: the dependencies of the environment that tests, without its .pth files, which would bring
    # in the repository.
    path = os.pathsep.join([str(target), sysconfig.get_path("platlib")])
    done = subprocess.run(
        [sys.executable, "-S", "-P", "-c", ask],
        env={"PYTHONPATH": path, "PATH": os.defpath},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    findings = {row["subject"]: row for row in json.loads(done.stdout)["findings"]}
    assert str(target) in findings["cosim"]["detail"]
    assert str(target) in findings["ns-3 program"]["detail"]
