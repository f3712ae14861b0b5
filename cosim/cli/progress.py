"""Progress on stderr: a bar on a terminal, a line for every tenth of the run elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

if TYPE_CHECKING:
    from cosim.runner import Progress as RunProgress
    from cosim.runner import ProgressCallback

_REDRAW_S = 0.1
_LINES = 10


@contextmanager
def show_progress() -> Iterator[ProgressCallback]:
    """Give a callback for `cosim.run` that shows how far it is, for any number of runs in turn."""
    if sys.stderr is None or not sys.stderr.isatty():  # None after 2>&-
        yield PlainProgress()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.2f}/{task.total:.2f} s  {task.fields[detail]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        yield BarProgress(bar)


class PlainProgress:
    """Prints a line whenever another tenth of a run is done."""

    def __init__(self) -> None:
        self._policy = ""
        self._shown = 0
        self._is_read = True

    def __call__(self, progress: RunProgress) -> None:
        """Show how far a run is."""
        if _is_new_run(progress, self._policy):
            self._policy, self._shown = progress.scenario.policy, 0
        tenth = int(_LINES * progress.simulated_s / progress.duration_s)
        if tenth <= self._shown or not self._is_read:
            return
        self._shown = tenth
        text = (
            f"{self._policy}: simulated {progress.simulated_s:.2f} of {progress.duration_s:.2f} s, "
            f"{_detail(progress)}"
        )
        try:
            click.echo(text, err=True)
        except OSError:  # whoever read stderr has gone, which is no reason to end a run
            self._is_read = False


class BarProgress:
    """Moves a bar of rich's, one for each run."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._policy = ""
        self._task: TaskID | None = None
        self._drawn_s = 0.0

    def __call__(self, progress: RunProgress) -> None:
        """Show how far a run is."""
        if self._task is None or _is_new_run(progress, self._policy):
            self._policy = progress.scenario.policy
            self._task = self._bar.add_task(self._policy, total=progress.duration_s, detail="")
        now_s = time.monotonic()
        if now_s - self._drawn_s < _REDRAW_S and progress.simulated_s < progress.duration_s:
            return  # thousands of steps a second
        self._drawn_s = now_s
        self._bar.update(self._task, completed=progress.simulated_s, detail=_detail(progress))


def _is_new_run(progress: RunProgress, policy: str) -> bool:
    return progress.scenario.policy != policy


def _detail(progress: RunProgress) -> str:
    speed = progress.simulated_s / progress.wall_s if progress.wall_s else 0.0
    return f"speed {speed:.2f}, {progress.tasks_done} tasks done"
