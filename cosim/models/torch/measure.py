"""Measuring a traced model: time, FLOPs, parameters and sizes, layer by layer."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cosim.errors import ProfileError
from cosim.models.profile import FloatArray, IntArray
from cosim.models.torch.graph import LayerGraph, bind_call, bind_inputs, parameters_of

_SCALAR_BYTES = 8  # a Python number on the wire


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
    """All the times measured, s: `layers_s` is (R, L), `model_s` (R,), for R repeats."""

    layers_s: FloatArray
    model_s: FloatArray

    @property
    def best_s(self) -> FloatArray:
        """Shortest time of each layer, (L,): what it takes when nothing else disturbs."""
        best: FloatArray = self.layers_s.min(axis=0)
        return best

    @property
    def spread(self) -> FloatArray:
        """Median over shortest time of each layer, less 1, (L,)."""
        spread: FloatArray = np.median(self.layers_s, axis=0) / self.best_s - 1.0
        return spread


def measure_sizes(graph: LayerGraph, *inputs: torch.Tensor) -> LayerSizes:
    """Run the model once, counting FLOPs and bytes."""
    flops: list[int] = []
    sizes = {name: count_bytes(tensor) for name, tensor in zip(graph.inputs, inputs, strict=True)}
    values = bind_inputs(graph, *inputs)
    with torch.inference_mode():
        for boundary, node in enumerate(graph.layers, 1):
            with FlopCounterMode(display=False) as counter:
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
) -> LayerTimes:
    """Time every layer and the whole model, taking turns, on one thread.

    A round times each layer once, in the model's order and on the values that the round computed,
    so caches are in the state that a real run leaves them in; then the untouched model. Other work
    on the machine only ever adds time: use the minimum over many rounds.
    """
    layer_rounds = np.empty((repeats, graph.layer_count))
    model_rounds = np.empty(repeats)
    with _undisturbed(), torch.inference_mode():
        for index in range(-warm_up, repeats):
            layer_times = _time_layers(graph, inputs)
            model_time = _time_model(model, inputs)
            if index >= 0:
                layer_rounds[index], model_rounds[index] = layer_times, model_time
    return LayerTimes(layers_s=layer_rounds / 1e9, model_s=model_rounds / 1e9)


def count_bytes(value: Any) -> int:
    """Bytes that a value needs on the wire."""
    if isinstance(value, torch.Tensor):
        return int(value.nbytes)
    if value is None or isinstance(value, bool | int | float):
        return _SCALAR_BYTES
    if isinstance(value, tuple | list):
        return sum(map(count_bytes, value))
    raise ProfileError(f"cannot tell how large a value of type {type(value).__name__} is")


def _time_layers(graph: LayerGraph, inputs: tuple[torch.Tensor, ...]) -> list[int]:
    """Time each layer once, ns."""
    times: list[int] = []
    values = bind_inputs(graph, *inputs)
    for boundary, node in enumerate(graph.layers, 1):
        call = bind_call(graph, node, values)
        begin = time.perf_counter_ns()
        value = call()
        times.append(time.perf_counter_ns() - begin)
        values[node.name] = value
        values = {name: values[name] for name in graph.live[boundary]}
    return times


def _time_model(model: nn.Module, inputs: tuple[torch.Tensor, ...]) -> int:
    begin = time.perf_counter_ns()
    model(*inputs)
    return time.perf_counter_ns() - begin


@contextmanager
def _undisturbed() -> Iterator[None]:
    """One thread and no garbage collection; both as before afterwards."""
    threads, collecting = torch.get_num_threads(), gc.isenabled()
    torch.set_num_threads(1)
    gc.disable()
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        if collecting:
            gc.enable()
