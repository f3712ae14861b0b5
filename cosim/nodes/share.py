"""A node's share of a task: how long it takes, and its tensors where they are really computed.

Tensors cross links in the form that the scenario asks for (see `cosim.models.transfer`), hop by
hop: every node decodes what it receives and encodes what it sends, also when it only relays. Both
is work for its processor, and is counted as compute.
"""

from __future__ import annotations

import msgspec

from cosim.errors import ExecutionError
from cosim.nodes.config import NodeConfig
from cosim.nodes.messages import TaskMessage


class ShareRunner:
    """Runs one node's shares, if the node has a workload, and tells what they cost."""

    def __init__(self, config: NodeConfig) -> None:
        self._model = config.model
        self._workload = config.workload
        self._scale = config.measured_scale

    def unpack(self, task: TaskMessage) -> TaskMessage:
        """A task that came over a link, with its tensors as they lie in memory.

        Raises
        ------
        ExecutionError
            It came without tensors that can be computed with.
        """
        if self._workload is None:
            return msgspec.structs.replace(task, tensors=b"")
        tensors = self._workload.decode(task.tensors, task.boundary)
        return msgspec.structs.replace(task, tensors=tensors)

    def run(self, task: TaskMessage, stop: int) -> tuple[TaskMessage, int]:
        """Run the layers up to `stop`; return the task with what is live there, and the time, ns.

        The time is that of all that the processor has to do before the task can go on.
        """
        boundary = task.boundary
        compute_ns = self._model.compute_ns(boundary, stop)
        if self._workload is not None:
            tensors = task.tensors or self._workload.draw(task.task_id)
            done = self._workload.run(tensors, boundary, stop)
            task = msgspec.structs.replace(task, tensors=done.tensors)
            if self._scale is not None:
                compute_ns = round(done.wall_s * self._scale * 1e9)
        if len(task.hops) > 1:
            compute_ns += int(self._model.decode_ns[boundary])
        return task, compute_ns + int(self._model.encode_ns[stop])

    def pack(self, task: TaskMessage) -> tuple[TaskMessage, int]:
        """The task as it goes over a link, and the bytes of its tensors there."""
        if self._workload is None:
            return task, int(self._model.live_bytes[task.boundary])
        data = self._workload.encode(task.tensors, task.boundary)
        return msgspec.structs.replace(task, tensors=data), len(data)

    def output_error(self, task: TaskMessage) -> float | None:
        """How far the task's output is from the unsplit model's; None if nothing was computed.

        Raises
        ------
        ExecutionError
            It is not what it must be.
        """
        if self._workload is None:
            return None
        sent_at = [hop.stop for hop in task.hops[:-1]]
        try:
            return self._workload.check(task.task_id, sent_at, task.tensors)
        except ExecutionError as error:
            route = ", ".join(f"{hop.node} to {hop.stop}" for hop in task.hops)
            raise ExecutionError(
                f"task {task.task_id} of '{task.ue}' (layers: {route}): {error.message}",
                hint=error.hint,
            ) from error
