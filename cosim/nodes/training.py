"""Running one node's part of a training step (HiveMind IV.E, spec section 3).

A step goes forward from the UE like an inference. Then each node, the last one first, runs the
backward pass of its own layers and sends the gradient at its lower boundary back; the step is over
when the first node that has layers is done.

**Parameters** are on the node that ran the layer in the step before. At the first step every node
has the initial ones, so that nothing has to move. When the boundary of a link moves up, the layers
that change sides follow the tensors over the link; when it moves down (towards the cloud), the
node asks the next one for them, which may have to ask further, and begins when they are there. So
parameters go from node to node, as `local_parameter_moves` counts them.

Simplified: a node that leaves a route (handover) is not asked for its parameters; the first node
that both routes share is taken to hold them. A UE without a link runs its steps with what it has.
The energy of receiving at the UE is not counted.
"""

from __future__ import annotations

import msgspec

from cosim.network.port import Transport
from cosim.nodes.actions import Action, SendMessage
from cosim.nodes.config import NodeConfig
from cosim.nodes.decision import Decider
from cosim.nodes.execution import TaskExecution, with_hop
from cosim.nodes.messages import INITIAL, HopTrace, ParamMessage, Phase, TaskMessage, encode


class TrainingExecution(TaskExecution):
    """One node's processor, its parameters, and what happens to a training step there."""

    def __init__(self, config: NodeConfig, decider: Decider, backward_ratio: float) -> None:
        super().__init__(config, decider)
        self._ratio = backward_ratio
        self._held: dict[str, int] = {}  # of each UE: the boundary of the uplink in its last step
        self._parked: dict[int, tuple[TaskMessage, int, int]] = {}  # task, stop, since when
        self._asked: dict[int, tuple[str, ParamMessage]] = {}  # for whom parameters are fetched

    def receive(self, now_ns: int, message: TaskMessage) -> list[Action] | str:
        fault = self._fault(now_ns, message)
        if fault is not None:
            return fault
        transfer_ns = now_ns - message.sent_ns
        energy_j = message.energy_j + message.radio_w * (transfer_ns / 1e9)
        if message.phase == Phase.BACKWARD:
            here = message.hops[message.at]
            here = msgspec.structs.replace(here, transfer_ns=here.transfer_ns + transfer_ns)
            return self._backward(now_ns, with_hop(message, message.at, here, energy_j))
        hop = HopTrace(self._config.name, message.boundary, transfer_ns, 0, 0)
        task = msgspec.structs.replace(message, energy_j=energy_j, hops=(*message.hops, hop))
        return self.begin(now_ns, task)

    def begin(self, now_ns: int, task: TaskMessage) -> list[Action]:
        held = self._held_boundary(task)
        self._decider.held = held
        task, stop, expected = self._decided(now_ns, task)
        if held is not None and stop > held and self._decider.links.destination is not None:
            return [*expected, *self._fetch(now_ns, task, held, stop)]
        return [*expected, *self._forward(now_ns, task, stop)]

    def computed(self, now_ns: int, task: TaskMessage) -> list[Action]:
        if task.phase == Phase.BACKWARD:
            return self._pass_back(now_ns, task)
        if task.boundary == self._config.model.layers:
            return self._turn(now_ns, task)
        if not self._decider.can_send():
            return self.begin(now_ns, task)
        return self._pass_on(now_ns, task)

    def take_params(self, now_ns: int, source: str, message: ParamMessage) -> list[Action] | str:
        if message.stop > self._config.model.layers:
            return "parameters beyond the last layer"
        if not message.brings:
            return self._give(source, message)
        self._held[message.ue] = max(self._held.get(message.ue, 0), message.stop)
        if message.task_id in self._asked:
            return self._give(*self._asked.pop(message.task_id))
        parked = self._parked.pop(message.task_id, None)
        if parked is None:
            return "parameters that nothing waits for"
        task, stop, since_ns = parked
        here = task.hops[-1]
        here = msgspec.structs.replace(here, transfer_ns=here.transfer_ns + now_ns - since_ns)
        return self._forward(now_ns, with_hop(task, -1, here, task.energy_j), stop)

    def _fault(self, now_ns: int, message: TaskMessage) -> str | None:
        if message.phase == Phase.INFERENCE:
            return "inference at a node that trains"
        if message.model_digest != self._config.model.digest:
            return "task of another model"
        held = 0 if message.held == INITIAL else message.held
        if max(message.boundary, held) > self._config.model.layers:
            return "task beyond the last layer"
        if message.sent_ns > now_ns:
            return "task from the future"
        if message.phase == Phase.BACKWARD and message.hops[message.at].node != self._config.name:
            return "gradient for another node"
        return None

    def _held_boundary(self, task: TaskMessage) -> int | None:
        """Where the parameters that are here, or came with the task, end; None at first."""
        at_ue = len(task.hops) == 1
        told = None if at_ue or task.held == INITIAL else task.held
        known = self._held.get(task.ue, told)
        return None if known is None else max(known, told or 0, task.boundary)

    def _fetch(self, now_ns: int, task: TaskMessage, held: int, stop: int) -> list[Action]:
        """Ask the next node for parameters, and put the task aside until they come."""
        self._parked[task.task_id] = (task, stop, now_ns)
        return self._ask(ParamMessage(task.task_id, task.ue, held, stop, brings=False))

    def _ask(self, message: ParamMessage) -> list[Action]:
        destination = self._decider.links.destination
        if destination is None:
            return []
        payload = encode(message)
        return [SendMessage(destination, payload, len(payload), Transport.TCP)]

    def _give(self, source: str, message: ParamMessage) -> list[Action]:
        """Send what was asked for, or first ask further for what is not here."""
        at_sink = self._decider.links.destination is None
        held = self._config.model.layers if at_sink else self._held.get(message.ue, message.begin)
        if message.stop > held:
            self._asked[message.task_id] = (source, message)
            begin = max(held, message.begin)
            return self._ask(msgspec.structs.replace(message, begin=begin))
        payload = encode(msgspec.structs.replace(message, brings=True))
        size = len(payload) + self._config.model.param_bytes(message.begin, message.stop)
        return [SendMessage(source, payload, size, Transport.TCP)]

    def _forward(self, now_ns: int, task: TaskMessage, stop: int) -> list[Action]:
        boundary = task.boundary
        if stop == boundary:
            return self._turn(now_ns, task) if self._is_end(stop) else self._pass_on(now_ns, task)
        compute_ns = self._config.model.compute_ns(boundary, stop)
        here = msgspec.structs.replace(task.hops[-1], stop=stop)
        task = with_hop(task, -1, here, task.energy_j)
        return self._compute(now_ns, task, len(task.hops) - 1, compute_ns)

    def _pass_on(self, now_ns: int, task: TaskMessage) -> list[Action]:
        """Send the tensors, and the parameters of layers that move downstream."""
        held = self._held_boundary(task)
        self._held[task.ue] = task.boundary
        if held is None:
            return self._send_on(now_ns, msgspec.structs.replace(task, held=INITIAL), 0)
        params = self._config.model.param_bytes(task.boundary, held)
        return self._send_on(now_ns, msgspec.structs.replace(task, held=held), params)

    def _turn(self, now_ns: int, task: TaskMessage) -> list[Action]:
        """The forward pass is done: begin the backward one with this node's share."""
        self._held[task.ue] = task.boundary
        last = len(task.hops) - 1
        task = msgspec.structs.replace(task, phase=Phase.BACKWARD, at=last, held=0)
        return self._backward(now_ns, task)

    def _backward(self, now_ns: int, task: TaskMessage) -> list[Action]:
        begin, stop = _share(task)
        if begin == stop:
            return self._pass_back(now_ns, task)
        compute_ns = round(self._config.model.compute_ns(begin, stop) * self._ratio)
        return self._compute(now_ns, task, task.at, compute_ns)

    def _pass_back(self, now_ns: int, task: TaskMessage) -> list[Action]:
        """Send the gradient to the node before, unless no layer lies before."""
        begin, _ = _share(task)
        if begin == 0:
            return self._finish(now_ns, task)
        before = task.hops[task.at - 1].node
        task = msgspec.structs.replace(task, at=task.at - 1, sent_ns=now_ns, radio_w=0.0)
        payload = encode(task)
        size = len(payload) + int(self._config.model.live_bytes[begin])
        return [SendMessage(before, payload, size, Transport.TCP)]

    def _is_end(self, boundary: int) -> bool:
        return boundary == self._config.model.layers


def _share(task: TaskMessage) -> tuple[int, int]:
    """Between which boundaries the node whose turn it is ran layers."""
    begin = task.hops[task.at - 1].stop if task.at > 0 else 0
    return begin, task.hops[task.at].stop
