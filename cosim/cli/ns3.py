"""``cosim ns3``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from cosim.cli.options import FiniteRange


@click.command("ns3")
@click.option(
    "--connect",
    "endpoint",
    required=True,
    metavar="tcp://HOST:PORT",
    help="Where the controllers' side listens: its COSIM_NS3_LISTEN.",
)
@click.option(
    "--secret",
    "secret_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File with the session secret. Default: the one that COSIM_SESSION_SECRET_FILE names.",
)
@click.option(
    "--patience",
    "patience_s",
    type=FiniteRange(min=0.1),
    default=120.0,
    show_default=True,
    metavar="S",
    help="Longest time to wait for the controllers' side, in s.",
)
def ns3_command(endpoint: str, secret_path: Path | None, patience_s: float) -> None:
    """Be the ns-3 of one run whose controllers are elsewhere, over TCP.

    There, COSIM_NS3_LISTEN=tcp://HOST:PORT and COSIM_SESSION_SECRET_FILE make `cosim run` wait for
    this one instead of starting its own. Exit code 0: the run was finished in good order.
    """
    from cosim.network.ns3.program import find_program
    from cosim.network.ns3.remote import SECRET_VARIABLE, checked_endpoint, read_secret

    path = str(secret_path) if secret_path else os.environ.get(SECRET_VARIABLE)
    read_secret(path)
    program = str(find_program())
    arguments = [
        program,
        f"--endpoint={checked_endpoint(endpoint)}",
        f"--secret-file={path}",
        f"--deadline-ms={round(patience_s * 1000)}",
    ]
    os.execv(program, arguments)
