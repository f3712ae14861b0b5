"""Columns of integers in few bytes, as messages carry them."""

from __future__ import annotations

import struct
from typing import Final

import numpy as np

from cosim.errors import ProtocolError
from cosim.splitting.problem import IntArray

_HEAD: Final = struct.Struct("<BH")  # bits of an integer, how many did not fit
_WIDE: Final = np.dtype("<u4")
_MOST_BITS: Final = 32


def pack_integers(values: IntArray) -> bytes:
    """Integers of at least 0 in equally many bits each; what does not fit follows in 32."""
    bits = np.arange(1, _MOST_BITS + 1)
    outside = [int((values >= (1 << b) - 1).sum()) for b in bits.tolist()]
    best = int(np.argmin(values.size * bits + _MOST_BITS * np.array(outside)))
    width, escape = int(bits[best]), (1 << int(bits[best])) - 1
    fits = values < escape
    codes = np.where(fits, values, escape)
    table = (codes[:, None] >> np.arange(width)[::-1]) & 1
    head, packed = _HEAD.pack(width, outside[best]), np.packbits(table.astype(np.uint8))
    return head + packed.tobytes() + values[~fits].astype(_WIDE).tobytes()


def unpack_integers(data: bytes, count: int) -> tuple[IntArray, bytes]:
    """`count` integers, and what comes after them.

    Raises
    ------
    ProtocolError
        When there are not so many.
    """
    width, outside = _HEAD.unpack_from(data)
    middle = _HEAD.size + -(-count * width // 8)
    end = middle + outside * _WIDE.itemsize
    if not 1 <= width <= _MOST_BITS or len(data) < end:
        raise ProtocolError(f"SCI message is cut short: {count} integers of {width} bits")
    packed = np.frombuffer(data[_HEAD.size : middle], dtype=np.uint8)
    table = np.unpackbits(packed, count=count * width).reshape(count, width).astype(np.int64)
    values = (table << np.arange(width)[::-1]).sum(axis=1)
    escaped = values == (1 << width) - 1
    if int(escaped.sum()) != outside:
        raise ProtocolError("SCI message has integers that do not fit, but not as many as it says")
    values[escaped] = np.frombuffer(data[middle:end], dtype=_WIDE)
    return values, data[end:]
