"""What became of tasks and of SCI updates, put together from what the nodes record."""

from __future__ import annotations

from typing import Final, Literal, Protocol

import msgspec

from cosim.network.port import LinkReport
from cosim.nodes.records import (
    CapacityForecast,
    MessageDropped,
    NodeRecord,
    SciStep,
    TaskExpected,
    TaskFinished,
    TaskStarted,
    TaskTimedOut,
)

# An update is reported when this many newer ones have begun; what still happens of it is not told.
_SCI_WINDOW: Final = 16


class TaskOutcome(msgspec.Struct, frozen=True):
    """What became of one task; all after `start_ns` is None when it was not finished in the run."""

    task_id: int
    ue: str
    policy: str
    status: Literal["done", "unfinished"]
    start_ns: int
    latency_ns: int | None = None
    compute_ns: int | None = None
    transfer_ns: int | None = None
    queue_ns: int | None = None
    energy_j: float | None = None
    boundaries: tuple[int, ...] | None = None
    route: tuple[str, ...] | None = None
    hop_transfer_ns: tuple[int, ...] | None = None
    hop_queue_ns: tuple[int, ...] | None = None
    hop_compute_ns: tuple[int, ...] | None = None
    output_error: float | None = None
    expected_ns: int | None = None


class SciUpdate(msgspec.Struct, frozen=True):
    """One SCI update.

    Attributes
    ----------
    update_id, start_ns
        Its number, and when the sink began it. Number 0 is what nodes told before they had heard of
        any update.
    last_receipt_ns
        When the last UE was reached by the wave; None when none was.
    messages, message_bytes
        All that was sent for it: one message for each edge of the tree, and what newly attached
        UEs, or nodes cut off from the sink, needed besides.
    wall_ns
        Real time that all nodes' policies took together. Not reproducible.
    steps
        Each node that took part and when, in order of time; twice when it had to repeat itself.
    """

    update_id: int
    start_ns: int
    last_receipt_ns: int | None
    messages: int
    message_bytes: int
    wall_ns: int
    steps: tuple[tuple[str, int], ...]


class Recorder(Protocol):
    """Keeps what happens."""

    def record_task(self, task: TaskOutcome) -> None:
        """A task has ended, or the run has, and the task not."""

    def record_links(self, time_ns: int, links: tuple[LinkReport, ...]) -> None:
        """The network's periodic report."""

    def record_sci(self, update: SciUpdate) -> None:
        """An SCI update is over."""

    def record_forecast(self, forecast: CapacityForecast) -> None:
        """A node told its costs with the capacity that it expects of a link."""


class _OpenUpdate(msgspec.Struct):
    """An SCI update that is still being told of; fields as those of `SciUpdate`."""

    start_ns: int
    last_receipt_ns: int | None = None
    messages: int = 0
    message_bytes: int = 0
    wall_ns: int = 0
    steps: list[tuple[str, int]] = msgspec.field(default_factory=list)


class Ledger:
    """Puts the nodes' records together to outcomes of tasks and of SCI updates."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._open: dict[int, TaskStarted] = {}
        self._expected_ns: dict[int, int] = {}
        self._updates: dict[int, _OpenUpdate] = {}
        self._oldest_update = 0
        self.started = 0
        self.done = 0
        self.timed_out = 0
        self.dropped = 0

    def note(self, record: NodeRecord) -> None:
        match record:
            case SciStep():  # the most frequent first
                self._sci(record)
            case TaskStarted():
                self.started += 1
                self._open[record.task_id] = record
            case TaskExpected(task_id, latency_ns):
                self._expected_ns[task_id] = latency_ns
            case TaskFinished():
                self._finish(record)
            case CapacityForecast():
                self._recorder.record_forecast(record)
            case TaskTimedOut():
                self.timed_out += 1
            case MessageDropped():
                self.dropped += 1

    def close(self) -> None:
        """Tell the recorder what is left: the tasks not finished, the last updates."""
        for task in self._open.values():
            expected_ns = self._expected_ns.get(task.task_id)
            values = msgspec.structs.asdict(task)
            self._recorder.record_task(
                TaskOutcome(status="unfinished", expected_ns=expected_ns, **values)
            )
        self._open.clear()
        for update_id in sorted(self._updates):
            self._report_update(update_id)

    def _finish(self, record: TaskFinished) -> None:
        if self._open.pop(record.task_id, None) is None:
            return  # the same task a second time
        self.done += 1
        expected_ns = self._expected_ns.pop(record.task_id, None)
        values = msgspec.structs.asdict(record)
        self._recorder.record_task(TaskOutcome(status="done", expected_ns=expected_ns, **values))

    def _sci(self, step: SciStep) -> None:
        if step.update_id < self._oldest_update:
            return
        update = self._updates.get(step.update_id)
        if update is None:
            update = self._updates[step.update_id] = _OpenUpdate(step.started_ns)
        if step.at_source and not step.mending:
            update.last_receipt_ns = step.time_ns
        update.messages += step.messages
        update.message_bytes += step.message_bytes
        update.wall_ns += step.wall_ns
        update.steps.append((step.node, step.time_ns))
        while self._oldest_update + _SCI_WINDOW < step.update_id:
            self._report_update(self._oldest_update)
            self._oldest_update += 1

    def _report_update(self, update_id: int) -> None:
        over = self._updates.pop(update_id, None)
        if over is not None:
            values = msgspec.structs.asdict(over) | {"steps": tuple(over.steps)}
            self._recorder.record_sci(SciUpdate(update_id, **values))
