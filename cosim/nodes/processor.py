"""A node's processor: the work on it, in simulated time (integer ns)."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Literal, Protocol

import msgspec

from cosim.nodes.actions import Action, ComputeDone, ProcessorDue, SetTimer
from cosim.nodes.messages import TaskMessage

Discipline = Literal["fifo", "processor-sharing"]


class Work(msgspec.Struct, frozen=True):
    """A task's share at a node; the time it waits is booked at ``task.hops[index]``."""

    task: TaskMessage
    index: int
    duration_ns: int

    def waited(self, queue_ns: int) -> TaskMessage:
        """The task, when it has waited for so long."""
        hops = list(self.task.hops)
        here = hops[self.index]
        hops[self.index] = msgspec.structs.replace(here, queue_ns=here.queue_ns + queue_ns)
        return msgspec.structs.replace(self.task, hops=tuple(hops))


class Processor(Protocol):
    """Takes work, and says when it is done."""

    def free_ns(self, now_ns: int) -> int:
        """When work that came now would begin."""

    def admit(self, now_ns: int, work: Work) -> list[Action]:
        """Take work; return the timer at which it, or other work, is done."""

    def due(self, now_ns: int, generation: int) -> tuple[list[TaskMessage], list[Action]]:
        """A timer of its own went off: what is done, and the next timer."""


def make_processor(discipline: Discipline) -> Processor:
    """A processor that serves in this order."""
    return SharedProcessor() if discipline == "processor-sharing" else FifoProcessor()


class FifoProcessor:
    """First in, first out."""

    def __init__(self) -> None:
        self._free_ns = 0

    def free_ns(self, now_ns: int) -> int:
        return max(now_ns, self._free_ns)

    def admit(self, now_ns: int, work: Work) -> list[Action]:
        begin_ns = self.free_ns(now_ns)
        self._free_ns = begin_ns + work.duration_ns
        return [SetTimer(self._free_ns, ComputeDone(work.waited(begin_ns - now_ns)))]

    def due(self, now_ns: int, generation: int) -> tuple[list[TaskMessage], list[Action]]:
        return [], []  # each share has a timer of its own


class SharedProcessor:
    """Everybody at once, at the n-th part of the speed (egalitarian processor sharing).

    Exact: `_served` is the time that one share has had since the processor was last idle.
    """

    def __init__(self) -> None:
        self._served = Fraction(0)
        self._since_ns = 0
        self._shares: list[tuple[Fraction, int, Work]] = []  # served when done, since, what
        self._generation = 0

    def free_ns(self, now_ns: int) -> int:
        return now_ns

    def admit(self, now_ns: int, work: Work) -> list[Action]:
        self._serve(now_ns)
        self._shares.append((self._served + work.duration_ns, now_ns, work))
        return self._next_timer(now_ns)

    def due(self, now_ns: int, generation: int) -> tuple[list[TaskMessage], list[Action]]:
        if generation != self._generation:
            return [], []  # work came meanwhile, and another timer with it
        self._serve(now_ns)
        done = [share for share in self._shares if share[0] <= self._served]
        self._shares = [share for share in self._shares if share[0] > self._served]
        tasks = [work.waited(now_ns - since - work.duration_ns) for _, since, work in done]
        return tasks, self._next_timer(now_ns)

    def _serve(self, now_ns: int) -> None:
        if self._shares:
            self._served += Fraction(now_ns - self._since_ns, len(self._shares))
        else:
            self._served = Fraction(0)
        self._since_ns = now_ns

    def _next_timer(self, now_ns: int) -> list[Action]:
        self._generation += 1
        if not self._shares:
            return []
        left = min(share[0] for share in self._shares) - self._served
        end_ns = now_ns + math.ceil(left * len(self._shares))
        return [SetTimer(end_ns, ProcessorDue(self._generation))]
