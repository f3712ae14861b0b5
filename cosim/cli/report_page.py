"""``cosim report``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("report")
@click.argument(
    "directories",
    nargs=-1,
    required=True,
    metavar="DIR...",
    type=click.Path(path_type=Path, file_okay=False),
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The page. Default: report.html in DIR, or here when there are several. Overwritten.",
)
@click.option(
    "--details",
    type=click.IntRange(min=1),
    default=12,
    show_default=True,
    metavar="N",
    help="Show so many runs in detail; those beyond are in the curves and the summary only.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print what was written as one JSON object on stdout, and nothing else there.",
)
def report_command(
    directories: tuple[Path, ...], out: Path | None, details: int, as_json: bool
) -> None:
    """Write one HTML page about the runs in each DIR.

    DIR is what `cosim run` or `cosim compare` made, or a directory of such. Runs of a policy that
    differ in the seed only make one curve. The page needs no network and no other file; a run that
    failed is shown as far as it got.
    """
    from cosim.cli.output import print_json, short_path
    from cosim.report import write_report

    written = write_report(directories, out, detailed=details)
    if as_json:
        print_json(written)
    else:
        runs = f"{written.runs} run{'' if written.runs == 1 else 's'}"
        where = short_path(Path(written.report))
        click.echo(f"Report on {runs} ({written.bytes / 1e6:.1f} MB): {where}")
