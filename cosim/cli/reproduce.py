"""``cosim reproduce``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cosim.reproduce import Page


@click.command("reproduce")
@click.argument("figure", metavar="FIG|all")
@click.option(
    "--backend",
    type=click.Choice(["ns3", "simplified"]),
    default="simplified",
    show_default=True,
    help="Network that the runs are made on.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Directory for pictures, claims and runs; what lies there already is not made again. "
    "Default: runs/reproduce-BACKEND.",
)
@click.option("--again", is_flag=True, help="Make figures anew that are there; runs are kept.")
@click.option(
    "--doc",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the table of claims to this Markdown file too.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the claims as a JSON list only.")
def reproduce_command(
    figure: str, backend: str, out: Path | None, again: bool, doc: Path | None, as_json: bool
) -> None:
    """Make a figure of the HiveMind paper anew, and compare its numbers and statements.

    FIG is 2, 6, 11 to 19, table1, text (what the paper says outside its figures), or all. A run
    that was stopped goes on where it was.
    """
    from cosim.cli.output import print_json
    from cosim.reproduce import figure_names, reproduce
    from cosim.reproduce.markdown import write_markdown

    directory = out or Path("runs") / f"reproduce-{backend}"
    pages = reproduce(
        figure_names(figure),
        backend=backend,
        directory=directory,
        again=again,
        tell=lambda line: click.echo(line, err=True),
    )
    if doc is not None:
        write_markdown(doc, pages)
    if as_json:
        print_json([claim for page in pages for claim in page.claims])
    else:
        for page in pages:
            _print_page(page, directory)


def _print_page(page: Page, directory: Path) -> None:
    from cosim.reproduce import picture_path
    from cosim.reproduce.markdown import show_value

    kept = sum(claim.holds for claim in page.claims)
    click.echo(f"Figure {page.figure}: {page.title} ({kept} of {len(page.claims)} claims hold)")
    for claim in page.claims:
        click.echo(f"  {'holds' if claim.holds else 'FAILS'}  {claim.claim}")
        ratio = "" if claim.ratio is None else f", ratio {claim.ratio:.2f}"
        click.echo(
            f"         paper {show_value(claim.paper)}, ours {show_value(claim.ours)}{ratio}"
        )
        if claim.reason:
            click.echo(f"         why: {claim.reason}")
    click.echo(f"  picture: {picture_path(directory, page.figure)}\n")
