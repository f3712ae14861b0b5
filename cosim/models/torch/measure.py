"""Measuring a traced model: time, FLOPs, parameters and sizes, layer by layer."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import fx, nn

from cosim.errors import ProfileError
from cosim.models.profile import FloatArray, IntArray
from cosim.models.torch.clocks import Clock, CpuClock
from cosim.models.torch.flops import counting_flops
from cosim.models.torch.graph import LayerGraph, bind_call, bind_inputs, parameters_of
from cosim.models.torch.values import count_bytes, map_tensors, tensors_in

Progress = Callable[[int, int], None]  # rounds done, and how many there are in all


@dataclass(frozen=True, eq=False)
class LayerSizes:
    """What of a model does not depend on the machine.

    Attributes
    ----------
    flops, param_bytes, output_bytes : (L,) int64
        Per layer; FLOPs are those of convolutions and matrix products, a multiply-add counting two.
    live_bytes : (L+1,) int64
        Bytes of the values live at each boundary; at L, those that the output is made of.
    """

    flops: IntArray
    param_bytes: IntArray
    output_bytes: IntArray
    live_bytes: IntArray


@dataclass(frozen=True, eq=False)
class LayerTimes:
    """All the times measured, s, for R repeats.

    `layers_s` is (R, L), `model_s` (R,), and `backward_s` (R, L), or None.
    """

    layers_s: FloatArray
    model_s: FloatArray
    backward_s: FloatArray | None = None


def best_s(times: FloatArray) -> FloatArray:
    """Shortest time of each layer, (L,): what it takes when nothing else disturbs."""
    best: FloatArray = times.min(axis=0)
    return best


def spread(times: FloatArray) -> FloatArray:
    """Median over shortest time of each layer, less 1, (L,); 0 for what takes no time."""
    best = times.min(axis=0)
    relative: FloatArray = np.median(times, axis=0) / np.where(best > 0, best, 1.0) - 1.0
    return np.where(best > 0, relative, 0.0)


def measure_sizes(graph: LayerGraph, *inputs: torch.Tensor) -> LayerSizes:
    """Run the model once, counting FLOPs and bytes."""
    flops: list[int] = []
    sizes = {name: count_bytes(tensor) for name, tensor in zip(graph.inputs, inputs, strict=True)}
    values = bind_inputs(graph, *inputs)
    for boundary, node in enumerate(graph.layers, 1):
        with counting_flops() as counter:
            values[node.name] = bind_call(graph, node, values)()
        flops.append(counter.get_total_flops())
        sizes[node.name] = count_bytes(values[node.name])
        values = {name: values[name] for name in graph.live[boundary]}
    parameters = [parameters_of(graph, node) for node in graph.layers]
    return LayerSizes(
        flops=np.array(flops, dtype=np.int64),
        param_bytes=np.array(
            [sum(p.nbytes for p in layer) for layer in parameters], dtype=np.int64
        ),
        output_bytes=np.array([sizes[node.name] for node in graph.layers], dtype=np.int64),
        live_bytes=np.array([sum(sizes[name] for name in names) for names in graph.live]),
    )


def measure_times(
    model: nn.Module,
    graph: LayerGraph,
    *inputs: torch.Tensor,
    repeats: int = 200,
    warm_up: int = 10,
    threads: int = 1,
    backward: bool = False,
    clock: Clock | None = None,
    on_round: Progress | None = None,
) -> LayerTimes:
    """Time every layer and the whole model, taking turns.

    A round times each layer once, in the model's order and on the values that the round computed,
    so caches are in the state that a real run leaves them in; then the untouched model; and, with
    `backward`, each layer's backward pass. Other work on the machine only ever adds time (it wears
    caches out, if it does not take the processor): use the minimum over many rounds.
    """
    timer = CpuClock() if clock is None else clock
    layers_ns = np.empty((repeats, graph.layer_count))
    backward_ns = np.empty_like(layers_ns) if backward else None
    model_ns = np.empty(repeats)
    with _undisturbed(threads):
        for index in range(-warm_up, repeats):
            with torch.inference_mode():
                layer_times = _time_layers(graph, inputs, timer)
                _, model_time = timer.time(lambda: model(*inputs))
            if index >= 0:
                layers_ns[index], model_ns[index] = layer_times, model_time
            if backward_ns is not None:
                backward_ns[max(index, 0)] = _time_backward(graph, inputs, timer)
            if on_round is not None:
                on_round(index + warm_up + 1, repeats + warm_up)
    return LayerTimes(
        layers_s=layers_ns / 1e9,
        model_s=model_ns / 1e9,
        backward_s=None if backward_ns is None else backward_ns / 1e9,
    )


def _time_layers(graph: LayerGraph, inputs: tuple[torch.Tensor, ...], clock: Clock) -> list[int]:
    """Time each layer once, ns."""
    times = []
    values = bind_inputs(graph, *inputs)
    for boundary, node in enumerate(graph.layers, 1):
        call = bind_call(graph, node, values)
        value, time_ns = clock.time(call)
        times.append(time_ns)
        values[node.name] = value
        values = {name: values[name] for name in graph.live[boundary]}
    return times


def _time_backward(graph: LayerGraph, inputs: tuple[torch.Tensor, ...], clock: Clock) -> list[int]:
    """Time the backward pass of each layer alone, ns; 0 for what has no gradient."""
    times = []
    values = bind_inputs(graph, *inputs)
    for boundary, node in enumerate(graph.layers, 1):
        try:
            time_ns, value = _time_gradient(graph, node, values, clock)
        except Exception as error:  # the user's code or operator, which may have none
            raise ProfileError(
                f"layer '{node.name}' has no gradient: {type(error).__name__}: {error}",
                hint="profile without --backward",
            ) from error
        times.append(time_ns)
        values[node.name] = map_tensors(value, torch.Tensor.detach)
        values = {name: values[name] for name in graph.live[boundary]}
    return times


def _time_gradient(
    graph: LayerGraph, node: fx.Node, values: dict[str, Any], clock: Clock
) -> tuple[int, Any]:
    """Time a layer's gradient with respect to what it takes and to its parameters."""
    used = {argument.name for argument in node.all_input_nodes}
    leaves = {n: map_tensors(v, _as_leaf) for n, v in values.items() if n in used}
    with torch.enable_grad():
        value = bind_call(graph, node, leaves)()
    outputs = [tensor for tensor in tensors_in(value) if tensor.requires_grad]
    wanted = [tensor for leaf in leaves.values() for tensor in tensors_in(leaf)]
    wanted = [t for t in [*wanted, *parameters_of(graph, node)] if t.requires_grad]
    if not outputs or not wanted:
        return 0, value
    given = [torch.ones_like(tensor) for tensor in outputs]
    _, time_ns = clock.time(lambda: torch.autograd.grad(outputs, wanted, given, allow_unused=True))
    return time_ns, value


def _as_leaf(tensor: torch.Tensor) -> torch.Tensor:
    leaf = tensor.detach()
    return leaf.requires_grad_() if leaf.is_floating_point() else leaf


@contextmanager
def _undisturbed(threads: int) -> Iterator[None]:
    """Fixed threads and no garbage collection; both as before afterwards."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        with fixed_threads(threads):
            yield
    finally:
        if collecting:
            gc.enable()


@contextmanager
def fixed_threads(threads: int = 1) -> Iterator[None]:
    """So many threads of torch: also the order of sums, and their last bits, depend on them."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
