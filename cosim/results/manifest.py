"""``manifest.json``: what a run was made of, how it ended, and the network's own account of it."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Final, Literal

import msgspec

from cosim.errors import OutputError

MANIFEST_NAME: Final = "manifest.json"
WILL_NAME: Final = "manifest.json.will"
MANIFEST_FORMAT: Final = 1
_WILL_BYTES: Final = 16_384
_DEPENDENCIES: Final = ("msgspec", "numpy", "pandas", "pyarrow", "pyzmq")

RunStatus = Literal["running", "done", "failed"]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The record of one run.

    Attributes
    ----------
    status, reason, error_type
        How it ended, and for a failed run what the error said and its class.
    backend
        Which network simulated it: ``ns3`` or ``simplified``.
    command
        The command line, or the call.
    started_at
        Wall-clock time, UTC, ISO 8601.
    scenario_sha256
        See `cosim.scenario.scenario_hash`; ``scenario.toml`` beside it has the values.
    profiles
        SHA-256 of each profile used, by ``model/<name>`` and ``device/<name>``.
    versions
        Of cosim, Python, the libraries and the network simulator.
    simulated_s, wall_s
        How far the run got, and how long that took.
    pid, process_start_ticks
        The process of the controllers; numbers are used again, so when it started tells it apart.
    totals
        The network's account (`cosim.network.port.Totals`); None when the network failed.
    counts
        The engine's account (`cosim.engine.LoopResult`): tasks, and what nodes sent and ignored.
    fingerprint
        Of the result tables (`cosim.results.fingerprint`); None unless the run is done.
    """

    status: RunStatus
    scenario: str
    policy: str
    model: str
    load: str
    seed: int
    duration_s: float
    scenario_sha256: str
    command: tuple[str, ...]
    started_at: str
    profiles: dict[str, str]
    versions: dict[str, str]
    pid: int
    process_start_ticks: int = 0
    reason: str | None = None
    error_type: str | None = None
    simulated_s: float = 0.0
    wall_s: float = 0.0
    totals: dict[str, int] | None = None
    counts: dict[str, int] | None = None
    fingerprint: str | None = None
    backend: str = "ns3"
    format: int = MANIFEST_FORMAT


def library_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that have a say in a run's results."""
    versions = {"python": platform.python_version()}
    for name in _DEPENDENCIES:
        versions[name] = metadata.version(name)
    return versions


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Write the manifest in one step: a reader sees the old one or the new one, never half.

    While the run goes on, its last will lies beside it: the manifest that ns-3 is to put in its
    place if this process is killed. It is padded, so that the last manifest of a run that filled
    the disk finds room in its place.
    """
    will = directory / WILL_NAME
    if manifest.status == "running":
        left = msgspec.structs.replace(
            manifest, status="failed", reason=_killed(manifest.pid), error_type="PeerDiedError"
        )
        _replace(will, _json(left).ljust(_WILL_BYTES))
    else:
        will.unlink(missing_ok=True)
    _replace(directory / MANIFEST_NAME, _json(manifest))


def read_manifest(directory: Path) -> Manifest:
    """Read a run's manifest; a run whose process is gone without a word has failed.

    Raises
    ------
    OutputError
        When there is none, or it cannot be understood.
    """
    path = directory / MANIFEST_NAME
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError as error:
        raise OutputError(f"{directory} is no run directory, it has no {MANIFEST_NAME}") from error
    except (OSError, msgspec.DecodeError) as error:
        raise OutputError(f"{path} cannot be read: {error}") from error
    if manifest.format != MANIFEST_FORMAT:
        raise OutputError(f"{path} has format {manifest.format}, not {MANIFEST_FORMAT}")
    if manifest.status == "running" and not _is_alive(manifest):
        reason = _killed(manifest.pid)
        return msgspec.structs.replace(manifest, status="failed", reason=reason)
    return manifest


def _json(manifest: Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def _killed(pid: int) -> str:
    return (
        f"the process of the controllers ({pid}) ended without finishing the run; "
        "see ns3-stderr.txt"
    )


def process_start_ticks(pid: int) -> int:
    """When a process started, in clock ticks since boot (proc(5), stat); 0 when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[19])


def _is_alive(manifest: Manifest) -> bool:
    started = process_start_ticks(manifest.pid)
    return started != 0 and manifest.process_start_ticks in (0, started)
