"""The loop: one merged clock over the network's events and the nodes' timers.

Order of what happens at one moment: first the network's events, in the order in which the network
gives them; then the timers, by node (in the order of `controllers`) and by the order in which they
were set. What nodes send takes effect at that moment. So a run depends on nothing but its inputs.
"""

from __future__ import annotations

import contextlib
import heapq
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal, Protocol

import msgspec

from cosim.errors import NetworkError, PolicyError, ProtocolError
from cosim.network.port import (
    Attachment,
    Delivery,
    Event,
    LinkReport,
    NetworkPort,
    ReportTick,
    Send,
    Step,
    Totals,
)
from cosim.nodes.actions import Action, SendMessage, SetTimer, Token
from cosim.nodes.build import SegmentLike, uplink_of
from cosim.nodes.controller import NodeController
from cosim.nodes.records import (
    CapacityForecast,
    MessageDropped,
    NodeRecord,
    SciStep,
    TaskFinished,
    TaskStarted,
    TaskTimedOut,
)
from cosim.watchdog import DecisionWatch, OverdueDecision

# An update is reported when this many newer ones have begun; what still happens of it is not told.
_SCI_WINDOW: Final = 16


class TaskOutcome(msgspec.Struct, frozen=True):
    """What became of one task; all after `start_ns` is None when it was not finished in the run."""

    task_id: int
    ue: str
    policy: str
    status: Literal["done", "unfinished"]
    start_ns: int
    latency_ns: int | None = None
    compute_ns: int | None = None
    transfer_ns: int | None = None
    queue_ns: int | None = None
    energy_j: float | None = None
    boundaries: tuple[int, ...] | None = None
    route: tuple[str, ...] | None = None
    hop_transfer_ns: tuple[int, ...] | None = None
    hop_queue_ns: tuple[int, ...] | None = None
    hop_compute_ns: tuple[int, ...] | None = None
    output_error: float | None = None


class SciUpdate(msgspec.Struct, frozen=True):
    """One SCI update.

    Attributes
    ----------
    update_id, start_ns
        Its number, and when the sink began it. Number 0 is what nodes told before they had heard of
        any update.
    last_receipt_ns
        When the last UE was reached by the wave; None when none was.
    messages, message_bytes
        All that was sent for it: one message for each edge of the tree, and what newly attached
        UEs, or nodes cut off from the sink, needed besides.
    wall_ns
        Real time that all nodes' policies took together. Not reproducible.
    steps
        Each node that took part and when, in order of time; twice when it had to repeat itself.
    """

    update_id: int
    start_ns: int
    last_receipt_ns: int | None
    messages: int
    message_bytes: int
    wall_ns: int
    steps: tuple[tuple[str, int], ...]


class Recorder(Protocol):
    """Keeps what happens."""

    def record_task(self, task: TaskOutcome) -> None:
        """A task has ended, or the run has, and the task not."""

    def record_links(self, time_ns: int, links: tuple[LinkReport, ...]) -> None:
        """The network's periodic report."""

    def record_sci(self, update: SciUpdate) -> None:
        """An SCI update is over."""

    def record_forecast(self, forecast: CapacityForecast) -> None:
        """A node told its costs with the capacity that it expects of a link."""


class AccessTree(Protocol):
    """What the engine needs of `cosim.scenario.topology.Topology`."""

    def next_computing_from_ue(self, ue: str, serving: str) -> SegmentLike:
        """The way from a UE to its first computing node, when `serving` serves it."""


class LoopResult(msgspec.Struct, frozen=True):
    """Counts of a whole run: `sent_*` is what the nodes asked for, `totals` the network's view."""

    end_ns: int
    tasks_started: int
    tasks_done: int
    tasks_timed_out: int
    messages_dropped: int
    sent_messages: int
    sent_bytes: int
    totals: Totals

    def conservation_fault(self) -> str | None:
        """Where a byte or a message appeared or vanished, or None."""
        totals = self.totals
        messages = totals.delivered_messages + totals.in_flight_messages + totals.lost_messages
        size = totals.delivered_bytes + totals.in_flight_bytes + totals.lost_bytes
        for what, asked, sent, accounted in (
            ("messages", self.sent_messages, totals.sent_messages, messages),
            ("bytes", self.sent_bytes, totals.sent_bytes, size),
        ):
            if not asked == sent == accounted:
                return (
                    f"nodes sent {asked} {what}, the network counted {sent}, "
                    f"and delivered, lost or still carries {accounted}"
                )
        return None


