"""What a policy tells upstream, as the tail of an SCI message: three forms, all little-endian.

**Costs**: L + 1 ``float32``.

**Fronts** (`cosim.splitting.pareto`): the error bound, then the prefix sums of quality assurance,
rounded down to multiples of 2^-22 of the largest sum, and of best effort (one number when they are
a multiple of the former, as energy at constant power is); then each point once, by rising quality
assurance, rounded up likewise, with its best effort rounded up to a multiple of 1/65534 of the
largest, and its stop. The error bound includes the latter. So a cost that is read is never less
than the one that was told, and a threshold that can be met by more than some 2^-20 of it is met.
Of numbers that rise the differences are sent, and columns of integers are packed in as few bits as
serve most of them.

**Chain**: for each node its L + 1 prefix sums, and for each link its L + 1 transfers, ``float32``.
"""

from __future__ import annotations

import functools
import math
import struct
from typing import Final

import numpy as np

from cosim.errors import ProtocolError
from cosim.nodes.packing import pack_integers, unpack_integers
from cosim.splitting.node import ChainCosts, Told
from cosim.splitting.pareto import ParetoMessage
from cosim.splitting.problem import FloatArray, IntArray

COSTS, FRONTS, CHAIN = 0, 1, 2
_COST: Final = np.dtype("<f4")
_FRONTS_HEAD: Final = struct.Struct("<fdfffH")  # gap, multiple or NaN, units, points
_BEST_EFFORT: Final = np.dtype("<u2")
_MOST: Final = 0xFFFF
_STEPS: Final = 2**22  # of quality assurance


def boundaries_of(told: Told) -> int:
    """For how many boundaries something is told, L + 1."""
    if isinstance(told, ParetoMessage):
        return int(told.prefix.shape[1])
    return int(told.prefix_s.shape[1] if isinstance(told, ChainCosts) else told.size)


def encode_told(told: Told) -> tuple[int, bytes]:
    """The form, and the bytes of it."""
    if isinstance(told, ParetoMessage):
        return FRONTS, _encode_fronts(told)
    if isinstance(told, ChainCosts):
        nodes = bytes([len(told.prefix_s)])
        return CHAIN, nodes + _single(told.prefix_s) + _single(told.transfer_s)
    return COSTS, _single(told)


def decode_told(form: int, size: int, data: bytes) -> Told:
    """What was told, for `size` boundaries.

    Raises
    ------
    ProtocolError
        When `data` is not that.
    """
    if size == 0:
        raise ProtocolError("SCI message tells of no boundary")
    try:
        if form == COSTS:
            return _told_costs(data, size)
        if form == FRONTS:
            return _decode_fronts(size, data)
        if form == CHAIN:
            return _decode_chain(size, data)
    except (struct.error, IndexError) as error:
        raise ProtocolError(f"SCI message is cut short: {error}") from error
    raise ProtocolError(f"SCI message is of unknown form {form}")


def _single(values: FloatArray) -> bytes:
    with np.errstate(over="ignore"):  # a cost beyond float32 might as well be infinite
        return values.astype(_COST).tobytes()


@functools.lru_cache(maxsize=256)
def _told_costs(data: bytes, size: int) -> FloatArray:
    """Costs; while nothing changes, the same bytes come again with every update."""
    costs = _costs(data, (size,))
    costs.setflags(write=False)
    return costs


def _costs(data: bytes, shape: tuple[int, ...]) -> FloatArray:
    count = math.prod(shape)
    if len(data) != count * _COST.itemsize:
        raise ProtocolError(f"SCI message has {len(data)} bytes for {count} costs")
    with np.errstate(invalid="ignore"):  # a signalling NaN is refused like any other
        costs = np.frombuffer(data, dtype=_COST).astype(np.float64).reshape(shape)
    if not (costs > -math.inf).all():
        raise ProtocolError("SCI message holds a cost that is NaN or minus infinity")
    return costs


def _decode_chain(size: int, data: bytes) -> ChainCosts:
    nodes = data[0]
    middle = 1 + nodes * size * _COST.itemsize
    if nodes == 0:
        raise ProtocolError("SCI message is of a chain without nodes")
    prefix = _costs(data[1:middle], (nodes, size))
    transfer = _costs(data[middle:], (nodes - 1, size))
    if not np.isfinite(prefix).all() or (np.diff(prefix) < 0).any() or (transfer < 0).any():
        raise ProtocolError("SCI message of a chain holds costs that cannot be")
    return ChainCosts(prefix, transfer)


