"""The controller of one computing node.

It could run on its own machine: it knows its configuration, the reports of its own links, and the
messages it received, and nothing else. Its handlers return what it wants done (see `actions`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from cosim.errors import ProtocolError
from cosim.network.port import LinkReport, Transport
from cosim.nodes.actions import (
    Action,
    ComputeDone,
    ProcessorDue,
    Record,
    SciOverdue,
    SciTick,
    SendMessage,
    StartTask,
    TaskTimeout,
    Token,
    UpdateOverdue,
)
from cosim.nodes.config import NodeConfig
from cosim.nodes.decision import Decider
from cosim.nodes.link_costs import Uplink
from cosim.nodes.messages import (
    DoneMessage,
    MergeMessage,
    Message,
    ParamMessage,
    SciMessage,
    TaskMessage,
    UpdateRequest,
    decode,
    encode,
)
from cosim.nodes.records import MessageDropped, TaskFinished
from cosim.nodes.sci import OVERDUE_PERIODS, SciProtocol
from cosim.nodes.source import TaskSource
from cosim.nodes.tasks import make_execution
from cosim.splitting.policy import NodePolicy


class NodeController:
    """One node: its part in SCI updates, its decisions, its processor, and a UE's task loop.

    Parameters
    ----------
    config
        The node.
    policy
        An instance of its own.
    clock
        Real time in ns, for the time that decisions take; never enters a decision.
    """

    def __init__(
        self,
        config: NodeConfig,
        policy: NodePolicy,
        *,
        clock: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self.config = config
        self._decider = Decider(config, policy)
        self._sci = SciProtocol(config, self._decider, clock)
        self._execution = make_execution(config, self._decider)
        self._source = TaskSource(config, config.source, policy.name) if config.source else None

    @property
    def name(self) -> str:
        """The node's name."""
        return self.config.name

    @property
    def uplink(self) -> Uplink | None:
        """The way to the next computing node downstream, whose link reports the node needs."""
        return self._decider.links.uplink

    @property
    def watches_time(self) -> bool:
        """Whether a report tells something even when it is the one before again: that time went."""
        return self._source is not None or self.config.options.make_forecaster is not None

    def on_start(self, now_ns: int) -> list[Action]:
        """The run begins; attachments and first reports have been told already."""
        actions = self._sci.start(now_ns)
        if self._source is not None and not self._decider.policy.uses_sci:
            actions += self._source.begin(now_ns)
        return actions

    def on_report(self, now_ns: int, links: Sequence[LinkReport]) -> list[Action]:
        """The periodic report of the node's own links."""
        self._decider.links.update(links, now_ns)
        actions = self._sci.links_changed(now_ns)
        if self._source is not None:
            actions += self._source.watch_link(now_ns, self._decider.can_send())
        return actions

    def on_uplink(self, now_ns: int, uplink: Uplink | None) -> list[Action]:
        """The node, a UE or an IAB node, is now attached elsewhere, or nowhere."""
        if uplink is None or uplink.destination != self._decider.links.destination:
            self._sci.forget()
        self._decider.links.uplink = uplink
        return []

    def on_attached(self, now_ns: int, name: str) -> list[Action]:
        """A computing node, mostly a UE, has this one as its next one downstream from now on."""
        return self._sci.attach(now_ns, name)

    def on_detached(self, now_ns: int, name: str) -> list[Action]:
        """It has another one."""
        self._sci.detach(name)
        return []

    def on_delivery(self, now_ns: int, source: str, payload: bytes) -> list[Action]:
        """A message came. One that makes no sense is dropped, and recorded."""
        try:
            message = decode(payload)
        except ProtocolError as error:
            return [self._dropped(now_ns, source, error.message)]
        outcome = self._take(now_ns, source, message)
        if isinstance(outcome, str):
            return [self._dropped(now_ns, source, outcome)]
        return outcome

    def on_timer(self, now_ns: int, token: Token) -> list[Action]:
        """A timer that the node had set went off."""
        match token:
            case SciTick():
                return self._sci.tick(now_ns)
            case SciOverdue():
                alone = [] if self._source is None else self._source.begin(now_ns)
                return [*self._sci.overdue(now_ns), *alone]
            case ComputeDone(task):
                return self._computed(now_ns, task)
            case ProcessorDue(generation):
                tasks, actions = self._execution.due(now_ns, generation)
                return actions + [act for task in tasks for act in self._computed(now_ns, task)]
            case StartTask():
                arrival = [] if self._source is None else self._source.next_arrival(now_ns)
                return [*arrival, *self._next_task(now_ns)]
            case UpdateOverdue(task_number):
                return self._start_task_held_back(now_ns, task_number)
            case TaskTimeout():
                return [] if self._source is None else self._source.look_at_clock(now_ns)

    def _take(self, now_ns: int, source: str, message: Message) -> list[Action] | str:
        if isinstance(message, SciMessage):
            return self._take_sci(now_ns, source, message)
        if isinstance(message, UpdateRequest):
            return self._sci.asked(now_ns)
        if isinstance(message, ParamMessage):
            return self._execution.take_params(now_ns, source, message)
        if isinstance(message, MergeMessage):
            return self._execution.take_merge(now_ns, source, message)
        if isinstance(message, TaskMessage):
            outcome = self._execution.receive(now_ns, message)
            if isinstance(outcome, str):
                return outcome
            return self._announce(now_ns, message.task_id, outcome)
        if self._source is None:
            return "done message at a node that starts no tasks"
        return self._source.done(now_ns, message.task_id)

    def _take_sci(self, now_ns: int, source: str, message: SciMessage) -> list[Action] | str:
        outcome = self._sci.on_message(now_ns, source, message)
        if isinstance(outcome, str) or self._source is None:
            return outcome
        held_back = self._start_task_held_back(now_ns)
        return [*outcome, *held_back, *self._source.begin(now_ns)]

    def _next_task(self, now_ns: int) -> list[Action]:
        """Start a task, or ask for the update that has to come first."""
        options = self.config.options
        if self._source is None or options.trigger != "on-task":
            return self._start_task(now_ns)
        if not self._decider.policy.uses_sci:
            return self._start_task(now_ns)
        patience_ns = OVERDUE_PERIODS * self.config.sci_period_ns
        return [*self._sci.ask(now_ns), *self._source.wait_for_update(now_ns, patience_ns)]

    def _start_task_held_back(self, now_ns: int, task_number: int | None = None) -> list[Action]:
        held_back = 0 if self._source is None else self._source.stop_waiting(task_number)
        return [action for _ in range(held_back) for action in self._start_task(now_ns)]

    def _start_task(self, now_ns: int) -> list[Action]:
        if self._source is None:
            return []
        task, actions = self._source.start_task(now_ns)
        begun = self._execution.begin(now_ns, task)
        return [*actions, *self._announce(now_ns, task.task_id, begun)]

    def _computed(self, now_ns: int, task: TaskMessage) -> list[Action]:
        return self._announce(now_ns, task.task_id, self._execution.computed(now_ns, task))

    def _announce(self, now_ns: int, task_id: int, actions: list[Action]) -> list[Action]:
        """Add to a task's end that its UE hears of it."""
        told = list(actions)
        for action in actions:
            if isinstance(action, Record):
                if isinstance(action.record, TaskFinished):
                    told += self._tell_ue(now_ns, action.record)
            elif self._source is not None:
                # Beside a share to compute, a node's execution only ever sends the task on.
                self._source.mark_away(task_id, isinstance(action, SendMessage))
        return told

    def _tell_ue(self, now_ns: int, record: TaskFinished) -> list[Action]:
        if record.ue == self.name:
            return [] if self._source is None else self._source.done(now_ns, record.task_id)
        payload = encode(DoneMessage(record.task_id, now_ns))
        return [SendMessage(record.ue, payload, len(payload), Transport.UDP)]

    def _dropped(self, now_ns: int, source: str, reason: str) -> Record:
        return Record(MessageDropped(self.name, source, now_ns, reason))