def run_loop(
    port: NetworkPort,
    controllers: Mapping[str, NodeController],
    tree: AccessTree,
    duration_ns: int,
    recorder: Recorder,
    on_progress: Callable[[int, int], None] | None = None,
    watch: DecisionWatch | None = None,
) -> LoopResult:
    """Run to `duration_ns` and finish the network; closing the port is the caller's.

    Whatever ends the run, `recorder` has been told all that happened before.

    Parameters
    ----------
    on_progress
        Called with the simulated time in ns and the number of tasks done, after every step.
    watch
        Limits the real time of each decision.

    Raises
    ------
    PolicyError
        A policy failed; says at which node and simulated time.
    NetworkError
        The network failed.
    """
    return _Loop(port, controllers, tree, recorder, on_progress, watch).run(duration_ns)


class _Loop:
    def __init__(
        self,
        port: NetworkPort,
        controllers: Mapping[str, NodeController],
        tree: AccessTree,
        recorder: Recorder,
        on_progress: Callable[[int, int], None] | None,
        watch: DecisionWatch | None,
    ) -> None:
        self._watch = watch or DecisionWatch()
        self._port = port
        self._controllers = controllers
        self._priority = {name: index for index, name in enumerate(controllers)}
        self._tree = tree
        self._ledger = _Ledger(recorder)
        self._recorder = recorder
        self._on_progress = on_progress
        self._now_ns = 0
        self._timers: list[tuple[int, int, int, str, Token]] = []
        self._timer_count = 0
        self._commands: list[Send] = []
        self._transfer_count = 0
        self._sent_messages = 0
        self._sent_bytes = 0
        self._next_computing: dict[str, str] = {}  # of each attached UE
        self._audience = _Audience(controllers)

    def run(self, duration_ns: int) -> LoopResult:
        try:
            self._loop(duration_ns)
            totals = self._port.finish()
        except NetworkError as error:
            if error.sim_time_ns is None:
                error.sim_time_ns = self._now_ns
            self._close_ledger()
            raise
        except BaseException:
            self._close_ledger()
            raise
        self._ledger.close()
        return LoopResult(
            end_ns=self._now_ns,
            tasks_started=self._ledger.started,
            tasks_done=self._ledger.done,
            tasks_timed_out=self._ledger.timed_out,
            messages_dropped=self._ledger.dropped,
            sent_messages=self._sent_messages,
            sent_bytes=self._sent_bytes,
            totals=totals,
        )

    def _close_ledger(self) -> None:
        # The error under way tells more than one of a recorder that cannot take the rest.
        with contextlib.suppress(Exception):
            self._ledger.close()

    def _loop(self, duration_ns: int) -> None:
        self._take(self._port.start(), latest_ns=0)
        for name, controller in self._controllers.items():
            self._ask(name, controller.on_start)
        while True:
            self._fire_timers()
            if self._now_ns >= duration_ns:
                return
            until_ns = min(self._timers[0][0], duration_ns) if self._timers else duration_ns
            self._take(self._port.advance(until_ns, self._collect()), until_ns)
            if self._on_progress is not None:
                self._on_progress(self._now_ns, self._ledger.done)

    def _take(self, step: Step, latest_ns: int) -> None:
        """Go to the time of `step` and tell the nodes what happened at it."""
        if not self._now_ns <= step.now_ns <= latest_ns:
            raise ProtocolError(
                f"network is at {step.now_ns} ns, outside {self._now_ns}..{latest_ns} ns"
            )
        self._now_ns = step.now_ns
        for event in step.events:
            self._dispatch(event)

    def _collect(self) -> tuple[Send, ...]:
        """The commands since the last step: they are sent now."""
        if not self._commands:
            return ()
        commands = tuple(self._commands)
        self._commands.clear()
        self._sent_messages += len(commands)
        self._sent_bytes += sum(command.size_bytes for command in commands)
        return commands

    def _fire_timers(self) -> None:
        while self._timers and self._timers[0][0] <= self._now_ns:
            *_, name, token = heapq.heappop(self._timers)
            self._ask(name, self._controllers[name].on_timer, token)

    def _dispatch(self, event: Event) -> None:
        if isinstance(event, Delivery):
            self._deliver(event)
        elif isinstance(event, ReportTick):
            self._report(event.links)
        else:
            self._attach(event)

    def _deliver(self, event: Delivery) -> None:
        controller = self._controllers.get(event.destination)
        if controller is None:
            raise ProtocolError(f"network delivered a message to '{event.destination}', no node")
        self._ask(event.destination, controller.on_delivery, event.source, event.payload)

    def _report(self, links: tuple[LinkReport, ...]) -> None:
        """Tell each node of its own links: those it is an end of, and those of its uplink."""
        self._recorder.record_links(self._now_ns, links)
        for name, own in self._audience.select(links):
            self._ask(name, self._controllers[name].on_report, own)

    def _attach(self, event: Attachment) -> None:
        """Tell the UE its new way downstream, and its first computing nodes, old and new."""
        ue = self._controllers.get(event.ue)
        if ue is None:
            return  # a UE that computes nothing
        segment = None
        if event.serving:
            segment = self._tree.next_computing_from_ue(event.ue, event.serving)
        before = self._next_computing.pop(event.ue, None)
        after = None if segment is None else segment.destination
        if before is not None and before != after:
            self._ask(before, self._controllers[before].on_ue_detached, event.ue)
        self._ask(event.ue, ue.on_uplink, uplink_of(segment))
        self._audience.forget()
        if after is not None:
            self._next_computing[event.ue] = after
            self._ask(after, self._controllers[after].on_ue_attached, event.ue)

    def _ask(self, name: str, handler: Callable[..., list[Action]], *what: object) -> None:
        """Call a handler of node `name`, and do what it asks for."""
        try:
            with self._watch:
                actions = handler(self._now_ns, *what)
        except OverdueDecision as error:
            raise PolicyError(
                f"node '{name}': the policy did not decide within {self._watch.limit_s:g} s",
                sim_time_ns=self._now_ns,
            ) from error
        except PolicyError as error:
            raise PolicyError(
                f"node '{name}': {error.message}", hint=error.hint, sim_time_ns=self._now_ns
            ) from error
        for action in actions:
            self._act(name, action)

    def _act(self, name: str, action: Action) -> None:
        if isinstance(action, SendMessage):
            self._transfer_count += 1
            send = Send(
                transfer_id=self._transfer_count,
                source=name,
                destination=action.destination,
                size_bytes=action.size_bytes,
                transport=action.transport,
                payload=action.payload,
            )
            self._commands.append(send)
        elif isinstance(action, SetTimer):
            self._timer_count += 1
            key = (max(action.at_ns, self._now_ns), self._priority[name], self._timer_count)
            heapq.heappush(self._timers, (*key, name, action.token))
        else:
            self._ledger.note(action.record)


