"""Counting FLOPs with torch's counter, and what it leaves out.

It counts the convolutions and matrix products that PyTorch calls; fused operators, which do several
in one call, only where it has a formula. Those of inference on a CPU and of cuDNN's recurrent
layers it has not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

_ops: Any = torch.ops.aten
_Shape = tuple[int, ...]


@contextmanager
def counting_flops() -> Iterator[FlopCounterMode]:
    """Count, without gradients, what runs inside.

    Not in inference mode: there the counter fails on a module that is called on a parameter.
    """
    formulas = {
        _ops._scaled_dot_product_flash_attention_for_cpu: _attention_flops,
        _ops.mkldnn_rnn_layer: _recurrent_flops,
        _ops._cudnn_rnn: _cudnn_recurrent_flops,
        _ops.mv: _matrix_vector_flops,
    }
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # whole blocks of a transformer in one call
    try:
        with FlopCounterMode(display=False, custom_mapping=formulas) as counter, torch.no_grad():
            yield counter
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)


def _attention_flops(query: _Shape, key: _Shape, value: _Shape, *_: Any, **__: Any) -> int:
    return int(sdpa_flop_count(query, key, value))


def _recurrent_flops(
    sequence: _Shape, input_weights: _Shape, state_weights: _Shape, *_: Any, **__: Any
) -> int:
    """Of one layer: both weights meet every element of every sequence."""
    return _cudnn_recurrent_flops(sequence, [input_weights, state_weights])


def _cudnn_recurrent_flops(sequence: _Shape, weights: Sequence[_Shape], *_: Any, **__: Any) -> int:
    """Of all layers and directions; biases, of one dimension, are added and not multiplied."""
    products = sum(math.prod(shape) for shape in weights if len(shape) > 1)
    return 2 * math.prod(sequence[:-1]) * products


def _matrix_vector_flops(matrix: _Shape, *_: Any, **__: Any) -> int:
    return 2 * math.prod(matrix)