def _encode_fronts(message: ParetoMessage) -> bytes:
    if message.points > _MOST:
        raise ValueError(f"{message.points} points are too many for a message; set cap")
    (qa, be), (qa_prefix, be_prefix) = message.costs, message.prefix
    multiple = _multiple(qa_prefix, be_prefix)
    qa_unit = _unit(max(float(qa.max(initial=0.0)), float(qa_prefix[-1])), _STEPS)
    sum_unit = _unit(float(be_prefix[-1]), _STEPS)  # of best effort's sums
    be_unit = _unit(float(be.max(initial=0.0, where=be < math.inf)), _MOST - 1)
    steps = _steps_up(qa, qa_unit)
    order = np.argsort(steps, kind="stable")
    efforts = np.where(be < math.inf, _steps_up(be, be_unit), _MOST)
    gap = _single_up(message.gap + be_unit)
    columns = [pack_integers(_steps_down(qa_prefix, qa_unit))]
    if math.isnan(multiple):
        columns.append(pack_integers(_steps_down(be_prefix, sum_unit)))
    columns.append(pack_integers(np.diff(steps[order], prepend=0)))
    columns.append(pack_integers(message.stop[order]))
    head = _FRONTS_HEAD.pack(gap, multiple, qa_unit, be_unit, sum_unit, message.points)
    return b"".join([head, *columns, efforts[order].astype(_BEST_EFFORT).tobytes()])


def _multiple(qa: FloatArray, be: FloatArray) -> float:
    """By what `be` is a multiple of `qa`; NaN when it is none."""
    if qa[-1] == 0 or not np.allclose(be, be[-1] / qa[-1] * qa, rtol=1e-9, atol=0):
        return math.nan
    return float(be[-1] / qa[-1])


def _single_up(value: float) -> float:
    """The least ``float32`` that is not below."""
    single = np.float32(value)
    return float(single if float(single) >= value else np.nextafter(single, np.float32(math.inf)))


def _unit(largest: float, steps: int) -> float:
    """A ``float32`` of which `largest` is at most so many."""
    return _single_up(largest / steps) if largest > 0 else 1.0


def _steps_up(values: FloatArray, unit: float) -> IntArray:
    """How many units are just not less than each value; 0 where it is infinite."""
    finite = np.where(values < math.inf, values, 0.0)
    steps = np.ceil(finite / unit)
    return np.where(steps * unit < finite, steps + 1, steps).astype(np.int64)


def _steps_down(sums: FloatArray, unit: float) -> IntArray:
    """By how many units each sum, rounded down, is above the one before."""
    steps = np.floor(sums / unit).astype(np.int64)
    return np.concatenate((steps[:1], steps[1:] - steps[:-1]))


def _decode_fronts(size: int, data: bytes) -> ParetoMessage:
    gap, multiple, *units, points = _FRONTS_HEAD.unpack_from(data)
    qa_unit, be_unit, sum_unit = units
    if not (gap >= 0 and all(0 < unit < math.inf for unit in units)):
        raise ProtocolError("SCI message holds Pareto fronts that cannot be")
    steps, rest = unpack_integers(data[_FRONTS_HEAD.size :], size)
    qa_prefix = np.cumsum(steps) * qa_unit
    with np.errstate(over="ignore", invalid="ignore"):
        be_prefix = multiple * qa_prefix
    if math.isnan(multiple):
        steps, rest = unpack_integers(rest, size)
        be_prefix = np.cumsum(steps) * sum_unit
    steps, rest = unpack_integers(rest, points)
    stop, rest = unpack_integers(rest, points)
    if len(rest) != points * _BEST_EFFORT.itemsize:
        raise ProtocolError(f"SCI message has {len(rest)} bytes at its end for {points} points")
    if not (np.isfinite(be_prefix).all() and (be_prefix >= 0).all() and (stop < size).all()):
        raise ProtocolError("SCI message holds Pareto fronts that cannot be")
    efforts = np.frombuffer(rest, dtype=_BEST_EFFORT)
    be = np.where(efforts < _MOST, efforts * be_unit, math.inf)
    order = np.argsort(-stop, kind="stable")
    return ParetoMessage(
        stop[order],
        np.stack([np.cumsum(steps) * qa_unit, be])[:, order],
        np.arange(points),
        np.stack([qa_prefix, be_prefix]),
        gap,
    )
