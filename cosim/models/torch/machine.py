"""How fast the machine is that measures: its largest rates of arithmetic and of memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import torch

from cosim.models.torch.clocks import Clock

# Side of the matrices that are multiplied: 1024 are too few for all of a large GPU to have work.
_SIDES: Final[Mapping[str, int]] = MappingProxyType({"cpu": 1024, "cuda": 4096})
# In the vector that is copied: 64 and 256 MiB, more than caches hold.
_NUMBERS: Final[Mapping[str, int]] = MappingProxyType({"cpu": 2**24, "cuda": 2**26})
_REPEATS: Final = 4


def measure_machine(clock: Clock, device: str = "cpu") -> tuple[float, float]:
    """Rates of a large float32 matrix product and of a large copy: FLOP/s and bytes/s."""
    side = _SIDES[device]
    a, b = (torch.rand(side, side, device=device) for _ in range(2))
    source = torch.rand(_NUMBERS[device], device=device)
    target = torch.empty_like(source)
    multiply_s = _shortest_s(clock, lambda: a @ b)
    copy_s = _shortest_s(clock, lambda: target.copy_(source))
    return 2 * side**3 / multiply_s, 2 * source.nbytes / copy_s


def _shortest_s(clock: Clock, call: Callable[[], Any]) -> float:
    return min(clock.time(call)[1] for _ in range(_REPEATS)) / 1e9