class _Audience:
    """Who has to be told which links' reports; worked out anew only when the ways changed.

    A report that is the very object of the last time tells a node nothing, unless the node watches
    the time that goes by.
    """

    def __init__(self, controllers: Mapping[str, NodeController]) -> None:
        self._controllers = controllers
        self._last: tuple[LinkReport, ...] = ()
        self._heard: list[tuple[str, list[int]]] = []  # each node, and the places of its reports
        self._hearers: list[list[int]] = []  # of each place: who hears it, by place in `_heard`
        self._watchers: list[int] = []

    def forget(self) -> None:
        """A node's uplink changed."""
        self._last = ()

    def select(self, links: tuple[LinkReport, ...]) -> list[tuple[str, list[LinkReport]]]:
        """Each node that is told something, with all of its reports."""
        last, self._last = self._last, links
        if len(last) != len(links):
            told: Iterable[int] = self._work_out(links)
        else:
            news = [i for i, (a, b) in enumerate(zip(links, last, strict=True)) if a is not b]
            if any(_ends(links[i]) != _ends(last[i]) for i in news):
                told = self._work_out(links)
            else:
                hearers = (node for i in news for node in self._hearers[i])
                told = sorted({*self._watchers, *hearers})
        chosen = (self._heard[node] for node in told)
        return [(name, [links[place] for place in places]) for name, places in chosen]

    def _work_out(self, links: tuple[LinkReport, ...]) -> Iterable[int]:
        """Find out who hears what; then everybody is told."""
        self._hearers = [[] for _ in links]
        self._heard, self._watchers = [], []
        for name, controller in self._controllers.items():
            uplink = controller.uplink
            way = {hop.link for hop in uplink.hops} if uplink else set()
            places = [i for i, r in enumerate(links) if name in _ends(r) or r.link in way]
            if not places:
                continue
            if controller.watches_time:
                self._watchers.append(len(self._heard))
            for place in places:
                self._hearers[place].append(len(self._heard))
            self._heard.append((name, places))
        return range(len(self._heard))


