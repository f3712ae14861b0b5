"""The paper's profiler: hooks on leaf modules, and the last output as what crosses.

HiveMind's authors timed each module without children between two forward hooks, and took its output
for what is sent after it. What is not a module (an addition, a flatten) is not seen, and a tensor
that a later layer needs besides (a residual) is not counted. It is here to compare with.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn

from cosim.errors import ProfileError
from cosim.models.profile import FloatArray
from cosim.models.torch.flops import counting_flops
from cosim.models.torch.measure import LayerSizes
from cosim.models.torch.operators import module_kind
from cosim.models.torch.values import count_bytes

ReadNs = Callable[[], int]


@dataclass
class _Call:
    """One call of a leaf module."""

    path: str
    module: nn.Module
    begin_ns: int = 0
    time_ns: int = 0
    output_bytes: int = 0


@dataclass(frozen=True, eq=False)
class HookedRun:
    """What hooks saw of a model.

    Attributes
    ----------
    names, kinds
        Of each call, in order; a module that is called again gets a number.
    sizes
        `LayerSizes.live_bytes` holds the last output only.
    layers_s
        (R, L), s.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    sizes: LayerSizes
    layers_s: FloatArray


def run_hooked(
    model: nn.Module,
    *inputs: torch.Tensor,
    repeats: int = 1,
    clock_ns: ReadNs = time.thread_time_ns,
) -> HookedRun:
    """Run the model `repeats` times with hooks on its leaf modules.

    Raises
    ------
    ProfileError
        It has no leaf module that is called.
    """
    hooked = copy.deepcopy(model).eval()
    rounds = [_run_once(hooked, inputs, clock_ns) for _ in range(repeats)]
    first = rounds[0]
    if not first:
        raise ProfileError("the model calls no module, so hooks see nothing of it")
    output = np.array([call.output_bytes for call in first], dtype=np.int64)
    given = sum(count_bytes(tensor) for tensor in inputs)
    sizes = LayerSizes(
        flops=np.array(_flops_of_calls(hooked, inputs, first), dtype=np.int64),
        param_bytes=np.array(
            [sum(p.nbytes for p in call.module.parameters()) for call in first], dtype=np.int64
        ),
        output_bytes=output,
        live_bytes=np.array([given, *output], dtype=np.int64),
    )
    return HookedRun(
        names=_unique([call.path.replace(".", "_") for call in first]),
        kinds=tuple(module_kind(call.module) for call in first),
        sizes=sizes,
        layers_s=np.array([[call.time_ns / 1e9 for call in calls] for calls in rounds]),
    )


def _run_once(model: nn.Module, inputs: tuple[torch.Tensor, ...], clock_ns: ReadNs) -> list[_Call]:
    calls: list[_Call] = []
    handles = []

    def before(path: str) -> Callable[[nn.Module, Any], None]:
        def hook(module: nn.Module, _args: Any) -> None:
            calls.append(_Call(path, module))
            calls[-1].begin_ns = clock_ns()

        return hook

    def after(_module: nn.Module, _args: Any, output: Any) -> None:
        calls[-1].time_ns = clock_ns() - calls[-1].begin_ns
        calls[-1].output_bytes = count_bytes(output)

    for path, module in model.named_modules():
        if path and not any(True for _ in module.children()):
            handles.append(module.register_forward_pre_hook(before(path)))
            handles.append(module.register_forward_hook(after))
    try:
        with torch.inference_mode():
            model(*inputs)
    finally:
        for handle in handles:
            handle.remove()
    return calls


def _flops_of_calls(
    model: nn.Module, inputs: tuple[torch.Tensor, ...], calls: list[_Call]
) -> list[int]:
    """FLOPs between the end of one call and that of the next: those of functions count with it."""
    totals: list[int] = []
    with counting_flops() as counter:
        handles = [
            module.register_forward_hook(lambda *_: totals.append(counter.get_total_flops()))
            for path, module in model.named_modules()
            if path and not any(True for _ in module.children())
        ]
        try:
            model(*inputs)
        finally:
            for handle in handles:
                handle.remove()
    return [later - before for before, later in pairwise([0, *totals])][: len(calls)]


def _unique(names: list[str]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name}_{seen[name] - 1}")  # as torch.fx
    return tuple(found)
