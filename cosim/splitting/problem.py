"""The split problem and a plan for it (Wang et al., JSAC 2022, IV.B; spec section 1)."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SplitProblem:
    """Costs of running `L` layers on a chain of `P` nodes, source first and sink last.

    Parameters
    ----------
    compute_s
        Shape ``(P, L)``, s: time of layer l on node p; finite and not negative.
    transfer_s
        Shape ``(P - 1, L + 1)``, s: time to send what is live at boundary b from node p to p + 1
        (Eq. 10). ``b`` layers are done at boundary b; column 0 is the input and column L is 0 when
        the result may stay where it is computed. Not negative; infinite on a dead link.

    Raises
    ------
    ValueError
        Naming the argument and the index at fault.
    """

    compute_s: FloatArray
    transfer_s: FloatArray
    prefix_s: FloatArray = field(init=False, repr=False)
    """Shape ``(P, L + 1)``, s: prefix sums ``T[p, b]`` of `compute_s`."""

    def __init__(self, compute_s: npt.ArrayLike, transfer_s: npt.ArrayLike) -> None:
        compute = _matrix("compute_s", compute_s)
        if compute.shape[0] < 1 or compute.shape[1] < 1:
            raise ValueError(
                f"compute_s must have shape (P, L) with P, L >= 1, not {compute.shape}"
            )
        nodes, layers = compute.shape
        transfer = _matrix("transfer_s", transfer_s)
        if nodes == 1 and transfer.size == 0:
            transfer = np.zeros((0, layers + 1))
        if transfer.shape != (nodes - 1, layers + 1):
            raise ValueError(
                f"transfer_s must have shape (P-1, L+1) = {(nodes - 1, layers + 1)} "
                f"to go with compute_s of shape (P, L) = {compute.shape}, not {transfer.shape}"
            )
        _refuse("compute_s", compute, ~np.isfinite(compute), "must be finite")
        _refuse("compute_s", compute, compute < 0, "must not be negative")
        _refuse("transfer_s", transfer, np.isnan(transfer), "must be a number or infinity")
        _refuse("transfer_s", transfer, transfer < 0, "must not be negative")
        prefix = prefix_sums(compute)
        if not np.isfinite(prefix).all():
            node = int(np.argmin(np.isfinite(prefix).all(axis=1)))
            raise ValueError(f"compute_s[{node}] adds up to more than a float can hold")
        for name, array in (("compute_s", compute), ("transfer_s", transfer), ("prefix_s", prefix)):
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @property
    def nodes(self) -> int:
        """`P`, the number of nodes."""
        return int(self.compute_s.shape[0])

    @property
    def layers(self) -> int:
        """`L`, the number of layers."""
        return int(self.compute_s.shape[1])


@dataclass(frozen=True)
class Plan:
    """Who runs what.

    Attributes
    ----------
    boundaries
        ``P + 1`` integers, 0 first and L last, never decreasing: node p (counted from 0) runs the
        layers after ``boundaries[p]`` up to ``boundaries[p + 1]``; equal ones make it a relay.
    cost
        s, as `plan_cost` counts it.
    """

    boundaries: tuple[int, ...]
    cost: float


def plan_cost(problem: SplitProblem, boundaries: Sequence[int]) -> float:
    """Cost of a plan in s: compute and transfer, summed over the chain (Eq. 1).

    Raises
    ------
    ValueError
        When `boundaries` is no plan for `problem`.
    """
    compute, transfer = plan_cost_parts(problem, boundaries)
    return compute + transfer


def plan_cost_parts(problem: SplitProblem, boundaries: Sequence[int]) -> tuple[float, float]:
    """Compute cost and communication cost of a plan, both in s."""
    b = _checked_boundaries(problem, boundaries)
    shares = [problem.compute_s[p, b[p] : b[p + 1]] for p in range(problem.nodes)]
    compute = math.fsum(float(value) for share in shares for value in share)
    sent = [float(problem.transfer_s[p, b[p + 1]]) for p in range(problem.nodes - 1)]
    return compute, math.inf if math.inf in sent else math.fsum(sent)


def prefix_sums(compute_s: npt.ArrayLike) -> FloatArray:
    """``T[..., b]``, the time of the first b layers: shape ``(..., L)`` to ``(..., L + 1)``, s."""
    compute = np.asarray(compute_s, dtype=np.float64)
    prefix = np.zeros((*compute.shape[:-1], compute.shape[-1] + 1))
    with np.errstate(over="ignore"):
        np.cumsum(compute, axis=-1, out=prefix[..., 1:])
    return prefix


def _matrix(name: str, value: npt.ArrayLike) -> FloatArray:
    if isinstance(value, (list, tuple)):
        refuse_ragged(name, value)
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} is not a rectangular table of numbers: {error}") from error
    if array.ndim != 2 and array.size > 0:
        raise ValueError(f"{name} must have 2 dimensions, not {array.ndim}")
    return array if array.ndim == 2 else np.zeros((0, 0))


def whole_numbers(name: str, values: Sequence[int]) -> tuple[int, ...]:
    """`values` as integers; a `ValueError` names the first that is none."""
    numbers = []
    for index, value in enumerate(values):
        try:
            numbers.append(operator.index(value))
        except TypeError as error:
            raise ValueError(f"{name}[{index}] is {value!r}: it must be an integer") from error
    return tuple(numbers)


def refuse_ragged(name: str, rows: Sequence[Any]) -> None:
    """Say which row has another length than the first."""
    lengths = [len(row) if hasattr(row, "__len__") else -1 for row in rows]
    for index, length in enumerate(lengths):
        if length != lengths[0]:
            raise ValueError(
                f"{name}[{index}] has {max(length, 0)} entries where {name}[0] has {lengths[0]}"
            )


def _refuse(name: str, array: FloatArray, bad: npt.NDArray[np.bool_], rule: str) -> None:
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        raise ValueError(f"{name}[{row}, {column}] is {array[row, column]}: it {rule}")


def _checked_boundaries(problem: SplitProblem, boundaries: Sequence[int]) -> tuple[int, ...]:
    b = whole_numbers("boundaries", boundaries)
    if len(b) != problem.nodes + 1:
        raise ValueError(f"boundaries must have P+1 = {problem.nodes + 1} entries, not {len(b)}")
    if b[0] != 0 or b[-1] != problem.layers:
        raise ValueError(
            f"boundaries must go from 0 to L = {problem.layers}, not {b[0]} to {b[-1]}"
        )
    for index in range(1, len(b)):
        if b[index] < b[index - 1]:
            raise ValueError(f"boundaries[{index}] = {b[index]} is less than the one before it")
    return b
