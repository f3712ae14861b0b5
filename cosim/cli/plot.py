"""``cosim plot``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("plot")
@click.argument(
    "directories",
    nargs=-1,
    required=True,
    metavar="DIR...",
    type=click.Path(path_type=Path, file_okay=False),
)
@click.option(
    "--kind",
    type=click.Choice(["cdf", "timeline", "links", "map"]),
    required=True,
    help="Distributions by policy, one task hop by hop, capacity of links, or the network.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
    help="The picture; its ending says the format: .png, or .pdf and .svg for papers.",
)
@click.option("--run", metavar="LABEL", help="Which run to draw, as `cosim report` calls it.")
@click.option(
    "--task",
    type=click.IntRange(min=0),
    metavar="N",
    help="Which task to draw as a timeline. Default: the slowest.",
)
def plot_command(
    directories: tuple[Path, ...], kind: str, out: Path, run: str | None, task: int | None
) -> None:
    """Draw one picture of the runs in each DIR, for a paper.

    DIR is what `cosim run` or `cosim compare` made, or a directory of such. A kind that shows one
    run takes HiveMind's, or the first.
    """
    from cosim.cli.output import short_path
    from cosim.report.figures import write_figure

    click.echo(f"Picture: {short_path(write_figure(directories, kind, out, run=run, task=task))}")
