"""Checks of the arrays that callers give: a `ValueError` names the argument and the index."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cosim.splitting.problem import FloatArray, SplitProblem, refuse_ragged


def vector(
    name: str, value: npt.ArrayLike, *, size: int | None = None, finite: bool = True
) -> FloatArray:
    """`value` as a vector of numbers that are not negative, of `size` if one is given."""
    array = _numbers(name, value)
    if array.ndim != 1 or (size is not None and array.size != size):
        wanted = "one dimension" if size is None else f"shape ({size},)"
        raise ValueError(f"{name} must have {wanted}, not shape {array.shape}")
    _refuse_bad(name, array, finite)
    return array


def table(
    name: str, value: npt.ArrayLike, shape: tuple[int, ...], *, finite: bool = True
) -> FloatArray:
    """`value` as an array of that shape, of numbers that are not negative."""
    array = _numbers(name, value)
    if array.size == 0 and 0 in shape:
        array = np.zeros(shape)
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, not {array.shape}")
    _refuse_bad(name, array, finite)
    return array


def scalar(name: str, value: float, *, finite: bool = True) -> float:
    """`value`, a number that is not negative."""
    array = _numbers(name, value)
    if array.ndim != 0:
        raise ValueError(f"{name} must be a number, not an array of shape {array.shape}")
    _refuse_bad(name, array, finite)
    return float(array)


def prefix(name: str, value: npt.ArrayLike, size: int | None = None) -> FloatArray:
    """`value` as prefix sums of at least one layer: finite, and never falling."""
    sums = vector(name, value, size=size)
    if sums.size < 2:
        raise ValueError(f"{name} must have L+1 >= 2 entries, not {sums.size}")
    falls = sums[1:] < sums[:-1]
    if falls.any():
        index = int(falls.argmax()) + 1
        raise ValueError(f"{name}[{index}] is {sums[index]}: less than the one before it")
    return sums


def paths(name: str, value: npt.ArrayLike) -> FloatArray:
    """`value` as a cost from each node to each, which is infinite where the path is dead."""
    array = _numbers(name, value)
    nodes = array.shape[0] if array.ndim else 0
    return table(name, array, (nodes, nodes), finite=False)


def _numbers(name: str, value: npt.ArrayLike) -> FloatArray:
    if isinstance(value, (list, tuple)):
        refuse_ragged(name, value)
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} is not a rectangular table of numbers: {error}") from error


def _refuse_bad(name: str, array: FloatArray, finite: bool) -> None:
    bad = ~(array >= 0) | (np.isinf(array) if finite else np.zeros(array.shape, dtype=np.bool_))
    if bad.any():
        index = tuple(int(i) for i in np.argwhere(bad)[0])
        rule = "a finite number, not negative" if finite else "a number, not negative"
        place = f"[{', '.join(map(str, index))}]" if index else ""
        raise ValueError(f"{name}{place} is {array[index]}: it must be {rule}")


def same_shape(**problems: SplitProblem) -> None:
    """Refuse problems of different chains or models."""
    (first_name, first), *others = problems.items()
    for name, problem in others:
        if problem.compute_s.shape != first.compute_s.shape:
            raise ValueError(
                f"{name} has (P, L) = {problem.compute_s.shape}, "
                f"but {first_name} has {first.compute_s.shape}"
            )
