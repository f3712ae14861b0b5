"""Merging the parameters of collaborative learning (HiveMind VI.B, spec section 6).

When the forward pass of a step that merges is done, the node of the final layer sends the agent's
parameters to where they merge, and begins the backward pass when they are back. There QMIX needs
them (its mixing network turns the agents' outputs into the loss); federated and distributed
learning would merge at the end of the step, whose latency is the same sum.

Simplified: agents do not wait for each other, and merging itself takes no time. In distributed
learning what an agent receives comes while it sends, so only one way is carried.
"""

from __future__ import annotations

import msgspec

from cosim.network.port import Transport
from cosim.nodes.actions import Action, SendMessage
from cosim.nodes.config import Merging, NodeConfig
from cosim.nodes.decision import Decider
from cosim.nodes.execution import with_hop
from cosim.nodes.messages import MergeMessage, TaskMessage, encode
from cosim.nodes.training import TrainingExecution


class MergingExecution(TrainingExecution):
    """An agent's training steps at one node, and the node's part in merging."""

    def __init__(
        self, config: NodeConfig, decider: Decider, backward_ratio: float, merging: Merging
    ) -> None:
        super().__init__(config, decider, backward_ratio)
        self._merging = merging
        self._away: dict[int, TaskMessage] = {}  # steps whose parameters are being merged

    def take_merge(self, now_ns: int, source: str, message: MergeMessage) -> list[Action] | str:
        if message.sent_ns > now_ns:
            return "parameters from the future"
        if not message.merged:
            return self._answer(now_ns, source, message)
        task = self._away.pop(message.task_id, None)
        if task is None:
            return "merged parameters that nothing waits for"
        here = task.hops[-1]
        here = msgspec.structs.replace(
            here, transfer_ns=here.transfer_ns + now_ns - message.sent_ns
        )
        radio_j = self._config.energy.radio_w * (message.took_ns / 1e9)
        return self._turn_back(now_ns, with_hop(task, -1, here, task.energy_j + radio_j))

    def _turn(self, now_ns: int, task: TaskMessage) -> list[Action]:
        if not task.merges or self._merging.node == self._config.name:
            return self._turn_back(now_ns, task)
        payload = encode(MergeMessage(task.task_id, now_ns))
        size = len(payload) + self._merging.there_bytes
        radio_j = self._config.energy.radio_j_per_bit * 8 * size
        self._away[task.task_id] = msgspec.structs.replace(task, energy_j=task.energy_j + radio_j)
        return [SendMessage(self._merging.node, payload, size, Transport.TCP)]

    def _turn_back(self, now_ns: int, task: TaskMessage) -> list[Action]:
        return super()._turn(now_ns, task)

    def _answer(self, now_ns: int, source: str, message: MergeMessage) -> list[Action] | str:
        if self._merging.node != self._config.name:
            return "parameters to merge, at a node that does not merge"
        took_ns = now_ns - message.sent_ns
        payload = encode(msgspec.structs.replace(message, took_ns=took_ns, merged=True))
        size = len(payload) + self._merging.back_bytes
        return [SendMessage(source, payload, size, Transport.TCP)]
