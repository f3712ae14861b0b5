"""How a UE comes to its tasks: one after the other, or as they arrive (see `arrivals`)."""

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
from cosim.nodes.arrivals import Arrivals
from cosim.nodes.config import NodeConfig, SourceConfig
from cosim.nodes.messages import NO_DEADLINE, HopTrace, Phase, TaskMessage
from cosim.nodes.records import TaskStarted, TaskTimedOut


class TaskSource:
    """The tasks of one UE: knows which of them are waited for."""

    def __init__(self, config: NodeConfig, source: SourceConfig, policy_name: str) -> None:
        self._config = config
        self._source = source
        self._policy_name = policy_name
        inference = config.options.backward_ratio is None
        self._phase = Phase.INFERENCE if inference else Phase.FORWARD
        self._next_id = source.first_task_id
        self._arrivals = Arrivals(source.arrivals)
        self._open: dict[int, int] = {}  # tasks that are waited for, the oldest first: since when
        self._is_watching = False  # whether a timer is set for the oldest one, or one before
        self._away: set[int] = set()  # those of them that were sent on
        self._begun = False
        self._held_back = 0
        self._shut_since_ns: int | None = None

    def begin(self, now_ns: int) -> list[Action]:
        """Start the first task, if none has started."""
        if self._begun:
            return []
        self._begun = True
        begin_ns = max(now_ns, self._source.start_ns)
        return [SetTimer(begin_ns + self._arrivals.first_ns(), StartTask())]

    def next_arrival(self, now_ns: int) -> list[Action]:
        """A task arrives now: the next one, where it does not wait for the end of this one."""
        if not self._arrivals.is_open:
            return []
        return [SetTimer(now_ns + self._arrivals.next_ns(), StartTask())]

    def wait_for_update(self, now_ns: int, patience_ns: int) -> list[Action]:
        """Hold a task back until an update comes, or until patience is at an end."""
        self._held_back += 1
        return [SetTimer(now_ns + patience_ns, UpdateOverdue(self._next_id))]

    def stop_waiting(self, task_number: int | None = None) -> int:
        """How many tasks were held back, which may start now; a timer says for which it is."""
        if task_number not in (None, self._next_id):
            return 0
        held_back, self._held_back = self._held_back, 0
        return held_back

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
            merges=self._merges(),
        )
        self._next_id += self._source.task_id_step
        self._open[task.task_id] = now_ns
        started = TaskStarted(task.task_id, task.ue, self._policy_name, now_ns)
        return task, [Record(started), *self._watch()]

    def _merges(self) -> bool:
        """Whether the next step is one after which parameters merge: the last of each interval."""
        merging = self._config.options.merging
        if merging is None:
            return False
        number = (self._next_id - self._source.first_task_id) // self._source.task_id_step
        return number % merging.interval == merging.interval - 1

    def _deadline_ns(self, now_ns: int) -> int:
        limit_s = self._config.options.objective.latency_limit_s
        return NO_DEADLINE if math.isinf(limit_s) else now_ns + round(limit_s * 1e9)

    def done(self, now_ns: int, task_id: int) -> list[Action]:
        """A task is finished; in the closed loop the next follows, when it was waited for."""
        started_ns = self._open.pop(task_id, None)
        self._away.discard(task_id)
        if started_ns is None or self._arrivals.is_open:
            return []
        # A task that takes no time at all must not stop the clock.
        return [SetTimer(max(now_ns + self._source.think_ns, started_ns + 1), StartTask())]

    def mark_away(self, task_id: int, is_away: bool) -> None:
        """A task was sent on, or came back (training)."""
        if is_away and task_id in self._open:
            self._away.add(task_id)
        else:
            self._away.discard(task_id)

    def watch_link(self, now_ns: int, is_open: bool) -> list[Action]:
        """Give up the tasks that are away when the way has been shut for long."""
        if is_open:
            self._shut_since_ns = None
            return []
        if self._shut_since_ns is None:
            self._shut_since_ns = now_ns
        patient = now_ns - self._shut_since_ns < self._source.link_patience_ns
        if patient:
            return []
        return [
            action for task_id in sorted(self._away) for action in self._give_up(now_ns, task_id)
        ]

    def look_at_clock(self, now_ns: int) -> list[Action]:
        """Give up the tasks that were not finished in time, and look again when the next is due."""
        self._is_watching = False
        latest_ns = now_ns - self._source.timeout_ns
        late = [task_id for task_id, since_ns in self._open.items() if since_ns <= latest_ns]
        given_up = [action for task_id in late for action in self._give_up(now_ns, task_id)]
        return [*given_up, *self._watch()]

    def _watch(self) -> list[Action]:
        """Set a timer for the oldest task, unless one is set: most tasks need none of their own."""
        if self._is_watching or not self._open:
            return []
        self._is_watching = True
        oldest_ns = next(iter(self._open.values()))
        return [SetTimer(oldest_ns + self._source.timeout_ns, TaskTimeout())]

    def _give_up(self, now_ns: int, task_id: int) -> list[Action]:
        """Wait no longer for a task."""
        if task_id not in self._open:
            return []
        record = Record(TaskTimedOut(task_id, self._config.name, now_ns))
        return [record, *self.done(now_ns, task_id)]
