"""The loop: one merged clock over the network's events and the nodes' timers.

Order of what happens at one moment: first the network's events, in the order in which the network
gives them; then the timers, by node (in the order of `controllers`) and by the order in which they
were set. What nodes send takes effect at that moment. So a run depends on nothing but its inputs.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, Self

import msgspec

from cosim.errors import NetworkError, PolicyError, ProtocolError
from cosim.ledger import Ledger, Recorder
from cosim.network.port import (
    Attachment,
    Delivery,
    Event,
    LinkReport,
    NetworkPort,
    ParentChange,
    ReportTick,
    Send,
    Step,
    Totals,
)
from cosim.nodes.actions import Action, Record, SendMessage, SetTimer, Token
from cosim.nodes.build import SegmentLike, uplink_of
from cosim.nodes.controller import NodeController
from cosim.watchdog import DecisionWatch, OverdueDecision


class AccessTree(Protocol):
    """What the engine needs of `cosim.scenario.topology.Topology`."""

    def next_computing_from_ue(self, ue: str, serving: str) -> SegmentLike | None:
        """The way from a UE to its first computing node, when `serving` serves it."""

    def next_computing(self, name: str) -> SegmentLike | None:
        """The way from a fixed node to the next computing one."""

    def with_parent(self, child: str, parent: str, link: str) -> Self:
        """The tree after a node got another parent over a link, or none when that is empty."""


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
        self._ledger = Ledger(recorder)
        self._recorder = recorder
        self._on_progress = on_progress
        self._now_ns = 0
        self._timers: list[tuple[int, int, int, str, Token]] = []
        self._timer_count = 0
        self._commands: list[Send] = []
        self._transfer_count = 0
        self._sent_messages = 0
        self._sent_bytes = 0
        self._serving: dict[str, str] = {}  # of each attached UE that computes
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
        self._sent_bytes += sum([command.size_bytes for command in commands])
        return commands

    def _fire_timers(self) -> None:
        while self._timers and self._timers[0][0] <= self._now_ns:
            _, _, _, name, token = heapq.heappop(self._timers)
            self._ask(name, self._controllers[name].on_timer, token)

    def _dispatch(self, event: Event) -> None:
        if isinstance(event, Delivery):
            self._deliver(event)
        elif isinstance(event, ReportTick):
            self._report(event.links)
        elif isinstance(event, ParentChange):
            self._change_parent(event)
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
        if event.ue not in self._controllers:
            return  # a UE that computes nothing
        before = self._way(event.ue)
        self._serving.pop(event.ue, None)
        if event.serving:
            self._serving[event.ue] = event.serving
        self._switch(event.ue, before, self._way(event.ue))

    def _change_parent(self, event: ParentChange) -> None:
        """The tree has changed: so may have the way of any node below."""
        before = {name: self._way(name) for name in self._controllers}
        self._tree = self._tree.with_parent(event.node, event.parent, event.link)
        for name, way in before.items():
            if uplink_of(way) != uplink_of(self._way(name)):
                self._switch(name, way, self._way(name))

    def _way(self, name: str) -> SegmentLike | None:
        """The way from a node to its next computing one, as the tree is now."""
        if name in self._serving:
            return self._tree.next_computing_from_ue(name, self._serving[name])
        is_ue = self._controllers[name].config.source is not None
        return None if is_ue else self._tree.next_computing(name)

    def _switch(self, name: str, before: SegmentLike | None, after: SegmentLike | None) -> None:
        """Tell a node its new way downstream, and the next computing nodes, old and new."""
        old = None if before is None else before.destination
        new = None if after is None else after.destination
        if old is not None and old != new:
            self._ask(old, self._controllers[old].on_detached, name)
        self._ask(name, self._controllers[name].on_uplink, uplink_of(after))
        self._audience.forget()
        if new is not None:
            self._ask(new, self._controllers[new].on_attached, name)

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
            if isinstance(action, Record):
                self._ledger.note(action.record)
            elif isinstance(action, SendMessage):
                self._send(name, action)
            else:
                self._set_timer(name, action)

    def _send(self, name: str, message: SendMessage) -> None:
        self._transfer_count += 1
        command = Send(
            transfer_id=self._transfer_count,
            source=name,
            destination=message.destination,
            size_bytes=message.size_bytes,
            transport=message.transport,
            payload=message.payload,
        )
        self._commands.append(command)

    def _set_timer(self, name: str, timer: SetTimer) -> None:
        self._timer_count += 1
        key = (max(timer.at_ns, self._now_ns), self._priority[name], self._timer_count)
        heapq.heappush(self._timers, (*key, name, timer.token))


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
            news = [*itertools.compress(itertools.count(), map(operator.is_not, links, last))]
            if any(_ends(links[i]) != _ends(last[i]) for i in news):
                told = self._work_out(links)
            else:
                told = sorted({*self._watchers, *[n for i in news for n in self._hearers[i]]})
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
