"""Forms in which live tensors cross a link: as they are, in fewer bits, or compressed.

``fp32``: every value as it is in memory. ``fp16``: floating-point numbers of more bits as IEEE half
precision, saturated at +-65504. ``int8``: the same as 8-bit integers, each tensor with its own
scale and offset (affine quantisation, Jacob et al., CVPR 2018). ``lossless``: the bytes of each
tensor regrouped by their place in a number, so that exponents lie together, and compressed with
Zstandard (RFC 8878) at its fastest level.

Integers, numbers of less than 32 bits and types that numpy lacks cross as they are in all of them
(``lossless`` compresses them). Nothing here needs torch.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt

TransferForm = Literal["fp32", "fp16", "int8", "lossless"]
CODED_FORMS: Final[tuple[TransferForm, ...]] = ("fp16", "int8", "lossless")
LOSSY_FORMS: Final = frozenset({"fp16", "int8"})

_WIDE: Final = frozenset({"float32", "float64"})
_HALF_MAX: Final = float(np.finfo(np.float16).max)
_QUANTISER: Final = struct.Struct("<dd")  # scale, offset
_LEVELS: Final = 255
_STORED, _COMPRESSED = b"\x00", b"\x01"
_ZSTD_LEVEL: Final = 1


class Tensor(msgspec.Struct, frozen=True):
    """What a receiver knows of a tensor before it comes: type (numpy's name) and number of items.

    A type that numpy lacks is given as ``uint8`` with the number of bytes.
    """

    dtype: str
    count: int

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return self.count * self.item_bytes

    @property
    def item_bytes(self) -> int:
        """Bytes of one item."""
        return np.dtype(self.dtype).itemsize


def encode(form: TransferForm, tensors: Sequence[Tensor], parts: Sequence[bytes]) -> bytes:
    """Bytes that cross the link.

    Parameters
    ----------
    tensors, parts
        What each tensor is, and its bytes in memory, in order.
    """
    if form == "lossless":
        return _compress(b"".join(map(_regroup, tensors, parts)))
    coder = {"fp32": _keep, "fp16": _halve, "int8": _quantise}[form]
    return b"".join(map(coder, tensors, parts))


def decode(form: TransferForm, tensors: Sequence[Tensor], data: bytes) -> list[bytes]:
    """Bytes in memory of each tensor, from what crossed the link.

    Raises
    ------
    ValueError
        `data` is not of these tensors.
    """
    view = memoryview(data)
    if form == "lossless":
        view = memoryview(_decompress(view, sum(tensor.nbytes for tensor in tensors)))
    sizes = [_coded_bytes(form, tensor) for tensor in tensors]
    if len(view) != sum(sizes):
        raise ValueError(f"{len(view)} bytes where {sum(sizes)} make the tensors")
    restore = {
        "fp32": lambda _, part: bytes(part),
        "fp16": _from_half,
        "int8": _from_levels,
        "lossless": _ungroup,
    }[form]
    parts, at = [], 0
    for tensor, size in zip(tensors, sizes, strict=True):
        parts.append(restore(tensor, view[at : at + size]))
        at += size
    return parts


def _coded_bytes(form: TransferForm, tensor: Tensor) -> int:
    """Bytes of one tensor in its form; of `lossless`, before it is compressed."""
    if tensor.dtype not in _WIDE or form in ("fp32", "lossless"):
        return tensor.nbytes
    return 2 * tensor.count if form == "fp16" else _QUANTISER.size + tensor.count


def _keep(_tensor: Tensor, part: bytes) -> bytes:
    return part


def _halve(tensor: Tensor, part: bytes) -> bytes:
    if tensor.dtype not in _WIDE:
        return part
    values = np.frombuffer(part, dtype=tensor.dtype)
    halves: npt.NDArray[np.float16] = np.clip(values, -_HALF_MAX, _HALF_MAX).astype(np.float16)
    return halves.tobytes()


def _from_half(tensor: Tensor, part: memoryview) -> bytes:
    if tensor.dtype not in _WIDE:
        return bytes(part)
    return np.frombuffer(part, dtype=np.float16).astype(tensor.dtype).tobytes()


def _quantise(tensor: Tensor, part: bytes) -> bytes:
    """Scale and offset, then the level of each number; what is not finite goes to the nearest."""
    if tensor.dtype not in _WIDE:
        return part
    values: npt.NDArray[Any] = np.frombuffer(part, dtype=tensor.dtype)
    low, high = _finite_range(values)
    number = values.dtype.type
    scale = high / _LEVELS - low / _LEVELS
    with np.errstate(over="ignore", divide="ignore"):
        if not np.isfinite(number(1.0) / number(scale)):
            scale = 1.0  # all are the same, but for less than the type can tell
    levels = (np.nan_to_num(values, nan=low, posinf=high, neginf=low) - number(low)) / number(scale)
    whole: npt.NDArray[np.uint8] = np.clip(np.rint(levels), 0, _LEVELS).astype(np.uint8)
    return _QUANTISER.pack(scale, low) + whole.tobytes()


def _finite_range(values: npt.NDArray[Any]) -> tuple[float, float]:
    """Smallest and largest of the finite numbers; 0 and 0 when there is none."""
    if not values.size:
        return 0.0, 0.0
    low, high = float(values.min()), float(values.max())
    if np.isfinite(low) and np.isfinite(high):
        return low, high
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def _from_levels(tensor: Tensor, part: memoryview) -> bytes:
    if tensor.dtype not in _WIDE:
        return bytes(part)
    scale, low = _QUANTISER.unpack_from(part)
    levels = np.frombuffer(part, dtype=np.uint8, offset=_QUANTISER.size)
    values: npt.NDArray[Any] = levels.astype(tensor.dtype)
    number = values.dtype.type
    with np.errstate(over="ignore", invalid="ignore"):  # of a sender that is no encoder of ours
        values *= number(scale)
        values += number(low)
    return values.tobytes()


def _regroup(tensor: Tensor, part: bytes) -> bytes:
    """First byte of every item, then the second, and so on."""
    items: npt.NDArray[np.uint8] = np.frombuffer(part, dtype=np.uint8)
    return items.reshape(-1, tensor.item_bytes).T.tobytes()


def _ungroup(tensor: Tensor, part: memoryview) -> bytes:
    items: npt.NDArray[np.uint8] = np.frombuffer(part, dtype=np.uint8)
    return items.reshape(tensor.item_bytes, -1).T.tobytes()


def _compress(data: bytes) -> bytes:
    from pyarrow import Codec

    packed = Codec("zstd", compression_level=_ZSTD_LEVEL).compress(data, asbytes=True)
    return _COMPRESSED + packed if len(packed) < len(data) else _STORED + data


def _decompress(data: memoryview, size: int) -> bytes:
    from pyarrow import ArrowException, Codec

    if not len(data):
        raise ValueError("no byte where a compressed tensor should be")
    if bytes(data[:1]) == _STORED:
        return bytes(data[1:])
    try:
        return bytes(Codec("zstd").decompress(bytes(data[1:]), size, asbytes=True))
    except (ArrowException, OSError) as error:
        raise ValueError(f"compressed tensors are damaged: {error}") from error
