"""``cosim validate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosim.cli.options import POSITIVE, parse_overrides

if TYPE_CHECKING:
    from cosim.validation import Row, Validation


@click.command("validate")
@click.argument("scenario", default="chain3")
@click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True, help="How many.")
@click.option(
    "--duration",
    "duration_s",
    type=POSITIVE,
    metavar="S",
    help="Simulated time of each run, in seconds.",
)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    callback=parse_overrides,
    metavar="KEY.PATH=VALUE",
    help="Change one value of the scenario; may be given many times.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Directory for the runs and the picture. Default: runs/validate-SCENARIO.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.pass_context
def validate_command(
    context: click.Context,
    scenario: str,
    seeds: int,
    duration_s: float | None,
    overrides: tuple[tuple[str, str], ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Run SCENARIO on ns-3 and on the simplified simulator, and say how far they are apart.

    The same scenario, policies and seeds; capacities, times of transfers, latencies, plans and the
    ranking of policies, with 95 % confidence intervals. Exit code 1 when a margin that the scenario
    declares (its table `validation`) is exceeded. The default is chain3, where nothing moves; where
    something does, or the tree changes, the difference is attributed to its causes.
    """
    from cosim.assembly import resolve_scenario
    from cosim.cli.output import print_json
    from cosim.validation import validate
    from cosim.validation.draw import draw

    chosen = resolve_scenario(scenario, duration_s=duration_s, overrides=overrides)
    directory = out or Path("runs") / f"validate-{chosen.name}"
    found = validate(
        chosen,
        seeds=seeds,
        directory=directory,
        tell=lambda line: click.echo(line, err=True),
    )
    picture = directory / "validation.png"
    draw(found, picture)
    if as_json:
        parts = {"scenario": chosen.name, "holds": found.holds, "picture": str(picture)}
        print_json({**parts, "rows": found.rows, "causes": found.causes})
    else:
        _print(found, picture)
    context.exit(0 if found.holds else 1)


def _print(found: Validation, picture: Path) -> None:
    from cosim.cli.output import number, print_table

    seeds = len(found.pairs.seeds)
    runs = f"{len(found.pairs.policies)} policies, {seeds} {'seed' if seeds == 1 else 'seeds'}"
    click.echo(f"{found.scenario.name}: ns-3 and simplified, {runs}\n")
    capacity = [row for row in found.rows if row.metric == "capacity"]
    headings = ["Mbps", "Table I", "ns-3", "simplified", "apart %", "95 % CI", "margin"]
    print_table(headings, map(_capacity_row, capacity))
    click.echo()
    _print_probes(found)
    others = [row for row in found.rows if row.metric not in ("capacity", "transfer")]
    headings = ["ms, of tasks", "ns-3", "simplified", "apart %", "95 % CI", "margin"]
    print_table(headings, map(_row, others))
    if found.causes:
        whole = number(found.causes[0].without + found.causes[0].part, 1, 100)
        click.echo(
            f"\nWhat makes the mean hop time {whole} % apart with seed {found.pairs.seeds[0]} "
            f"({', '.join(found.attributed)});\nwithout it, and its part:"
        )
        for cause in found.causes:
            without, part = number(cause.without, 1, 100), number(cause.part, 1, 100)
            click.echo(f"  {without:>6} % {part:>6} points  {cause.cause}")
    exceeded = [f"{row.metric} {row.what}" for row in found.rows if not row.holds]
    verdict = "all margins are kept" if found.is_judged else "the scenario declares no margin"
    if exceeded:
        verdict = f"margins exceeded: {', '.join(exceeded)}"
    click.echo(f"\n{verdict}\nPicture: {picture}")


def _print_probes(found: Validation) -> None:
    """Hop by hop, a column for each size: what both networks take."""
    from cosim.cli.output import DASH, number, print_table

    cells: dict[str, dict[float, str]] = {}
    for group in found.probes:
        both = (number(times.mean() * 1e3) for times in (group.ns3_s, group.simplified_s))
        cells.setdefault(group.hop, {})[group.size_bytes] = " / ".join(both)
    sizes = sorted({group.size_bytes for group in found.probes})
    if sizes:
        click.echo("One transfer over a hop in ms, ns-3 / simplified:")
        headings = ["hop", *(f"{size / 1e3:g} kB" for size in sizes)]
        rows = ([hop, *(own.get(size, DASH) for size in sizes)] for hop, own in cells.items())
        print_table(headings, rows)
        click.echo()


def _capacity_row(row: Row) -> list[str]:
    pairs = (
        (row.paper, row.paper_std),
        (row.ns3, row.ns3_std),
        (row.simplified, row.simplified_std),
    )
    return [row.what, *(_with_spread(*pair) for pair in pairs), *_judgement(row)]


def _with_spread(mean: float | None, std: float | None) -> str:
    from cosim.cli.output import DASH, number

    return DASH if mean is None else f"{number(mean)} ({number(std)})"


def _row(row: Row) -> list[str]:
    from cosim.cli.output import number

    is_hop = row.metric == "hop time" and row.ns3 is not None
    name = row.what if is_hop else f"{row.metric}: {row.what}"
    return [name, number(row.ns3), number(row.simplified), *_judgement(row)]


def _judgement(row: Row) -> list[str]:
    from cosim.cli.output import DASH, number

    # A tau is no fraction of something.
    digits, scale = (3, 1.0) if row.metric == "ranking" else (1, 100.0)
    value, low, high = (number(x, digits, scale) for x in (row.difference, row.low, row.high))
    margin = DASH
    if row.margin is not None:
        margin = f"{row.margin * scale:g} {'ok' if row.holds else 'NO'}"
    return [value, f"{low}..{high}", margin]
