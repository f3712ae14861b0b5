"""What nodes report of themselves, for whoever writes results. Times are integer ns."""

from __future__ import annotations

import msgspec


class TaskStarted(msgspec.Struct, frozen=True):
    """A UE started a task."""

    task_id: int
    ue: str
    policy: str
    start_ns: int


class TaskExpected(msgspec.Struct, frozen=True):
    """What a UE, as it starts a task, expects its latency to be."""

    task_id: int
    latency_ns: int


class TaskFinished(msgspec.Struct, frozen=True):
    """A node ran the last layer of a task; latency = compute + transfer + queue, exactly.

    Attributes
    ----------
    boundaries
        One more than `route`: 0, then where each node of it stopped; the last is L.
    route
        The computing nodes that the task passed, relays included, the UE first.
    hop_transfer_ns, hop_queue_ns, hop_compute_ns
        For each node of `route`: the time to reach it, then queue and compute there. They sum up to
        the totals.
    output_error
        Of its output against the unsplit model's, relative; None when nothing is really computed.
    """

    task_id: int
    ue: str
    policy: str
    start_ns: int
    latency_ns: int
    compute_ns: int
    transfer_ns: int
    queue_ns: int
    energy_j: float
    boundaries: tuple[int, ...]
    route: tuple[str, ...]
    hop_transfer_ns: tuple[int, ...]
    hop_queue_ns: tuple[int, ...]
    hop_compute_ns: tuple[int, ...]
    output_error: float | None = None


class TaskTimedOut(msgspec.Struct, frozen=True):
    """A UE gave up waiting for a task, which may still finish."""

    task_id: int
    ue: str
    time_ns: int


class SciStep(msgspec.Struct, frozen=True):
    """A node took its part in an SCI update.

    Attributes
    ----------
    at_source
        Whether the node is a UE, where the update ends.
    mending
        Whether this was outside the wave: a repetition for a newly attached UE, or the node's own
        news after it had not heard from downstream for long.
    messages, message_bytes
        What it sent for it.
    wall_ns
        Real time that the policy took. Not reproducible.
    """

    update_id: int
    started_ns: int
    node: str
    time_ns: int
    at_source: bool
    mending: bool
    messages: int
    message_bytes: int
    wall_ns: int


class MessageDropped(msgspec.Struct, frozen=True):
    """A node ignored a message that it could not use."""

    node: str
    source: str
    time_ns: int
    reason: str


class CapacityForecast(msgspec.Struct, frozen=True):
    """What a node took a link of its way downstream to be worth when the task comes (IV.F).

    Attributes
    ----------
    ahead_ns
        For how much later than `time_ns` it is the forecast.
    """

    time_ns: int
    node: str
    link: str
    ahead_ns: int
    capacity_bps: float


NodeRecord = (
    TaskStarted
    | TaskExpected
    | TaskFinished
    | TaskTimedOut
    | SciStep
    | CapacityForecast
    | MessageDropped
)
