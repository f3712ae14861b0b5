"""``cosim sweep``."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosim.cli.options import channel_cache_option

if TYPE_CHECKING:
    from cosim.sweep import SweepProgress, SweepResult
    from cosim.sweep.run import SweepCallback

_SHOWN_METRICS = ("tasks.done", "latency_s.mean", "latency_s.p95", "energy_j.mean")
_PLAIN_INTERVAL_S = 5.0


@click.command("sweep")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="SWEEP.toml")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Directory of the sweep; what is done in it is not run again. Default: runs/sweep-NAME.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Points at a time on this machine. Default: one for each core.",
)
@click.option(
    "--scheduler",
    metavar="tcp://HOST:PORT",
    help="Run the points on the workers of this Dask scheduler instead.",
)
@channel_cache_option
@click.option("--dry-run", is_flag=True, help="Only list the points, with their commands.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def sweep_command(
    file: Path,
    out: Path | None,
    workers: int | None,
    scheduler: str | None,
    channel_cache: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Run a scenario at all the settings and seeds that SWEEP.toml names.

    Only points that are missing are run, so the same command goes on after an interruption. Points
    that fail are tried again, then listed with their command; the others finish. See docs/sweep.md.
    """
    from cosim.cli.output import print_json, results_only_on_stdout
    from cosim.sweep import load_sweep, run_sweep

    with results_only_on_stdout():
        plan = load_sweep(file)
        directory = out or Path("runs") / f"sweep-{plan.name}"
        if dry_run:
            commands = {point.name: list(point.command) for point in plan.points}
        else:
            with _show_progress() as progress:
                result = run_sweep(
                    plan,
                    directory,
                    workers=workers,
                    scheduler=scheduler,
                    channel_cache=channel_cache,
                    progress=progress,
                )
    if dry_run:
        _print_points(commands, as_json)
        return
    if as_json:
        print_json(_as_json(result))
    else:
        _print_result(result, plan.keys)
    if result.failed:
        sys.exit(1)


def _print_points(commands: dict[str, list[str]], as_json: bool) -> None:
    import shlex

    from cosim.cli.output import print_json

    if as_json:
        print_json({"points": [{"name": n, "command": c} for n, c in commands.items()]})
        return
    for command in commands.values():
        click.echo(shlex.join(["cosim", *command]))


def _as_json(result: SweepResult) -> dict[str, object]:
    return {
        "directory": str(result.directory),
        "points": result.total,
        "done_before": result.skipped,
        "done_now": result.done,
        "wall_s": result.wall_s,
        "failed": [vars(point) for point in result.failed],
    }


def _print_result(result: SweepResult, keys: tuple[str, ...]) -> None:
    from cosim.cli.output import DASH, print_table

    shown = result.aggregate
    if not shown.empty:
        rows = [
            [
                *(DASH if row[key] is None else str(row[key]) for key in keys),
                str(row["metric"]),
                str(row["n"]),
                f"{row['mean']:.4g}",
                DASH if row["n"] < 2 else f"{row['ci_low']:.4g}",
                DASH if row["n"] < 2 else f"{row['ci_high']:.4g}",
            ]
            for row in shown[shown["metric"].isin(_SHOWN_METRICS)].to_dict("records")
        ]
        headings = [*(key.rpartition(".")[2] for key in keys), "metric"]
        print_table([*headings, "n", "mean", "95% from", "to"], rows, text_columns=len(headings))
        click.echo()
    click.echo(
        f"{result.total} points: {result.done} done now in {result.wall_s:.1f} s, "
        f"{result.skipped} done before, {len(result.failed)} failed"
    )
    for point in result.failed:
        click.echo(f"failed after {point.attempts} attempts: {point.problem}\n  {point.command}")
    click.echo(f"Results: {result.directory}")


@contextmanager
def _show_progress() -> Iterator[SweepCallback]:
    """A bar on a terminal, a line now and then elsewhere; on stderr."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield _PlainProgress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn("sweep"), BarColumn(), TextColumn("{task.fields[text]}"))
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("sweep", total=1, text="")

        def show(progress: SweepProgress) -> None:
            ended = progress.skipped + progress.done + progress.failed
            bar.update(task, total=progress.total, completed=ended, text=_text(progress))

        yield show


class _PlainProgress:
    def __init__(self) -> None:
        self._shown_s = 0.0

    def __call__(self, progress: SweepProgress) -> None:
        """Show it, unless it was shown a moment ago."""
        is_over = progress.skipped + progress.done + progress.failed == progress.total
        if not is_over and time.monotonic() - self._shown_s < _PLAIN_INTERVAL_S:
            return
        self._shown_s = time.monotonic()
        click.echo(_text(progress), err=True)


def _text(progress: SweepProgress) -> str:
    ended = progress.skipped + progress.done + progress.failed
    left = "" if progress.left_s is None else f", {progress.left_s:.0f} s to go"
    failed = f", {progress.failed} failed" if progress.failed else ""
    return f"{ended} of {progress.total} points{failed}{left}"
