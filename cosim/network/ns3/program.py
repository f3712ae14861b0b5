"""Where the compiled ns-3 program is, and which one it is."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import cosim
from cosim.errors import BackendMissingError

PROGRAM_VARIABLE = "COSIM_NS3_PROGRAM"
_PROGRAM = Path("_ns3/bin/cosim-ns3")
_HINT = "reinstall the package (`pip install .`); `cosim doctor` shows what is missing"


def find_program() -> Path:
    """Path of the ns-3 program: ``$COSIM_NS3_PROGRAM``, else the one that was installed with us.

    Raises
    ------
    BackendMissingError
        When there is none, or it may not be executed.
    """
    asked = os.environ.get(PROGRAM_VARIABLE)
    if asked:
        return _executable(Path(asked), f"{PROGRAM_VARIABLE} names another file, or unset it")
    # An editable install has two folders: the repository's and the one with what was compiled.
    candidates = [Path(folder) / _PROGRAM for folder in cosim.__path__]
    for candidate in candidates:
        if candidate.is_file():
            return _executable(candidate, _HINT)
    raise BackendMissingError(f"there is no ns-3 program at {candidates[0]}", hint=_HINT)


def program_version(program: Path, *, deadline_s: float = 10.0) -> str:
    """Return what ``cosim-ns3 --version`` prints, e.g. ``cosim-ns3 0.1.0 (ns-3.44)``.

    Raises
    ------
    BackendMissingError
        When the program cannot be started, for instance for want of a library, with what the
        loader said.
    """
    command = [str(program), "--version"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=deadline_s, check=False
        )
    except OSError as error:
        raise BackendMissingError(f"{program} cannot be started: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise BackendMissingError(
            f"{program} --version did not end within {deadline_s:g} s"
        ) from error
    if done.returncode != 0:
        said = done.stderr.strip() or f"exit status {done.returncode}"
        raise BackendMissingError(f"{program} does not run: {said}", hint=_HINT)
    return done.stdout.partition("\n")[0].strip()


def _executable(path: Path, hint: str) -> Path:
    if not path.is_file() or not os.access(path, os.X_OK):
        raise BackendMissingError(f"{path} is no executable file", hint=hint)
    return path
