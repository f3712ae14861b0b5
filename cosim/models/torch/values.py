"""What layers pass to each other: tensors, numbers, constants; tuples, lists and dicts of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import torch

from cosim.errors import ProfileError

SCALAR_BYTES: Final = 8  # a Python number on the wire
CONSTANTS: Final = (torch.device, torch.dtype, str)  # part of the model: they need not cross


def count_bytes(value: Any) -> int:
    """Bytes that a value needs on the wire."""
    if isinstance(value, torch.Tensor):
        if not is_plain(value):
            raise ProfileError(f"cannot tell how large a tensor is that is {_memory_of(value)}")
        return int(value.nbytes)
    if value is None or isinstance(value, bool | int | float):
        return SCALAR_BYTES
    if isinstance(value, CONSTANTS):
        return 0
    if isinstance(value, tuple | list):
        return sum(map(count_bytes, value))
    if isinstance(value, dict):
        return sum(map(count_bytes, value.values()))
    raise ProfileError(f"cannot tell how large a value of type {type(value).__name__} is")


def is_plain(tensor: torch.Tensor) -> bool:
    """Whether it is its numbers in memory, and needs nothing besides (indices, a scale)."""
    special = tensor.is_quantized or tensor.is_nested
    return tensor.layout is torch.strided and not special


def _memory_of(tensor: torch.Tensor) -> str:
    if tensor.is_quantized:
        return "quantized"
    return "nested" if tensor.is_nested else str(tensor.layout)


def map_tensors(value: Any, function: Callable[[torch.Tensor], Any]) -> Any:
    """The same value with every tensor in it replaced."""
    if isinstance(value, torch.Tensor):
        return function(value)
    if isinstance(value, dict):
        items = {key: map_tensors(item, function) for key, item in value.items()}
        return mapping_of(type(value), items)
    if isinstance(value, tuple | list):
        return sequence_of(type(value), [map_tensors(item, function) for item in value])
    return value


def sequence_of(kind: Callable[..., Any], items: list[Any]) -> Any:
    """A list, a tuple or one of its kinds (a named tuple, what ``max`` returns) of `items`."""
    return kind(*items) if hasattr(kind, "_fields") else kind(items)


def mapping_of(kind: type[dict[Any, Any]], items: Mapping[Any, Any]) -> Any:
    """A dict or one of its kinds (what models of Hugging Face return) of `items`."""
    made = kind.__new__(kind)  # some want items to be made
    for key, value in items.items():
        made[key] = value
    return made


def bytes_in(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor's bytes, in a row; conjugates and negatives that torch put off are made."""
    plain = tensor.detach().resolve_conj().resolve_neg()
    return plain.contiguous().reshape(-1).view(torch.uint8)


def tensors_in(value: Any) -> Iterator[torch.Tensor]:
    """Every tensor of a value, in order."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from tensors_in(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from tensors_in(item)
