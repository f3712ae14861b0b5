"""Splitting a training step (IV.E, spec section 3).

A step runs the layers forward and then backward over the same assignment. What it costs more than
an inference is additive, by layer and node or by boundary, so it folds into an ordinary
`SplitProblem`, and every solver stays as it is:

- backward compute adds to the layer's time on the node;
- the gradient, which goes back over the link, adds to the transfer at the boundary;
- moving the parameters of the layers whose node changed since the last assignment adds to the
  layer's time on its new node: by `parameter_moves`, for any cost of a path. When a path costs the
  sum of its links, the same total can be booked at the links, by `local_parameter_moves`; a node
  then needs to know nothing but its own link and its own last boundary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from cosim.splitting.problem import FloatArray, IntArray, SplitProblem, whole_numbers
from cosim.splitting.validate import paths, scalar, table, vector

PathKind = Literal["bottleneck", "hops"]


def training_problem(
    inference: SplitProblem,
    backward_s: npt.ArrayLike,
    gradient_s: npt.ArrayLike,
    move_s: npt.ArrayLike | None = None,
) -> SplitProblem:
    """The problem of splitting one training step.

    Parameters
    ----------
    inference
        The forward pass.
    backward_s
        Shape ``(P, L)``, s: backward time of layer l on node p.
    gradient_s
        Shape ``(P - 1, L + 1)``, s: time to send the gradient at boundary b back from node p + 1 to
        p. At boundary 0 there is nothing to send unless the input is trained.
    move_s
        Shape ``(P, L)``, s: what `parameter_moves` gives, finite; none by default. Where a path is
        dead, use `local_parameter_moves`: a transfer may be infinite, a layer's time may not.

    Raises
    ------
    ValueError
        Naming the argument and the index at fault.
    """
    nodes, layers = inference.nodes, inference.layers
    compute = inference.compute_s + table("backward_s", backward_s, (nodes, layers))
    gradient = table("gradient_s", gradient_s, (nodes - 1, layers + 1), finite=False)
    if move_s is not None:
        compute = compute + table("move_s", move_s, (nodes, layers))
    return SplitProblem(compute, inference.transfer_s + gradient)


def path_seconds_per_byte(
    down_bps: npt.ArrayLike, up_bps: npt.ArrayLike, kind: PathKind = "bottleneck"
) -> FloatArray:
    """What a byte takes from each node to each other, shape ``(P, P)``, s.

    Parameters
    ----------
    down_bps, up_bps
        Shape ``(P - 1,)``, bit/s: capacity of the link from node p to p + 1 (towards the cloud),
        and of the one back.
    kind
        ``bottleneck``: the path is as fast as its slowest link (packets follow each other over all
        links at once); ``hops``: the links' times add up (each node receives all before it sends).
    """
    down = vector("down_bps", down_bps)
    up = vector("up_bps", up_bps, size=down.size)
    if kind not in ("bottleneck", "hops"):
        raise ValueError(f"kind must be 'bottleneck' or 'hops', not '{kind}'")
    accumulate = np.maximum.accumulate if kind == "bottleneck" else np.add.accumulate
    nodes = down.size + 1
    with np.errstate(divide="ignore"):
        down_cost, up_cost = 8.0 / down, 8.0 / up
    path = np.zeros((nodes, nodes))
    for p in range(nodes):
        path[p, p + 1 :] = accumulate(down_cost[p:])
        path[p, :p] = accumulate(up_cost[:p][::-1])[::-1]
    return path


def parameter_moves(
    param_bytes: npt.ArrayLike, previous: Sequence[int], path_s_per_byte: FloatArray
) -> FloatArray:
    """Time to bring each layer's parameters to each node, shape ``(P, L)``, s, in O(P L).

    Parameters
    ----------
    param_bytes
        Shape ``(L,)``.
    previous
        ``P + 1`` boundaries of the last assignment: where the parameters are now.
    path_s_per_byte
        Shape ``(P, P)``, s: from node, to node; see `path_seconds_per_byte`.

    Raises
    ------
    ValueError
        Naming the argument and the index at fault.
    """
    params = vector("param_bytes", param_bytes)
    path_s_per_byte = paths("path_s_per_byte", path_s_per_byte)
    holder = assigned_nodes(previous, params.size)
    if len(previous) != len(path_s_per_byte) + 1:
        raise ValueError(
            f"previous must have P+1 = {len(path_s_per_byte) + 1} entries, not {len(previous)}"
        )
    with np.errstate(invalid="ignore"):
        moves = path_s_per_byte.T[:, holder] * params
    moves[:, params == 0] = 0.0  # nothing to move costs nothing over a dead link, too
    return np.asarray(moves)


def local_parameter_moves(
    param_bytes: npt.ArrayLike,
    previous_boundary: int,
    down_s_per_byte: float,
    up_s_per_byte: float,
) -> FloatArray:
    """What crosses *one* link when parameters move, for every new boundary: shape ``(L + 1,)``, s.

    The link is the one from a node to the next; the layers up to `previous_boundary` are on the
    near side of it now. With the new boundary b, the layers in between change sides: those after
    `previous_boundary` up to b come up, or those after b up to `previous_boundary` go down. To be
    added to the node's ``transfer_s``; the sum over all links of a path is what
    `parameter_moves` counts with ``kind="hops"``.
    """
    params = vector("param_bytes", param_bytes)
    scalar("down_s_per_byte", down_s_per_byte, finite=False)
    scalar("up_s_per_byte", up_s_per_byte, finite=False)
    if not 0 <= previous_boundary <= params.size:
        raise ValueError(f"previous_boundary must be from 0 to {params.size}: {previous_boundary}")
    total = np.concatenate(([0.0], np.cumsum(params)))
    crossing = total - total[previous_boundary]
    rate = np.where(crossing > 0, up_s_per_byte, down_s_per_byte)
    with np.errstate(invalid="ignore"):
        return np.where(crossing == 0, 0.0, np.abs(crossing) * rate)


def assigned_nodes(boundaries: Sequence[int], layers: int) -> IntArray:
    """Which node, from 0, runs each layer: shape ``(L,)``."""
    ends = np.array(whole_numbers("previous", boundaries), dtype=np.int64)
    ordered = ends.size >= 2 and ends[0] == 0 and ends[-1] == layers and (np.diff(ends) >= 0).all()
    if not ordered:
        raise ValueError(f"previous: {tuple(boundaries)} are no boundaries from 0 to L = {layers}")
    return np.repeat(np.arange(ends.size - 1, dtype=np.int64), np.diff(ends))
