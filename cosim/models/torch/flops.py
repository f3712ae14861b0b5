"""Counting FLOPs with the formulas of torch's counter, and those that it leaves out.

They are of the convolutions and matrix products that PyTorch calls; of fused operators, which do
several in one call, torch has only some: not those of inference on a CPU and of cuDNN's recurrent
layers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import fx
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

_ops: Any = torch.ops.aten
_Shape = tuple[int, ...]


class FlopCounter(TorchDispatchMode):
    """Adds up what runs inside.

    `FlopCounterMode` follows modules besides, for which it hooks into gradients: it fails on a
    model that takes one, and on most operators that call a graph (``while_loop``).
    """

    supports_higher_order_operators = True

    def __init__(self, formulas: Mapping[Any, Callable[..., int]]) -> None:
        super().__init__()
        self._formulas = formulas
        self._flops = 0

    def get_total_flops(self) -> int:
        """FLOPs so far."""
        return self._flops

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if isinstance(func, OpOverload) and func is not torch.ops.prim.device.default:
            with self:
                made = func.decompose(*args, **kwargs)
            if made is not NotImplemented:
                return made
        value = func(*map(self._counted, args), **kwargs)
        formula = self._formulas.get(getattr(func, "overloadpacket", func))
        self._flops += formula(*args, **kwargs, out_val=value) if formula else 0
        return value

    def _counted(self, argument: Any) -> Any:
        """A graph that an operator calls, so that what runs in it is counted too."""

        def call(*args: Any) -> Any:
            with self:
                return argument(*args)

        return call if isinstance(argument, fx.GraphModule) else argument


@contextmanager
def counting_flops() -> Iterator[FlopCounter]:
    """Count, without gradients, what runs inside."""
    own = {
        _ops._scaled_dot_product_flash_attention_for_cpu: _attention_flops,
        _ops.mkldnn_rnn_layer: _recurrent_flops,
        _ops._cudnn_rnn: _cudnn_recurrent_flops,
        _ops.mv: _matrix_vector_flops,
    }
    formulas = FlopCounterMode(display=False, custom_mapping=own).flop_registry
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # whole blocks of a transformer in one call
    try:
        with FlopCounter(formulas) as counter, torch.no_grad():
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