def _ends(report: LinkReport) -> tuple[str, str]:
    return report.transmitter, report.receiver


class _OpenUpdate(msgspec.Struct):
    """An SCI update that is still being told of; fields as those of `SciUpdate`."""

    start_ns: int
    last_receipt_ns: int | None = None
    messages: int = 0
    message_bytes: int = 0
    wall_ns: int = 0
    steps: tuple[tuple[str, int], ...] = ()


class _Ledger:
    """Puts the nodes' records together to outcomes of tasks and of SCI updates."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._open: dict[int, TaskStarted] = {}
        self._updates: dict[int, _OpenUpdate] = {}
        self._oldest_update = 0
        self.started = 0
        self.done = 0
        self.timed_out = 0
        self.dropped = 0

    def note(self, record: NodeRecord) -> None:
        match record:
            case SciStep():  # the most frequent first
                self._sci(record)
            case TaskStarted():
                self.started += 1
                self._open[record.task_id] = record
            case TaskFinished():
                self._finish(record)
            case CapacityForecast():
                self._recorder.record_forecast(record)
            case TaskTimedOut():
                self.timed_out += 1
            case MessageDropped():
                self.dropped += 1

    def close(self) -> None:
        """Tell the recorder what is left: the tasks not finished, the last updates."""
        for task in self._open.values():
            self._recorder.record_task(
                TaskOutcome(task.task_id, task.ue, task.policy, "unfinished", task.start_ns)
            )
        self._open.clear()
        for update_id in sorted(self._updates):
            self._report_update(update_id)

    def _finish(self, record: TaskFinished) -> None:
        if self._open.pop(record.task_id, None) is None:
            return  # the same task a second time
        self.done += 1
        values = msgspec.structs.asdict(record)
        self._recorder.record_task(TaskOutcome(status="done", **values))

    def _sci(self, step: SciStep) -> None:
        if step.update_id < self._oldest_update:
            return
        update = self._updates.get(step.update_id)
        if update is None:
            update = self._updates[step.update_id] = _OpenUpdate(step.started_ns)
        if step.at_source and not step.mending:
            update.last_receipt_ns = step.time_ns
        update.messages += step.messages
        update.message_bytes += step.message_bytes
        update.wall_ns += step.wall_ns
        update.steps = (*update.steps, (step.node, step.time_ns))
        while self._oldest_update + _SCI_WINDOW < step.update_id:
            self._report_update(self._oldest_update)
            self._oldest_update += 1

    def _report_update(self, update_id: int) -> None:
        over = self._updates.pop(update_id, None)
        if over is not None:
            self._recorder.record_sci(SciUpdate(update_id, *msgspec.structs.astuple(over)))
