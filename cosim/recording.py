"""From what the engine tells to the rows of the result tables."""

from __future__ import annotations

from collections.abc import Callable

from cosim.engine import SciUpdate, TaskOutcome
from cosim.network.port import LinkReport
from cosim.results import LinkRecord, RunWriter, SciRecord, TaskRecord

_NS_PER_S = 1e9


class ResultRecorder:
    """The engine's `Recorder` that fills a run directory.

    Parameters
    ----------
    writer
        Of the directory.
    on_task
        Called with every task as it ends.
    """

    def __init__(
        self, writer: RunWriter, on_task: Callable[[TaskOutcome], None] | None = None
    ) -> None:
        self._writer = writer
        self._on_task = on_task

    def record_task(self, task: TaskOutcome) -> None:
        """Write a row of ``tasks``."""
        row = TaskRecord(
            task_id=task.task_id,
            ue=task.ue,
            policy=task.policy,
            start_s=task.start_ns / _NS_PER_S,
            latency_s=_seconds(task.latency_ns),
            compute_s=_seconds(task.compute_ns),
            transfer_s=_seconds(task.transfer_ns),
            queue_s=_seconds(task.queue_ns),
            energy_j=task.energy_j,
            boundaries=task.boundaries,
            route=task.route,
            output_error=task.output_error,
            status=task.status,
        )
        self._writer.add(row)
        if self._on_task is not None:
            self._on_task(task)

    def record_links(self, time_ns: int, links: tuple[LinkReport, ...]) -> None:
        """Write a row of ``links`` for each link."""
        for link in links:
            row = LinkRecord(
                time_s=time_ns / _NS_PER_S,
                link=link.link,
                transmitter=link.transmitter,
                receiver=link.receiver,
                capacity_bps=link.capacity_bps,
                latency_s=link.latency_ns / _NS_PER_S,
                queue_bytes=link.queue_bytes,
                queue_delay_s=link.queue_delay_ns / _NS_PER_S,
                hol_delay_s=link.hol_delay_ns / _NS_PER_S,
                mcs=link.mcs,
                sinr_db=link.sinr_db,
                used_fraction=link.used_fraction,
            )
            self._writer.add(row)

    def record_sci(self, update: SciUpdate) -> None:
        """Write a row of ``sci``."""
        duration_ns = None
        if update.last_receipt_ns is not None:
            duration_ns = update.last_receipt_ns - update.start_ns
        row = SciRecord(
            update_id=update.update_id,
            start_s=update.start_ns / _NS_PER_S,
            duration_s=_seconds(duration_ns),
            messages=update.messages,
            bytes=update.message_bytes,
            compute_wall_s=update.wall_ns / _NS_PER_S,
        )
        self._writer.add(row)


def _seconds(time_ns: int | None) -> float | None:
    return None if time_ns is None else time_ns / _NS_PER_S
