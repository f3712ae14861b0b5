"""What a controller asks for. It never acts itself: its handlers return lists of these."""

from __future__ import annotations

import msgspec

from cosim.network.port import Transport
from cosim.nodes.messages import TaskMessage
from cosim.nodes.records import NodeRecord


class SendMessage(msgspec.Struct, frozen=True):
    """Send `size_bytes` to another node, of which `payload` are the first."""

    destination: str
    payload: bytes
    size_bytes: int
    transport: Transport


class SciTick(msgspec.Struct, frozen=True):
    """Timer of the sink: start the next SCI update."""


class SciOverdue(msgspec.Struct, frozen=True):
    """Timer of the others: perhaps nothing was heard from downstream for long."""


class StartTask(msgspec.Struct, frozen=True):
    """Timer of a UE: start the next task."""


class UpdateOverdue(msgspec.Struct, frozen=True):
    """Timer of a UE: the update that it asked for `task_number` did not come."""

    task_number: int


class TaskTimeout(msgspec.Struct, frozen=True):
    """Timer of a UE: perhaps a task has been waited for too long."""


class ComputeDone(msgspec.Struct, frozen=True):
    """Timer: the node's share of this task is computed."""

    task: TaskMessage


class ProcessorDue(msgspec.Struct, frozen=True):
    """Timer of a processor that is shared: work is done, unless more came after `generation`."""

    generation: int


Token = SciTick | SciOverdue | StartTask | UpdateOverdue | TaskTimeout | ComputeDone | ProcessorDue


class SetTimer(msgspec.Struct, frozen=True):
    """Call ``on_timer`` with `token` at `at_ns`."""

    at_ns: int
    token: Token


class Record(msgspec.Struct, frozen=True):
    """Tell whoever keeps the results."""

    record: NodeRecord


Action = SendMessage | SetTimer | Record
