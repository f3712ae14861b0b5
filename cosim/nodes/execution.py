"""Running a task's share at one node, and passing the task on.

Time is accounted so that, in integer ns and exactly, latency = compute + queue + transfer: a task
is at every moment in one of the three.
"""

from __future__ import annotations

import math

import msgspec

from cosim.network.port import Transport
from cosim.nodes.actions import Action, Record, SendMessage
from cosim.nodes.config import NodeConfig
from cosim.nodes.decision import Decider
from cosim.nodes.messages import (
    NO_DEADLINE,
    HopTrace,
    MergeMessage,
    ParamMessage,
    Phase,
    TaskMessage,
    encode,
)
from cosim.nodes.processor import Work, make_processor
from cosim.nodes.records import TaskExpected, TaskFinished
from cosim.nodes.share import ShareRunner
from cosim.splitting.node import Decision


class TaskExecution:
    """One node's processor, and what happens to a task there."""

    def __init__(self, config: NodeConfig, decider: Decider) -> None:
        self._config = config
        self._decider = decider
        self._processor = make_processor(config.options.discipline)
        self._share = ShareRunner(config)

    def receive(self, now_ns: int, message: TaskMessage) -> list[Action] | str:
        """A task came over the network; a text says why it was ignored."""
        if message.model_digest != self._config.model.digest:
            return "task of another model"
        if message.boundary > self._config.model.layers:
            return "task beyond the last layer"
        if message.phase != Phase.INFERENCE:
            return "training step at a node that runs inferences"
        if message.sent_ns > now_ns:
            return "task from the future"
        transfer_ns = now_ns - message.sent_ns
        hop = HopTrace(self._config.name, message.boundary, transfer_ns, 0, 0)
        energy_j = message.energy_j + message.radio_w * (transfer_ns / 1e9)
        task = self._share.unpack(message)
        return self.begin(
            now_ns, msgspec.structs.replace(task, energy_j=energy_j, hops=(*task.hops, hop))
        )

    def take_params(self, now_ns: int, source: str, message: ParamMessage) -> list[Action] | str:
        """Parameters came, or are asked for; there are none in an inference."""
        return "message about parameters, which an inference has no use for"

    def take_merge(self, now_ns: int, source: str, message: MergeMessage) -> list[Action] | str:
        """Parameters came to be merged, or come back; only agents have any."""
        return "message about merging, at a node that learns alone"

    def begin(self, now_ns: int, task: TaskMessage) -> list[Action]:
        """Decide where to stop, with the newest that is known, and take the share into the queue.

        The last of ``task.hops`` is this node. A node that only relays does not queue.
        """
        task, stop, expected = self._decided(now_ns, task)
        return [*expected, *self._forward(now_ns, task, stop)]

    def _forward(self, now_ns: int, task: TaskMessage, stop: int) -> list[Action]:
        """Run the share up to `stop`, and pass the task on."""
        boundary, layers = task.boundary, self._config.model.layers
        if stop == boundary == layers:
            return self._finish(now_ns, task)
        task, compute_ns = self._share.run(task, stop)
        if stop == boundary and compute_ns == 0:
            return self._pass_on(now_ns, task)
        here = msgspec.structs.replace(task.hops[-1], stop=stop)
        task = msgspec.structs.replace(task, hops=(*task.hops[:-1], here))
        return self._compute(now_ns, task, len(task.hops) - 1, compute_ns)

    def _compute(self, now_ns: int, task: TaskMessage, index: int, compute_ns: int) -> list[Action]:
        """Give work to the processor, and book it at one of the task's hops."""
        hops = list(task.hops)
        here = hops[index]
        hops[index] = msgspec.structs.replace(here, compute_ns=here.compute_ns + compute_ns)
        energy_j = task.energy_j + self._config.energy.busy_w * (compute_ns / 1e9)
        task = msgspec.structs.replace(task, energy_j=energy_j, hops=tuple(hops))
        return self._processor.admit(now_ns, Work(task, index, compute_ns))

    def due(self, now_ns: int, generation: int) -> tuple[list[TaskMessage], list[Action]]:
        """The processor's own timer went off: the tasks whose share is computed, and the next."""
        return self._processor.due(now_ns, generation)

    def _decided(self, now_ns: int, task: TaskMessage) -> tuple[TaskMessage, int, list[Action]]:
        """The task with the plan for what follows, where to stop it here, what to put down."""
        if self._decider.links.destination is None:
            return task, self._config.model.layers, []
        free_ns = self._processor.free_ns(now_ns)
        decision = self._decider.decide(free_ns, task)
        task = msgspec.structs.replace(task, plan=decision.plan)
        if task.deadline_ns != NO_DEADLINE:
            later_ns = self._decider.later_ns(task.boundary, decision.stop)
            task = msgspec.structs.replace(task, deadline_ns=task.deadline_ns - later_ns)
        return task, decision.stop, _expectation(task, decision, now_ns, free_ns)

    def computed(self, now_ns: int, task: TaskMessage) -> list[Action]:
        """The share is computed: the task is finished, or goes on downstream."""
        if task.boundary == self._config.model.layers:
            return self._finish(now_ns, task)
        if not self._decider.can_send():  # the way was shut meanwhile: decide anew
            return self.begin(now_ns, task)
        return self._pass_on(now_ns, task)

    def _pass_on(self, now_ns: int, task: TaskMessage) -> list[Action]:
        return self._send_on(now_ns, task, 0)

    def _send_on(self, now_ns: int, task: TaskMessage, more_bytes: int) -> list[Action]:
        """Send the task downstream, with its live tensors and `more_bytes` behind them."""
        destination = self._decider.links.destination
        if destination is None:
            raise AssertionError("a task can only be passed on to a node")
        self._decider.sent(now_ns)
        task, tensor_bytes = self._share.pack(task)
        return self._send(now_ns, task, destination, tensor_bytes + more_bytes)

    def _send(
        self, now_ns: int, task: TaskMessage, destination: str, tensor_bytes: int
    ) -> list[Action]:
        """Send the task with so many bytes behind it, and count the radio's energy."""
        energy = self._config.energy
        task = msgspec.structs.replace(task, sent_ns=now_ns, radio_w=energy.radio_w)
        size = len(encode(task)) - len(task.tensors) + tensor_bytes
        radio_j = energy.radio_j_per_bit * 8 * size
        payload = encode(msgspec.structs.replace(task, energy_j=task.energy_j + radio_j))
        return [SendMessage(destination, payload, size, Transport.TCP)]

    def _finish(self, now_ns: int, task: TaskMessage) -> list[Action]:
        return [
            Record(
                TaskFinished(
                    task_id=task.task_id,
                    ue=task.ue,
                    policy=self._decider.policy.name,
                    start_ns=task.started_ns,
                    latency_ns=now_ns - task.started_ns,
                    compute_ns=sum(hop.compute_ns for hop in task.hops),
                    transfer_ns=sum(hop.transfer_ns for hop in task.hops),
                    queue_ns=sum(hop.queue_ns for hop in task.hops),
                    energy_j=task.energy_j,
                    boundaries=(0, *(hop.stop for hop in task.hops)),
                    route=tuple(hop.node for hop in task.hops),
                    hop_transfer_ns=tuple(hop.transfer_ns for hop in task.hops),
                    hop_queue_ns=tuple(hop.queue_ns for hop in task.hops),
                    hop_compute_ns=tuple(hop.compute_ns for hop in task.hops),
                    output_error=self._share.output_error(task),
                )
            )
        ]


def _expectation(task: TaskMessage, decision: Decision, now_ns: int, free_ns: int) -> list[Action]:
    """What is expected of a task that starts now, to be put down; free_ns: when it can begin."""
    is_start = len(task.hops) == 1 and now_ns == task.started_ns
    if not is_start or decision.expected_s is None or not math.isfinite(decision.expected_s):
        return []
    latency_ns = free_ns - now_ns + round(decision.expected_s * 1e9)
    return [Record(TaskExpected(task.task_id, latency_ns))]


def with_hop(task: TaskMessage, index: int, hop: HopTrace, energy_j: float) -> TaskMessage:
    """The task with another trace at one of its hops, and other energy."""
    hops = list(task.hops)
    hops[index] = hop
    return msgspec.structs.replace(task, energy_j=energy_j, hops=tuple(hops))
