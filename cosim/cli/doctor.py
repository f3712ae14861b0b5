"""``cosim doctor``: what is here, in which version, what is missing and how to get it."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import click

from cosim.errors import CosimError

_DISTRIBUTION = "hivemind-cosim"
_REINSTALL = "pip install . (in the repository)"
_OLDEST_PYTHON = (3, 11)
# Distributions whose module has another name.
_MODULES = {"pyzmq": "zmq"}
_EXTRA_DEPENDENCIES = ("torch", "torchvision")


class Status(StrEnum):
    """What a finding means for a run; what is optional is not here and need not be."""

    OK = "ok"
    MISSING = "missing"
    OPTIONAL = "optional"


@dataclass(frozen=True)
class Finding:
    """One row of the report.

    Attributes
    ----------
    subject
        What was looked at.
    status
        `Status.MISSING` when no run is possible without it.
    detail
        Version or place when it is here, else what is wrong.
    remedy
        How to get it; empty when it is here.
    """

    subject: str
    status: Status
    detail: str
    remedy: str = ""


@click.command("doctor")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print the findings as one JSON object and nothing else.",
)
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Show what is present, in which version, what is missing and how to get it.

    Exits with 0 when a run is possible, with 1 when something that it needs is missing.
    """
    findings = list(examine())
    possible = is_run_possible(findings)
    if as_json:
        rows = [asdict(finding) for finding in findings]
        click.echo(json.dumps({"run_possible": possible, "findings": rows}, indent=2))
    else:
        _print_table(findings)
        click.echo(_verdict(findings))
    context.exit(0 if possible else 1)


def is_run_possible(findings: Iterable[Finding]) -> bool:
    """Whether nothing that a run needs is missing."""
    return all(finding.status is not Status.MISSING for finding in findings)


def examine() -> Iterator[Finding]:
    """Look at everything in turn; no check raises."""
    yield check_python(sys.version_info[:2])
    yield check_cosim()
    for distribution in dependencies():
        own = distribution == _DISTRIBUTION
        yield check_distribution(distribution, _REINSTALL if own else f"pip install {distribution}")
    yield _guarded("ns-3 program", check_ns3_program, _REINSTALL)
    yield _guarded("ns-3 libraries", check_ns3_libraries, _REINSTALL)
    yield _guarded("ZeroMQ sockets", check_ipc_socket, "set TMPDIR to a short, writable path")
    yield _guarded("model profiles", check_model_profiles, _REINSTALL)
    yield _guarded("device profiles", check_device_profiles, _REINSTALL)
    yield check_compiler()
    for distribution in _EXTRA_DEPENDENCIES:
        yield check_distribution(
            distribution, f"pip install '{_DISTRIBUTION}[torch]'", Status.OPTIONAL
        )


def check_python(version: tuple[int, ...]) -> Finding:
    """Look at the version of the running Python."""
    text = f"{platform.python_implementation()} {platform.python_version()}, {sys.executable}"
    if version >= _OLDEST_PYTHON:
        return Finding("Python", Status.OK, text)
    return Finding("Python", Status.MISSING, f"{text} is too old", "install Python 3.11 or newer")


def check_cosim() -> Finding:
    """Look at where cosim itself lies."""
    import cosim

    return Finding("cosim", Status.OK, f"{cosim.__version__}, {Path(cosim.__file__).parent}")


