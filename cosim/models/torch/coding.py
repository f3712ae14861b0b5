"""Measuring the forms in which a model's live tensors can cross links."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import torch

from cosim.models.profile import CodedForm
from cosim.models.torch.clocks import CpuClock
from cosim.models.torch.graph import LayerGraph, bind_inputs, run_layers
from cosim.models.torch.wire import ValueLayout, layouts_of
from cosim.models.transfer import CODED_FORMS, TransferForm, decode, encode

_REPEATS: Final = 5


def measure_coding(graph: LayerGraph, *inputs: torch.Tensor) -> dict[str, CodedForm]:
    """Bytes of each form at each boundary, and the shortest of some times to code it.

    What `lossless` makes of it depends on the values: those of these inputs and weights.
    """
    layers = graph.layer_count
    sizes = {form: np.zeros(layers + 1, dtype=np.int64) for form in CODED_FORMS}
    times = {form: np.zeros((2, layers + 1)) for form in CODED_FORMS}
    values = bind_inputs(graph, *inputs)
    layouts = layouts_of(graph, *inputs)
    with torch.inference_mode():
        for boundary in range(layers):  # nothing crosses after the last layer
            parts = layouts[boundary].pack(values)
            for form in CODED_FORMS:
                size, encode_s, decode_s = _measure_one(form, layouts[boundary], parts)
                sizes[form][boundary] = size
                times[form][:, boundary] = encode_s, decode_s
            values = run_layers(graph, boundary, boundary + 1, values)
    return {form: CodedForm(sizes[form], *times[form]) for form in CODED_FORMS}


def _measure_one(
    form: TransferForm, layout: ValueLayout, parts: list[bytes]
) -> tuple[int, float, float]:
    encode_s, data = _shortest_s(lambda: encode(form, layout.tensors, parts))
    decode_s, _ = _shortest_s(lambda: decode(form, layout.tensors, data))
    return len(data), encode_s, decode_s


def _shortest_s(call: Callable[[], Any]) -> tuple[float, Any]:
    runs = [CpuClock().time(call) for _ in range(_REPEATS)]
    return min(time_ns for _, time_ns in runs) / 1e9, runs[-1][0]
