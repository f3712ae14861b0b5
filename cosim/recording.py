"""From what the engine tells to the rows of the result tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cosim.ledger import SciUpdate, TaskOutcome
from cosim.network.port import LinkReport
from cosim.nodes.records import CapacityForecast
from cosim.results import ForecastRecord, LinkRecord, RunWriter, SciRecord, TaskRecord

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
            hop_transfer_s=_all_seconds(task.hop_transfer_ns),
            hop_queue_s=_all_seconds(task.hop_queue_ns),
            hop_compute_s=_all_seconds(task.hop_compute_ns),
            output_error=task.output_error,
            expected_s=_seconds(task.expected_ns),
            status=task.status,
        )
        self._writer.add(row)
        if self._on_task is not None:
            self._on_task(task)

    def record_links(self, time_ns: int, links: tuple[LinkReport, ...]) -> None:
        """Write a row of ``links`` for each link."""
        # A quiet link gives the same report again, of which the cells are then worked out once.
        self._writer.add_block(LinkRecord, time_ns / _NS_PER_S, links, _cells)

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
            step_nodes=tuple(node for node, _ in update.steps),
            step_times_s=tuple(time_ns / _NS_PER_S for _, time_ns in update.steps),
        )
        self._writer.add(row)

    def record_forecast(self, forecast: CapacityForecast) -> None:
        """Write a row of ``forecasts``."""
        row = ForecastRecord(
            time_s=forecast.time_ns / _NS_PER_S,
            node=forecast.node,
            link=forecast.link,
            ahead_s=forecast.ahead_ns / _NS_PER_S,
            capacity_bps=forecast.capacity_bps,
        )
        self._writer.add(row)


def _cells(report: LinkReport) -> tuple[Any, ...]:
    """The columns of `LinkRecord` after the time."""
    return (
        report.link,
        report.transmitter,
        report.receiver,
        report.capacity_bps,
        report.latency_ns / _NS_PER_S,
        report.queue_bytes,
        report.queue_delay_ns / _NS_PER_S,
        report.hol_delay_ns / _NS_PER_S,
        report.mcs,
        report.sinr_db,
        report.used_fraction,
    )


def _seconds(time_ns: int | None) -> float | None:
    return None if time_ns is None else time_ns / _NS_PER_S


def _all_seconds(times_ns: tuple[int, ...] | None) -> tuple[float, ...] | None:
    return None if times_ns is None else tuple(time_ns / _NS_PER_S for time_ns in times_ns)
