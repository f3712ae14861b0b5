"""The options that several commands share."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from cosim.scenario.overrides import split_override

_F = TypeVar("_F", bound=Callable[..., Any])


class FiniteRange(click.FloatRange):
    """A range of numbers: ``nan`` and ``inf``, which are floats too, are outside."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number", param, ctx)
        return number


POSITIVE: Final = FiniteRange(min=0, min_open=True)


def run_options(command: _F) -> _F:
    """Add SCENARIO and everything that says how to run it."""
    for add in reversed(_OPTIONS):
        command = add(command)
    return command


def parse_overrides(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """Split each ``--set`` at its equals sign."""
    return tuple(split_override(value) for value in values)


def channel_cache_option(command: _F) -> _F:
    """Add the place where channels are kept."""
    return click.option(
        "--channel-cache",
        metavar="DIR|off",
        help="Where ns-3's channels are kept for other runs on the same network and seed; results "
        "are the same without. Default: $COSIM_CHANNEL_CACHE, else ~/.cache/cosim/channels.",
    )(command)


def decision_limit_option(command: _F) -> _F:
    """Add how long a policy may take; an agent of `cosim gym` has its own patience instead."""
    return click.option(
        "--decision-limit",
        "decision_limit_s",
        type=POSITIVE,
        default=30.0,
        show_default=True,
        metavar="S",
        help="Real time after which a policy that does not return ends the run, in seconds.",
    )(command)


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.argument("scenario", default="mmwave-iab"),
    click.option("--model", metavar="NAME", help="Model to split; see `cosim list models`."),
    click.option(
        "--load",
        type=click.Choice(["low", "mid", "high"]),
        help="Level of everybody else's traffic.",
    ),
    click.option(
        "--backend",
        type=click.Choice(["ns3", "simplified"]),
        default="ns3",
        show_default=True,
        help="Network: ns-3's packets, or the paper's level of detail, some 100 times as fast.",
    ),
    click.option(
        "--duration",
        "duration_s",
        type=POSITIVE,
        metavar="S",
        help="Simulated time, in seconds.",
    ),
    click.option(
        "--seed",
        type=click.IntRange(min=0),
        metavar="N",
        help="Seed of everything random: same seed, same run.",
    ),
    click.option(
        "--set",
        "overrides",
        multiple=True,
        callback=parse_overrides,
        metavar="KEY.PATH=VALUE",
        help="Change one value of the scenario, for example radio.bandwidth='50 MHz' or "
        "nodes.ue.speed='10 m/s'. May be given many times.",
    ),
    click.option(
        "--out",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        help="Directory for the results, new or empty. Default: a new one under runs/.",
    ),
    click.option(
        "--force", "replace", is_flag=True, help="Replace an earlier run in the directory of --out."
    ),
    click.option(
        "--json",
        "as_json",
        is_flag=True,
        help="Print the summary as one JSON object on stdout, and nothing else there.",
    ),
)
