"""How a UE repeats its task: one at a time, the next after the end of the one before."""

from __future__ import annotations

import math

from cosim.nodes.actions import (
    Action,
    Record,
    SetTimer,
    StartTask,
    TaskTimeout,
    UpdateOverdue,
)
from cosim.nodes.config import NodeConfig, SourceConfig
from cosim.nodes.messages import NO_DEADLINE, HopTrace, Phase, TaskMessage
from cosim.nodes.records import TaskStarted, TaskTimedOut


class TaskSource:
    """The closed loop of one UE: knows which task is waited for."""

    def __init__(self, config: NodeConfig, source: SourceConfig, policy_name: str) -> None:
        self._config = config
        self._source = source
        self._policy_name = policy_name
        inference = config.options.backward_ratio is None
        self._phase = Phase.INFERENCE if inference else Phase.FORWARD
        self._next_id = source.first_task_id
        self._current: TaskMessage | None = None
        self._begun = False
        self._waiting = False
        self._is_away = False
        self._shut_since_ns: int | None = None

    def begin(self, now_ns: int) -> list[Action]:
        """Start the loop, if it has not started."""
        if self._begun:
            return []
        self._begun = True
        return [SetTimer(max(now_ns, self._source.start_ns), StartTask())]

    def wait_for_update(self, now_ns: int, patience_ns: int) -> list[Action]:
        """Hold the next task back until an update comes, or until patience is at an end."""
        self._waiting = True
        return [SetTimer(now_ns + patience_ns, UpdateOverdue(self._next_id))]

    def stop_waiting(self, task_number: int | None = None) -> bool:
        """Whether a task was held back, which may start now; a timer says for which one it is."""
        if not self._waiting or task_number not in (None, self._next_id):
            return False
        self._waiting = False
        return True

    def start_task(self, now_ns: int) -> tuple[TaskMessage, list[Action]]:
        """A new task, at this node with no layer done."""
        task = TaskMessage(
            task_id=self._next_id,
            ue=self._config.name,
            model_digest=self._config.model.digest,
            started_ns=now_ns,
            sent_ns=now_ns,
            energy_j=0.0,
            radio_w=0.0,
            hops=(HopTrace(self._config.name, 0, 0, 0, 0),),
            phase=self._phase,
            deadline_ns=self._deadline_ns(now_ns),
        )
        self._next_id += self._source.task_id_step
        self._current = task
        self._is_away = False
        started = TaskStarted(task.task_id, task.ue, self._policy_name, now_ns)
        timeout = SetTimer(now_ns + self._source.timeout_ns, TaskTimeout(task.task_id))
        return task, [Record(started), timeout]

    def _deadline_ns(self, now_ns: int) -> int:
        limit_s = self._config.options.objective.latency_limit_s
        return NO_DEADLINE if math.isinf(limit_s) else now_ns + round(limit_s * 1e9)

    def done(self, now_ns: int, task_id: int) -> list[Action]:
        """A task is finished; when it is the one waited for, the next follows."""
        if self._current is None or self._current.task_id != task_id:
            return []
        started_ns = self._current.started_ns
        self._current = None
        # A task that takes no time at all must not stop the clock.
        return [SetTimer(max(now_ns + self._source.think_ns, started_ns + 1), StartTask())]

    def mark_away(self, is_away: bool) -> None:
        """The task at hand was sent on, or came back (training)."""
        self._is_away = is_away

    def watch_link(self, now_ns: int, is_open: bool) -> list[Action]:
        """Give up a task that is away when the way has been shut for long."""
        if is_open:
            self._shut_since_ns = None
            return []
        if self._shut_since_ns is None:
            self._shut_since_ns = now_ns
        patient = now_ns - self._shut_since_ns < self._source.link_patience_ns
        if patient or self._current is None or not self._is_away:
            return []
        return self.timeout(now_ns, self._current.task_id)

    def timeout(self, now_ns: int, task_id: int) -> list[Action]:
        """Give up waiting, unless the task was finished in time."""
        if self._current is None or self._current.task_id != task_id:
            return []
        record = Record(TaskTimedOut(task_id, self._config.name, now_ns))
        return [record, *self.done(now_ns, task_id)]
