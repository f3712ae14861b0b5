"""Timing one call: by what the CPU spent on it, by the wall, or with events in a CUDA stream."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

import torch

from cosim.errors import InputError


class Clock(Protocol):
    """Times calls."""

    name: str

    def time(self, call: Callable[[], Any]) -> tuple[Any, int]:
        """Call it; return what it gave, and how long it took, ns."""


class CpuClock:
    """Time that this thread ran: other work on the machine does not count."""

    name = "the thread's CPU time"

    def time(self, call: Callable[[], Any]) -> tuple[Any, int]:
        begin = time.thread_time_ns()
        value = call()
        return value, time.thread_time_ns() - begin


class WallClock:
    """Real time, for work that several threads share."""

    name = "perf_counter"

    def time(self, call: Callable[[], Any]) -> tuple[Any, int]:
        begin = time.perf_counter_ns()
        value = call()
        return value, time.perf_counter_ns() - begin


class CudaClock:
    """CUDA events around the call: time on the GPU.

    A kernel that ends before the next one is launched leaves it idle, and that time counts: of a
    small layer, it is most.
    """

    name = "CUDA events"

    def time(self, call: Callable[[], Any]) -> tuple[Any, int]:
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        value = call()
        end.record()
        end.synchronize()
        return value, round(begin.elapsed_time(end) * 1e6)  # it is in ms


def clock_for(device: str, threads: int = 1) -> Clock:
    """The clock for work on torch's device ``cpu`` or ``cuda``.

    Raises
    ------
    InputError
        torch has no CUDA here.
    """
    if device != "cuda":
        return CpuClock() if threads == 1 else WallClock()
    if not torch.cuda.is_available():
        raise InputError(
            "--device cuda: torch finds no CUDA device here",
            hint="it needs a GPU, its driver and a CUDA build of torch",
        )
    return CudaClock()
