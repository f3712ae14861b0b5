"""What FindNs3Wheel.cmake asks of Python.

``ns3_wheel.py installed``
    prints the folder of an installed ns3, if any.
``ns3_wheel.py download REQUIREMENT FOLDER``
    leaves the headers and libraries of the wheel in ``FOLDER/ns3``.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path


def installed_folder() -> Path | None:
    """Return the folder of an installed `ns3` package, without importing it."""
    spec = importlib.util.find_spec("ns3")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def download(requirement: str, folder: Path) -> None:
    """Leave the headers and libraries of the wheel that answers `requirement` in ``folder/ns3``."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        wheel = _fetch(requirement, Path(scratch))
        unpacked = Path(scratch) / "unpacked"
        _unpack(wheel, unpacked)
        # Renamed at the end, so that an interrupted download is never taken for a whole one.
        shutil.rmtree(folder / "ns3", ignore_errors=True)
        (unpacked / "ns3").rename(folder / "ns3")


def _fetch(requirement: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--quiet", "--dest", str(folder)]
    # Only the C++ parts are wanted: any Python's wheel will do; the running one's comes first.
    for target in ([], ["--python-version", "3.11", "--implementation", "cp"]):
        if subprocess.run([*command, *target, requirement], check=False).returncode == 0:
            return next(folder.glob("ns3-*.whl"))
    raise SystemExit(1)


def _unpack(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        wanted = [name for name in archive.namelist() if _is_wanted(name)]
        archive.extractall(folder, wanted)


def _is_wanted(name: str) -> bool:
    if name.startswith("ns3/include/"):
        return True
    return name.startswith(("ns3/lib64/", "ns3/lib/")) and ".so" in Path(name).name


def main(arguments: list[str]) -> int:
    """Run one of the two commands of the module's docstring."""
    match arguments:
        case ["installed"]:
            folder = installed_folder()
            if folder is None:
                return 1
            print(folder)
        case ["download", requirement, folder]:
            download(requirement, Path(folder))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
