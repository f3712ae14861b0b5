"""``cosim compare``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from cosim.cli.options import channel_cache_option, decision_limit_option, run_options


def _split_names(
    _context: click.Context, _parameter: click.Parameter, value: str
) -> tuple[str, ...]:
    names = tuple(name for part in value.split(",") if (name := part.strip()))
    if not names:
        raise click.BadParameter("names no policy")
    return names


@click.command("compare")
@run_options
@channel_cache_option
@decision_limit_option
@click.option(
    "--policies",
    default="hivemind,ue-only,cloud-only,single-split,edge-only",
    show_default=True,
    callback=_split_names,
    metavar="A,B,C",
    help="Policies to compare, separated by commas; see `cosim list policies`.",
)
def compare_command(
    scenario: str, out: Path | None, as_json: bool, replace: bool, **chosen: Any
) -> None:
    """Run SCENARIO once for each policy, on the same channel, and compare them.

    SCENARIO is the name of a built-in scenario (see `cosim list scenarios`) or the path of a TOML
    file. The default is mmwave-iab. Each policy's results go to a directory of its own.
    """
    from cosim import api
    from cosim.cli.output import print_json, results_only_on_stdout
    from cosim.cli.progress import show_progress
    from cosim.cli.report import print_comparison

    with show_progress() as progress, results_only_on_stdout():
        comparison = api.compare(
            scenario,
            out=out,
            replace=replace,
            progress=progress,
            command=("cosim", *sys.argv[1:]),
            **chosen,
        )
    if as_json:
        print_json({**comparison.summary(), "directory": str(comparison.directory)})
    else:
        print_comparison(comparison)
