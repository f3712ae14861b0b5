"""``cosim run``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from cosim.cli.options import channel_cache_option, decision_limit_option, run_options


@click.command("run")
@run_options
@channel_cache_option
@decision_limit_option
@click.option(
    "--policy", metavar="NAME", help="Who decides where to split; see `cosim list policies`."
)
@click.option(
    "--task",
    type=click.Choice(["inference", "training", "federated", "distributed", "qmix"]),
    help="What is split: inferences, training steps (forward, backward, parameters that move), or "
    "the steps of agents that merge their parameters.",
)
@click.option(
    "--record", is_flag=True, help="Keep all exchanges with the network, for `cosim replay`."
)
@click.option(
    "--execute",
    is_flag=True,
    help="Really run the model, part by part: its tensors' bytes cross the network, and each "
    "output must be that of the unsplit model, bit by bit (needs torch).",
)
@click.option(
    "--timing",
    type=click.Choice(["profile", "measured"]),
    help="With --execute: what computing takes, as the profile says or as measured meanwhile.",
)
@click.option(
    "--devices",
    metavar="SET",
    help="Exchange all nodes' devices for those of a set; see `cosim list device-sets`.",
)
def run_command(
    scenario: str,
    out: Path | None,
    as_json: bool,
    replace: bool,
    task: str | None,
    execute: bool,
    timing: str | None,
    devices: str | None,
    **chosen: Any,
) -> None:
    """Simulate SCENARIO, and report on the split tasks in it.

    SCENARIO is the name of a built-in scenario (see `cosim list scenarios`) or the path of a TOML
    file. The default is mmwave-iab.
    """
    from cosim import api
    from cosim.cli.output import print_json, results_only_on_stdout
    from cosim.cli.progress import show_progress
    from cosim.cli.report import print_run

    texts = {
        "task.kind": task,
        "task.timing": timing,
        "task.execute": "true" if execute else None,
        "device_set": devices,
    }
    wishes = [(key, text) for key, text in texts.items() if text is not None]
    chosen["overrides"] = (*chosen["overrides"], *wishes)
    with show_progress() as progress, results_only_on_stdout():
        result = api.run(
            scenario,
            out=out,
            replace=replace,
            progress=progress,
            command=("cosim", *sys.argv[1:]),
            **chosen,
        )
    if as_json:
        print_json({**result.summary(), "directory": str(result.directory)})
    else:
        print_run(result)
