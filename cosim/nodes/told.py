"""What a policy tells upstream, as the tail of an SCI message: three forms, all little-endian.

**Costs**: L + 1 ``float32``.

**Fronts** (`cosim.splitting.pareto`): first the error bound, ``float32``, in the unit of the
best-effort metric, rounded up; then the prefix sums of quality assurance, rounded down, and of best
effort (one number when they are a multiple of the former, as energy at constant power is); then at
which boundaries the front changes; then each point once, with the first and the last of the fronts
that it belongs to, its costs rounded up. So a cost that is read is never less than the one that was
told, and more by at most some 2^-23 of the largest sum.

**Chain**: for each node its L + 1 prefix sums, and for each link its L + 1 transfers, ``float32``.
"""

from __future__ import annotations

import functools
import math
import struct
from typing import Final

import numpy as np
import numpy.typing as npt

from cosim.errors import ProtocolError
from cosim.splitting.node import ChainCosts, Told
from cosim.splitting.pareto import Front, ParetoMessage
from cosim.splitting.problem import FloatArray

COSTS, FRONTS, CHAIN = 0, 1, 2
_COST: Final = np.dtype("<f4")
_INDEX: Final = np.dtype("<u2")
_FRONTS_HEAD: Final = struct.Struct("<fdHH")  # error bound, multiple or NaN, fronts, points
_POINT: Final = np.dtype([("qa", _COST), ("be", _COST), ("first", _INDEX), ("last", _INDEX)])
_MOST: Final = 0xFFFF
_MOST_UNFOLDED: Final = 2**21  # points in all fronts together; a message is no place for more


def boundaries_of(told: Told) -> int:
    """For how many boundaries something is told, L + 1."""
    if isinstance(told, ParetoMessage):
        return int(told.which.size)
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


def _rounded(values: npt.ArrayLike, towards: float) -> npt.NDArray[np.float32]:
    """The nearest ``float32`` that is not on the wrong side."""
    exact = np.asarray(values, dtype=np.float64)
    with np.errstate(over="ignore"):
        single = exact.astype(_COST)
    wrong = single < exact if towards > 0 else single > exact
    return np.where(wrong, np.nextafter(single, _COST.type(towards)), single).astype(_COST)


def _encode_fronts(message: ParetoMessage) -> bytes:
    fronts, points = len(message.fronts), _points_once(message.fronts)
    if max(fronts, len(points)) > _MOST:
        raise ValueError(
            f"{len(points)} points in {fronts} fronts: too many for a message; set cap"
        )
    qa, be = message.prefix
    multiple = _multiple(qa, be)
    head = _FRONTS_HEAD.pack(float(_rounded(message.gap, math.inf)), multiple, fronts, len(points))
    prefix = _rounded(qa, -math.inf).tobytes()
    if math.isnan(multiple):
        prefix += _rounded(be, -math.inf).tobytes()
    # Fronts 1, 2, ... hold up to these boundaries, which fall.
    held = np.searchsorted(-message.which, -np.arange(1, fronts), side="right") - 1
    return head + prefix + held.astype(_INDEX).tobytes() + points.tobytes()


def _multiple(qa: FloatArray, be: FloatArray) -> float:
    """By what `be` is a multiple of `qa`; NaN when it is none."""
    if qa[-1] == 0 or not np.allclose(be, be[-1] / qa[-1] * qa, rtol=1e-9, atol=0):
        return math.nan
    return float(be[-1] / qa[-1])


def _points_once(fronts: tuple[Front, ...]) -> npt.NDArray[np.void]:
    """Each point with the first and last of the fronts that follow each other and hold it."""
    rows: list[tuple[float, float, int, int]] = []
    open_since: dict[tuple[float, float], int] = {}
    for index, front in enumerate((*fronts, Front([], [], []))):
        here = list(zip(front.qa, front.be, strict=True))
        kept = set(here)
        gone = [point for point in open_since if point not in kept]
        rows += [(*point, open_since.pop(point), index - 1) for point in gone]
        for point in here:
            open_since.setdefault(point, index)
    points = np.zeros(len(rows), dtype=_POINT)
    if rows:
        qa, be, points["first"], points["last"] = zip(*rows, strict=True)
        points["qa"], points["be"] = _rounded(qa, math.inf), _rounded(be, math.inf)
    return points


def _decode_fronts(size: int, data: bytes) -> ParetoMessage:
    gap, multiple, fronts, count = _FRONTS_HEAD.unpack_from(data)
    at = _FRONTS_HEAD.size
    metrics = 2 if math.isnan(multiple) else 1
    ends = np.cumsum([at, metrics * size * _COST.itemsize, max(fronts - 1, 0) * _INDEX.itemsize])
    if fronts == 0 or len(data) != ends[-1] + count * _POINT.itemsize or not gap >= 0:
        raise ProtocolError(f"SCI message has {len(data)} bytes for {count} points")
    told = _costs(data[at : ends[1]], (metrics, size))
    with np.errstate(over="ignore", invalid="ignore"):
        prefix = told if metrics == 2 else np.stack([told[0], multiple * told[0]])
    held = np.frombuffer(data[ends[1] : ends[2]], dtype=_INDEX).astype(np.int64)
    points = np.frombuffer(data[ends[2] :], dtype=_POINT)
    if not (_are_costs(prefix, points) and _are_spans(points, held, fronts, size)):
        raise ProtocolError("SCI message holds Pareto fronts that cannot be")
    which = np.searchsorted(-held, -np.arange(size), side="right")
    by_qa = np.lexsort((-points["be"], points["qa"]))
    return ParetoMessage(_unfold(points[by_qa], fronts), which, prefix, gap)


def _are_costs(prefix: FloatArray, points: npt.NDArray[np.void]) -> bool:
    sums = np.isfinite(prefix) & (prefix >= 0)
    costs = (points["qa"] >= 0) & (points["qa"] < math.inf) & (points["be"] >= 0)
    return bool(sums.all() and costs.all())


def _are_spans(
    points: npt.NDArray[np.void], held: npt.NDArray[np.int64], fronts: int, size: int
) -> bool:
    first, last = points["first"].astype(np.int64), points["last"].astype(np.int64)
    some = (first <= last).all() and (last < fronts).all()
    falling = (np.diff(held) < 0).all() and (held < size).all()
    return bool(some and falling and (last - first + 1).sum() <= _MOST_UNFOLDED)


def _unfold(points: npt.NDArray[np.void], fronts: int) -> tuple[Front, ...]:
    """Fronts from points, by rising qa, that each say to which fronts they belong."""
    found = [Front([], [], []) for _ in range(fronts)]
    for qa, be, first, last in points.tolist():
        for front in found[first : last + 1]:
            front.qa.append(qa)
            front.be.append(be)
    return tuple(found)
