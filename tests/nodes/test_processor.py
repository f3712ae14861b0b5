"""Processors: who is served when, to the nanosecond."""

from __future__ import annotations

import heapq
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.nodes.actions import ComputeDone, ProcessorDue
from cosim.nodes.messages import HopTrace, TaskMessage
from cosim.nodes.processor import Processor, Work, make_processor

WORK = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 60)), min_size=1, max_size=12)


def serve(processor: Processor, work: list[tuple[int, int]]) -> dict[int, tuple[int, int, int]]:
    """Give a processor work of (wait, duration); return arrival, end and queue time of each."""
    agenda: list[tuple[int, int, Any]] = []
    now, count = 0, 0
    arrivals = {}
    for number, (wait, duration) in enumerate(work):
        now += wait
        arrivals[number] = now
        agenda.append((now, number, (number, duration)))
    heapq.heapify(agenda)
    count = len(work)
    found = {}

    def done(now: int, task: TaskMessage) -> None:
        found[task.task_id] = (arrivals[task.task_id], now, task.hops[0].queue_ns)

    while agenda:
        now, _, what = heapq.heappop(agenda)
        actions: list[Any] = []
        if isinstance(what, ComputeDone):
            done(now, what.task)
        elif isinstance(what, ProcessorDue):
            tasks, actions = processor.due(now, what.generation)
            for task in tasks:
                done(now, task)
        else:
            number, duration = what
            task = TaskMessage(number, "u", 0, 0, 0, 0.0, 0.0, (HopTrace("u", 1, 0, 0, duration),))
            actions = processor.admit(now, Work(task, 0, duration))
        for action in actions:
            assert action.at_ns >= now
            count += 1
            heapq.heappush(agenda, (action.at_ns, count, action.token))
    return found


@given(WORK)
def test_first_in_first_out(work: list[tuple[int, int]]) -> None:
    found = serve(make_processor("fifo"), work)
    now = free = 0
    for number, (wait, duration) in enumerate(work):
        now += wait
        begin = max(now, free)
        free = begin + duration
        assert found[number] == (now, free, begin - now)


@given(WORK)
def test_sharing_serves_everything_and_is_never_idle_with_work(work: list[tuple[int, int]]) -> None:
    shared, fifo = (serve(make_processor(d), work) for d in ("processor-sharing", "fifo"))  # type: ignore[arg-type]
    assert shared.keys() == fifo.keys() == set(range(len(work)))
    for number, (arrival, end, queue) in shared.items():
        assert end - arrival == queue + work[number][1]  # to the nanosecond
        assert queue >= 0
    # Work is conserved: a busy period ends when it would in any other order, but for rounding up.
    last = max(end for _, end, _ in fifo.values())
    assert last <= max(end for _, end, _ in shared.values()) <= last + len(work)


@pytest.mark.parametrize(
    ("work", "ends"),
    [
        ([(0, 10)], [10]),
        ([(0, 10), (0, 10)], [20, 20]),
        ([(0, 10), (0, 4)], [14, 8]),  # at half speed to 8, then alone
        ([(0, 10), (4, 3)], [13, 10]),
        ([(0, 9), (0, 9), (0, 3)], [21, 21, 9]),
        ([(0, 1), (0, 1), (0, 2)], [3, 3, 4]),
    ],
)
def test_sharing_by_hand(work: list[tuple[int, int]], ends: list[int]) -> None:
    found = serve(make_processor("processor-sharing"), work)
    assert [found[number][1] for number in range(len(work))] == ends


def test_work_that_comes_now_begins_when() -> None:
    task = TaskMessage(1, "u", 0, 0, 0, 0.0, 0.0, (HopTrace("u", 1, 0, 0, 10),))
    for discipline, begins in (("fifo", 10), ("processor-sharing", 3)):
        processor = make_processor(discipline)  # type: ignore[arg-type]
        processor.admit(0, Work(task, 0, 10))
        assert processor.free_ns(3) == begins
