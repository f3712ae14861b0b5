"""``cosim gym``."""

from __future__ import annotations

import sys
from typing import Any

import click

from cosim.cli.options import POSITIVE, run_options


@click.command("gym")
@run_options
@click.option(
    "--port",
    "--openGymPort",
    type=click.IntRange(1, 65535),
    default=5555,
    show_default=True,
    help="TCP port on this machine at which the agent waits.",
)
@click.option("--simSeed", "sim_seed", type=click.IntRange(min=0), help="The same as --seed.")
@click.option(
    "--wait",
    "arrival_s",
    type=POSITIVE,
    default=60.0,
    show_default=True,
    metavar="S",
    help="Longest time to wait for an agent to come, in s.",
)
@click.option(
    "--patience",
    "decision_s",
    type=POSITIVE,
    default=600.0,
    show_default=True,
    metavar="S",
    help="Longest time to wait for each of its decisions, in s.",
)
def gym_command(
    scenario: str,
    port: int,
    arrival_s: float,
    decision_s: float,
    sim_seed: int | None,
    backend: str,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Run SCENARIO as an ns3-gym simulation: an agent decides where nodes split.

    The agent, a program written for the ns3gym package, waits at a port; it may have started this
    command itself, which therefore takes --openGymPort=P and --simSeed=S. A step is one split
    decision, and the run is the episode. See docs/agents.md for what is observed and rewarded.
    """
    from cosim.backends import port_factory_of
    from cosim.cli.extras import needs_extra
    from cosim.cli.output import print_json, results_only_on_stdout
    from cosim.cli.report import print_run

    with needs_extra("gym"):
        from cosim.gym.ns3gym.simulation import AgentStoppedError, Patience, simulate

    if sim_seed is not None:
        chosen["seed"] = sim_seed
    names = ("model", "load", "duration_s", "seed", "overrides")
    scenario_options = {name: chosen.pop(name) for name in names}
    try:
        with results_only_on_stdout():
            result = simulate(
                port,
                scenario,
                patience=Patience(arrival_s, decision_s),
                port_factory=port_factory_of(backend, patience_s=decision_s),
                scenario_options=scenario_options,
                run_options={**chosen, "backend": backend, "command": ("cosim", *sys.argv[1:])},
            )
    except AgentStoppedError as stopped:  # an agent's good right, not a failure
        click.echo(str(stopped), err=True)
        return
    if as_json:
        print_json({**result.summary(), "directory": str(result.directory)})
    else:
        print_run(result)
