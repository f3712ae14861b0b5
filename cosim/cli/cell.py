"""``cosim cell``."""

from __future__ import annotations

from typing import Any

import click

from cosim.cli.options import POSITIVE, FiniteRange

_NO_MORE_THAN = 65_000  # addresses in the radio network
_LARGEST_SEED = 2**32 - 1  # of the program, as of ns-3's RngRun in it
_FASTEST_MBPS = 1_000_000  # of what is offered: a packet each 11 ns
_LONGEST_MS = 1e6  # of a status report: beyond any run
_FASTEST_MPS = 1_000  # of the UEs: far beyond the 500 km/h of TR 38.901 7.1


def parse_distances(
    _context: click.Context, _parameter: click.Parameter, value: str
) -> tuple[float, float]:
    """Read ``LO:HI``, or one number for both, in m."""
    low, colon, high = value.partition(":")
    try:
        pair = float(low), float(high if colon else low)
    except ValueError as error:
        raise click.BadParameter(f"'{value}' is not of the form LO:HI, in metres") from error
    if not 0 < pair[0] <= pair[1] < float("inf"):
        raise click.BadParameter(f"'{value}' is no range of distances above 0")
    return pair


def _parse_tdd(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not value:
        raise click.BadParameter("needs a letter at least, of D, S, U and F")
    return value


@click.command("cell")
@click.option("--ues", type=click.IntRange(1, _NO_MORE_THAN), default=1, help="Number of UEs.")
@click.option("--relays", type=click.IntRange(0, 64), default=0, help="IAB nodes in between.")
@click.option(
    "--layout",
    type=click.Choice(["chain", "star"]),
    default="chain",
    help="Relays one behind the other, or around the donor, each with its share of the UEs.",
)
@click.option(
    "--bandwidth-mhz", type=click.IntRange(1, 10_000), default=100, help="Channel, in MHz."
)
@click.option("--numerology", type=click.IntRange(0, 4), default=3, help="Numerology.")
@click.option("--carrier-ghz", type=FiniteRange(0.5, 100), default=28.0, help="Carrier, in GHz.")
@click.option(
    "--tdd",
    callback=_parse_tdd,
    default="F",
    help="TDD pattern, one letter (D, S, U, F for either) a slot.",
)
@click.option(
    "--offered-mbps",
    type=FiniteRange(0, _FASTEST_MBPS, min_open=True),
    default=10.0,
    help="UDP of all UEs together.",
)
@click.option("--direction", type=click.Choice(["ul", "dl"]), default="ul", help="Of the UDP.")
@click.option(
    "--distance-m",
    callback=parse_distances,
    default="50:150",
    metavar="LO:HI",
    help="UEs to their cell, in m.",
)
@click.option(
    "--condition",
    type=click.Choice(["los", "nlos", "auto"]),
    default="los",
    help="Line of sight of the UEs.",
)
@click.option(
    "--speed-mps",
    type=FiniteRange(0, _FASTEST_MPS),
    default=0.0,
    help="Of the UEs, outward, in m/s.",
)
@click.option(
    "--half-duplex",
    type=click.Choice(["none", "by-depth", "dynamic"]),
    default="by-depth",
    help="How relays keep from sending and receiving at once.",
)
@click.option(
    "--scheduler",
    type=click.Choice(["proportional-fair", "round-robin", "max-rate"]),
    default="proportional-fair",
    help="Of all cells.",
)
@click.option(
    "--sharing",
    type=click.Choice(["time", "frequency"]),
    default="time",
    help="Of a slot among UEs.",
)
@click.option(
    "--scheduling-request/--no-scheduling-request",
    default=True,
    help="Whether an idle uplink must ask before it sends.",
)
@click.option(
    "--buffer-report/--no-buffer-report",
    default=False,
    help="Whether it must then report its buffer before it sends data.",
)
@click.option(
    "--harq-processes",
    type=click.IntRange(1, 32),
    default=16,
    help="Blocks of a UE and direction under way at a time.",
)
@click.option(
    "--harq-transmissions",
    type=click.IntRange(1, 16),
    default=4,
    help="Of a block, till HARQ gives it up.",
)
@click.option(
    "--rlc",
    type=click.Choice(["acknowledged", "unacknowledged"]),
    default="acknowledged",
    help="Whether RLC sends again what HARQ gave up.",
)
@click.option(
    "--rlc-status-delay-ms",
    type=FiniteRange(0, _LONGEST_MS),
    default=2.0,
    help="From HARQ giving up to RLC sending again.",
)
@click.option("--duration", "duration_s", type=POSITIVE, default=1.0, help="Simulated time in s.")
@click.option(
    "--seed", type=click.IntRange(0, _LARGEST_SEED), default=1, help="Seed of everything random."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def cell_command(as_json: bool, **setup: Any) -> None:
    """Measure the radio stack alone: UEs behind a chain of relays, without controllers."""
    from cosim.cli.output import DASH, print_json, print_table
    from cosim.network.ns3.cell import CellSetup, run_cell

    result = run_cell(CellSetup(**setup))
    if as_json:
        print_json(result)
        return
    rows = []
    for name, value in result.items():
        values = value if isinstance(value, list) else [value]
        shown = [DASH if v is None else f"{v:g}" for v in values[:8]]
        more = f" ... ({len(values)} in all)" if len(values) > len(shown) else ""
        rows.append([name, ", ".join(shown) + more])
    print_table(["measure", "value"], rows, text_columns=2)