def dependencies() -> list[str]:
    """Names of the distributions that cosim needs in any case, as its own metadata say."""
    try:
        requirements = importlib.metadata.requires(_DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        return [_DISTRIBUTION]  # run from a bare source tree: installing it brings the rest
    names = (
        re.match(r"[\w.-]+", requirement)
        for requirement in requirements
        if "extra ==" not in requirement
    )
    return [name[0] for name in names if name]


def check_distribution(
    distribution: str, remedy: str, otherwise: Status = Status.MISSING
) -> Finding:
    """Look whether a package is installed and can be imported.

    Parameters
    ----------
    distribution
        Its name to pip.
    remedy
        How to get it.
    otherwise
        What it means when it is not there.
    """
    try:
        version = importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return Finding(distribution, otherwise, "not installed", remedy)
    if otherwise is Status.OPTIONAL:
        return Finding(distribution, Status.OK, version)  # torch takes seconds to import
    try:
        importlib.import_module(_MODULES.get(distribution, distribution))
    except Exception as error:
        problem = f"{version}, but cannot be imported: {error}"
        return Finding(
            distribution, otherwise, problem, f"pip install --force-reinstall {distribution}"
        )
    return Finding(distribution, Status.OK, version)


def check_ns3_program() -> str:
    """Start the ns-3 program and return its version, which proves that its libraries resolve."""
    from cosim.network.ns3.program import find_program, program_version

    program = find_program()
    return f"{program_version(program)}, {program}"


def check_ns3_libraries() -> str:
    """Return which ns-3 libraries lie beside the program."""
    from cosim.network.ns3.program import find_program

    folder = find_program().resolve().parents[1] / "lib"
    libraries = sorted(folder.glob("*.so*"))
    if not libraries:
        return "none beside the program: it finds them where it was built"
    size = sum(library.stat().st_size for library in libraries)
    return f"{len(libraries)} in {folder} ({size / 1e6:.0f} MB)"


def check_ipc_socket() -> str:
    """Open a ZeroMQ socket in the temporary directory, as a run does."""
    import zmq

    with tempfile.TemporaryDirectory(prefix="cosim-") as folder:
        context = zmq.Context()
        try:
            with context.socket(zmq.PAIR) as socket:
                socket.bind(f"ipc://{folder}/doctor.sock")
        finally:
            context.term()
        return f"libzmq {zmq.zmq_version()}, ipc in {Path(folder).parent}"


def check_model_profiles() -> str:
    """Read every shipped model profile."""
    from cosim.models import list_model_profiles, load_model_profile

    return _read_all(list_model_profiles(), load_model_profile)


def check_device_profiles() -> str:
    """Read every shipped device profile."""
    from cosim.models import list_device_profiles, load_device_profile

    return _read_all(list_device_profiles(), load_device_profile)


def check_compiler() -> Finding:
    """Look for a C++ compiler, which only building needs."""
    subject = "C++ compiler"
    path = shutil.which("c++") or shutil.which("g++")
    if path is None:
        return Finding(subject, Status.OPTIONAL, "only to build cosim", "apt-get install g++")
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    except OSError as error:
        return Finding(subject, Status.OPTIONAL, f"{path}: {error}", "apt-get install g++")
    return Finding(subject, Status.OK, done.stdout.partition("\n")[0])


def _read_all(names: list[str], read: Callable[[str], object]) -> str:
    if not names:
        raise FileNotFoundError("none were installed")
    for name in names:
        read(name)
    return ", ".join(names)


def _guarded(subject: str, check: Callable[[], str], remedy: str) -> Finding:
    """Turn whatever a check raises into a row: a doctor who dies of a finding helps nobody."""
    try:
        return Finding(subject, Status.OK, check())
    except CosimError as error:
        return Finding(subject, Status.MISSING, error.message, error.hint or remedy)
    except Exception as error:
        return Finding(subject, Status.MISSING, f"{type(error).__name__}: {error}", remedy)


def _verdict(findings: list[Finding]) -> str:
    missing = [finding.subject for finding in findings if finding.status is Status.MISSING]
    if missing:
        return f"No run is possible until this is mended: {', '.join(missing)}."
    return "Everything that a run needs is here."


def _found(finding: Finding) -> str:
    return f"{finding.detail}; get it: {finding.remedy}" if finding.remedy else finding.detail


def _print_table(findings: list[Finding]) -> None:
    try:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError:  # what a doctor may find missing must not silence him
        for finding in findings:
            click.echo(f"{finding.subject}  {finding.status}  {_found(finding)}")
        return
    colours = {Status.OK: "green", Status.MISSING: "bold red", Status.OPTIONAL: "yellow"}
    table = Table(box=None, pad_edge=False)
    for heading in ("What", "Status", "Found"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        # Text, because rich would read the brackets of `hivemind-cosim[torch]` as markup.
        status = Text(finding.status, style=colours[finding.status])
        table.add_row(finding.subject, status, Text(_found(finding)))
    Console().print(table)
