"""Values live at a boundary as plain bytes and back, bit by bit and with the layout they had."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from cosim.errors import ProfileError
from cosim.models.torch.graph import LayerGraph, bind_call, bind_inputs
from cosim.models.torch.values import CONSTANTS, SCALAR_BYTES, bytes_in, mapping_of, sequence_of
from cosim.models.transfer import Tensor


@dataclass(frozen=True)
class _Leaf:
    """A tensor: its type, shape and strides, in items."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    stride: tuple[int, ...]


@dataclass(frozen=True)
class _Number:
    """A Python number or None."""

    kind: type


@dataclass(frozen=True)
class _Constant:
    """What the model has without being sent it: a type or a device."""

    value: Any


@dataclass(frozen=True)
class _Sequence:
    """A list, a tuple or a kind of it, whose items layers may get by name."""

    kind: type
    items: tuple[Any, ...]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)


@dataclass(frozen=True)
class _Mapping:
    """A dict or a kind of it."""

    kind: type
    items: Mapping[Any, Any]

    def __getitem__(self, key: Any) -> Any:
        return self.items[key]


@dataclass(frozen=True, eq=False)
class ValueLayout:
    """What a boundary's values look like, known from the model: only their bytes have to cross.

    Attributes
    ----------
    values
        By name: a value with a `_Leaf` or `_Number` in the place of each tensor or number.
    tensors
        All of them in order, as `cosim.models.transfer` needs them.
    """

    values: Mapping[str, Any]
    tensors: tuple[Tensor, ...]

    def pack(self, values: Mapping[str, Any]) -> list[bytes]:
        """Bytes of each tensor and number."""
        return [
            _bytes_of(item, leaf)
            for name, shape in self.values.items()
            for item, leaf in _pairs(values[name], shape)
        ]

    def unpack(self, parts: Sequence[bytes]) -> dict[str, Any]:
        """The values of the bytes."""
        left = iter(parts)
        return {name: _rebuild(shape, left) for name, shape in self.values.items()}


def layouts_of(graph: LayerGraph, *inputs: torch.Tensor) -> tuple[ValueLayout, ...]:
    """Run the model once, and note what is live at each boundary 0..L."""
    values = bind_inputs(graph, *inputs)
    shapes = {name: _shape_of(value) for name, value in values.items()}
    found = [_layout(shapes, graph.live[0])]
    with torch.inference_mode():
        for boundary, node in enumerate(graph.layers, 1):
            values[node.name] = bind_call(graph, node, values)()
            shapes[node.name] = _shape_of(values[node.name])
            values = {name: values[name] for name in graph.live[boundary]}
            found.append(_layout(shapes, graph.live[boundary]))
    return tuple(found)


def _layout(shapes: Mapping[str, Any], names: Sequence[str]) -> ValueLayout:
    live = {name: shapes[name] for name in names}
    leaves = [leaf for shape in live.values() for leaf in _leaves(shape)]
    return ValueLayout(live, tuple(map(_describe, leaves)))


def _shape_of(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return _Leaf(value.dtype, tuple(value.shape), tuple(value.stride()))
    if value is None or isinstance(value, bool | int | float):
        return _Number(type(value))
    if isinstance(value, dict):
        return _Mapping(type(value), {key: _shape_of(item) for key, item in value.items()})
    if isinstance(value, tuple | list):
        return _Sequence(type(value), tuple(_shape_of(item) for item in value))
    if isinstance(value, CONSTANTS):
        return _Constant(value)
    raise ProfileError(f"a value of type {type(value).__name__} cannot cross a link")


def _leaves(shape: Any) -> Iterator[_Leaf | _Number]:
    for _, leaf in _pairs(shape, shape):
        yield leaf


def _pairs(value: Any, shape: Any) -> Iterator[tuple[Any, Any]]:
    """Each tensor or number of a value, and what it looks like."""
    if isinstance(shape, _Leaf | _Number):
        yield value, shape
    elif isinstance(shape, _Mapping):
        for key, item in shape.items.items():
            yield from _pairs(value[key], item)
    elif isinstance(shape, _Sequence):
        for part, item in zip(value, shape, strict=True):
            yield from _pairs(part, item)


def _describe(leaf: _Leaf | _Number) -> Tensor:
    if isinstance(leaf, _Number):
        return Tensor("uint8", SCALAR_BYTES)
    count = int(np.prod(leaf.shape, dtype=np.int64))
    name = str(leaf.dtype).removeprefix("torch.")
    try:
        return Tensor(np.dtype(name).name, count)
    except TypeError:  # bfloat16 and the 8-bit types
        return Tensor("uint8", count * leaf.dtype.itemsize)


def _bytes_of(value: Any, leaf: _Leaf | _Number) -> bytes:
    if isinstance(leaf, _Number):
        if value is None:
            return bytes(SCALAR_BYTES)
        return struct.pack("<d" if leaf.kind is float else "<q", value)
    return bytes(bytes_in(value).cpu().numpy().data)


def _rebuild(shape: Any, parts: Iterator[bytes]) -> Any:
    if isinstance(shape, _Leaf):
        return _tensor(shape, next(parts))
    if isinstance(shape, _Number):
        data = next(parts)
        if shape.kind is type(None):
            return None
        (number,) = struct.unpack("<d" if shape.kind is float else "<q", data)
        return shape.kind(number)
    if isinstance(shape, _Mapping):
        items = {key: _rebuild(item, parts) for key, item in shape.items.items()}
        return mapping_of(shape.kind, items)
    if isinstance(shape, _Sequence):
        return sequence_of(shape.kind, [_rebuild(item, parts) for item in shape])
    return shape.value


def _tensor(leaf: _Leaf, data: bytes) -> torch.Tensor:
    """A tensor of these bytes, laid out as the sender's was: kernels differ by layout."""
    if not data:
        return torch.empty(leaf.shape, dtype=leaf.dtype)
    plain = torch.frombuffer(bytearray(data), dtype=leaf.dtype).view(leaf.shape)
    # Of a dimension of stride 0 (an expanded one) there is one element in memory.
    stored = [1 if step == 0 else size for size, step in zip(leaf.shape, leaf.stride, strict=True)]
    for axis, size in enumerate(stored):
        plain = plain.narrow(axis, 0, size)
    kept = torch.empty_strided(stored, leaf.stride, dtype=leaf.dtype)
    return kept.copy_(plain).expand(leaf.shape)
