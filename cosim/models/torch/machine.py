"""How fast the machine is that measures: its largest rates of arithmetic and of memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import torch

from cosim.models.torch.clocks import Clock

_SIDE: Final = 1024  # of the matrices that are multiplied
_NUMBERS: Final = 2**24  # in the vector that is copied: 64 MiB, more than caches hold
_REPEATS: Final = 4


def measure_machine(clock: Clock, device: str = "cpu") -> tuple[float, float]:
    """Rates of a large float32 matrix product and of a large copy: FLOP/s and bytes/s."""
    a, b = (torch.rand(_SIDE, _SIDE, device=device) for _ in range(2))
    source = torch.rand(_NUMBERS, device=device)
    target = torch.empty_like(source)
    multiply_s = _shortest_s(clock, lambda: a @ b)
    copy_s = _shortest_s(clock, lambda: target.copy_(source))
    return 2 * _SIDE**3 / multiply_s, 2 * source.nbytes / copy_s


def _shortest_s(clock: Clock, call: Callable[[], Any]) -> float:
    return min(clock.time(call)[1] for _ in range(_REPEATS)) / 1e9
