"""The rows of the result tables, and the tables' columns.

Seconds in a table are the exact ns of the run divided by 1e9. No wall-clock value stands in a table
that two runs are compared by; the one exception is ``sci.compute_wall_s``, as its name says.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec
import pyarrow as pa

TaskStatus = Literal["done", "unfinished"]


class TaskRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One split task; what only a finished task has is None in an unfinished one.

    Attributes
    ----------
    latency_s
        Start to the end of the last layer; compute_s + transfer_s + queue_s.
    energy_j
        Of the nodes whose kind the scenario counts.
    boundaries, route
        The computing nodes passed, and where each stopped: node ``route[i]`` ran the layers after
        ``boundaries[i]`` up to ``boundaries[i + 1]``.
    hop_transfer_s, hop_queue_s, hop_compute_s
        For each node of `route`: the time to reach it, then queue and compute there.
    status
        ``done``, or ``unfinished`` when the run ended first or the task was lost.
    output_error
        Euclidean norm of the output's difference from the unsplit model's, over that of the output;
        None unless the model was really run (``task.execute``).
    expected_s
        The latency that the UE expected as it started the task; None where the policy does not say,
        or no way was known.
    """

    task_id: int
    ue: str
    policy: str
    start_s: float
    latency_s: float | None = None
    compute_s: float | None = None
    transfer_s: float | None = None
    queue_s: float | None = None
    energy_j: float | None = None
    boundaries: tuple[int, ...] | None = None
    route: tuple[str, ...] | None = None
    status: TaskStatus = "unfinished"
    hop_transfer_s: tuple[float, ...] | None = None
    hop_queue_s: tuple[float, ...] | None = None
    hop_compute_s: tuple[float, ...] | None = None
    output_error: float | None = None
    expected_s: float | None = None


class LinkRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One directed link at one report tick; see `cosim.network.port.LinkReport`."""

    time_s: float
    link: str
    transmitter: str
    receiver: str
    capacity_bps: int
    latency_s: float
    queue_bytes: int
    queue_delay_s: float
    hol_delay_s: float
    mcs: int
    sinr_db: float
    used_fraction: float


class SciRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One SCI update, from the sink's start to the last UE that heard it.

    Attributes
    ----------
    duration_s
        In simulated time; None when no UE heard it.
    messages, bytes
        What all nodes sent for it.
    compute_wall_s
        Real time that all nodes' policies took for it. Not reproducible.
    step_nodes, step_times_s
        Which node took part in it, and at what simulated time: the sink first.
    """

    update_id: int
    start_s: float
    duration_s: float | None = None
    messages: int = 0
    bytes: int = 0
    compute_wall_s: float = 0.0
    step_nodes: tuple[str, ...] = ()
    step_times_s: tuple[float, ...] = ()


class ForecastRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a node, telling its costs at `time_s`, expected of a link downstream `ahead_s` later."""

    time_s: float
    node: str
    link: str
    ahead_s: float
    capacity_bps: float


ResultRecord = TaskRecord | LinkRecord | SciRecord | ForecastRecord


class TableSpec(msgspec.Struct, frozen=True):
    """A result table: the columns of its file, and how many rows are in memory at most."""

    name: str
    columns: pa.Schema
    flush_rows: int


TABLES: Final[dict[type[ResultRecord], TableSpec]] = {
    TaskRecord: TableSpec(
        "tasks",
        pa.schema(
            [
                ("task_id", pa.int64()),
                ("ue", pa.string()),
                ("policy", pa.string()),
                ("start_s", pa.float64()),
                ("latency_s", pa.float64()),
                ("compute_s", pa.float64()),
                ("transfer_s", pa.float64()),
                ("queue_s", pa.float64()),
                ("energy_j", pa.float64()),
                ("boundaries", pa.list_(pa.int32())),
                ("route", pa.list_(pa.string())),
                ("status", pa.string()),
                ("hop_transfer_s", pa.list_(pa.float64())),
                ("hop_queue_s", pa.list_(pa.float64())),
                ("hop_compute_s", pa.list_(pa.float64())),
                ("output_error", pa.float64()),
                ("expected_s", pa.float64()),
            ]
        ),
        flush_rows=256,
    ),
    LinkRecord: TableSpec(
        "links",
        pa.schema(
            [
                ("time_s", pa.float64()),
                ("link", pa.string()),
                ("transmitter", pa.string()),
                ("receiver", pa.string()),
                ("capacity_bps", pa.int64()),
                ("latency_s", pa.float64()),
                ("queue_bytes", pa.int64()),
                ("queue_delay_s", pa.float64()),
                ("hol_delay_s", pa.float64()),
                ("mcs", pa.int32()),
                ("sinr_db", pa.float64()),
                ("used_fraction", pa.float64()),
            ]
        ),
        flush_rows=8192,
    ),
    SciRecord: TableSpec(
        "sci",
        pa.schema(
            [
                ("update_id", pa.int64()),
                ("start_s", pa.float64()),
                ("duration_s", pa.float64()),
                ("messages", pa.int64()),
                ("bytes", pa.int64()),
                ("compute_wall_s", pa.float64()),
                ("step_nodes", pa.list_(pa.string())),
                ("step_times_s", pa.list_(pa.float64())),
            ]
        ),
        flush_rows=256,
    ),
    ForecastRecord: TableSpec(
        "forecasts",
        pa.schema(
            [
                ("time_s", pa.float64()),
                ("node", pa.string()),
                ("link", pa.string()),
                ("ahead_s", pa.float64()),
                ("capacity_bps", pa.float64()),
            ]
        ),
        flush_rows=256,
    ),
}
