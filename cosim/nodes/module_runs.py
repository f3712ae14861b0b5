"""Running a recurrent module that is split as such, again and again (HiveMind VI.A's baseline).

The first run is an inference of the module, and fixes its split. After each run but the last, the
node of the last layer sends the hidden states to the UE, which begins the next one; the nodes that
the task has passed do their shares again. The task's trace has one entry for each node, with what
all runs took there.
"""

from __future__ import annotations

import msgspec

from cosim.nodes.actions import Action
from cosim.nodes.execution import TaskExecution, with_hop
from cosim.nodes.messages import Phase, TaskMessage


class ModuleRuns(TaskExecution):
    """One node's processor, and its part in all runs of a module."""

    def receive(self, now_ns: int, message: TaskMessage) -> list[Action] | str:
        if message.run == 0:
            return super().receive(now_ns, message)
        fault = self._fault(now_ns, message)
        if fault is not None:
            return fault
        transfer_ns = now_ns - message.sent_ns
        here = message.hops[message.at]
        here = msgspec.structs.replace(here, transfer_ns=here.transfer_ns + transfer_ns)
        energy_j = message.energy_j + message.radio_w * (transfer_ns / 1e9)
        return self._run(now_ns, with_hop(message, message.at, here, energy_j))

    def computed(self, now_ns: int, task: TaskMessage) -> list[Action]:
        return super().computed(now_ns, task) if task.run == 0 else self._go_on(now_ns, task)

    def _fault(self, now_ns: int, message: TaskMessage) -> str | None:
        if message.model_digest != self._config.model.digest:
            return "task of another model"
        if message.phase != Phase.INFERENCE or message.run >= self._config.options.module_runs:
            return "task in a run that there is not"
        if message.at >= len(message.hops) or message.hops[message.at].node != self._config.name:
            return "run of a module for another node"
        if message.boundary != self._config.model.layers:
            return "run of a module whose split is not known"
        return "task from the future" if message.sent_ns > now_ns else None

    def _run(self, now_ns: int, task: TaskMessage) -> list[Action]:
        """Take this node's share of the run into the queue."""
        here = task.hops[task.at]
        begin = task.hops[task.at - 1].stop if task.at > 0 else 0
        if begin == here.stop:
            return self._go_on(now_ns, task)
        compute_ns = self._config.model.compute_ns(begin, here.stop)
        return self._compute(now_ns, task, task.at, compute_ns)

    def _go_on(self, now_ns: int, task: TaskMessage) -> list[Action]:
        if task.at == len(task.hops) - 1:
            return self._finish(now_ns, task)
        live = int(self._config.model.live_bytes[task.hops[task.at].stop])
        onward = msgspec.structs.replace(task, at=task.at + 1)
        return self._send(now_ns, onward, task.hops[task.at + 1].node, live)

    def _finish(self, now_ns: int, task: TaskMessage) -> list[Action]:
        """The last layer is done: the task is, or the UE begins the next run."""
        if task.run + 1 >= self._config.options.module_runs:
            return super()._finish(now_ns, task)
        task = msgspec.structs.replace(task, run=task.run + 1, at=0)
        if len(task.hops) == 1:
            return self._run(now_ns, task)
        return self._send(now_ns, task, task.hops[0].node, self._config.options.state_bytes)
