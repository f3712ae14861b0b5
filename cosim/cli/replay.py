"""``cosim replay``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cosim.replaying import Side

_SIDES: tuple[Side, ...] = ("controllers", "network")


@click.command("replay")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option(
    "--side",
    type=click.Choice([*_SIDES, "both"]),
    default="both",
    show_default=True,
    help="Which side to run again; the record plays the other.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def replay_command(directory: Path, side: str, as_json: bool) -> None:
    """Do the run in DIR again from its record, and stop where it parts from it.

    The run must have been made with `cosim run --record`. The controllers run again with what the
    network answered, the network with what the controllers asked. The first exchange that is not as
    recorded ends the replay with exit code 1.
    """
    from cosim import api
    from cosim.cli.output import print_json, results_only_on_stdout

    sides = [name for name in _SIDES if side in (name, "both")]
    with results_only_on_stdout():
        replays = api.replay(directory, sides=sides)
    if as_json:
        print_json({"replays": replays})
        return
    for each in replays:
        end = "" if each.is_whole else ", where the record of a failed run ends"
        click.echo(
            f"{each.side}: {each.exchanges} exchanges as recorded, to {each.simulated_s:.6f} s{end}"
        )
