"""Splitting collaborative learning (VI.B, Eq. 13, spec section 6).

Several agents train copies of one model and merge their parameters now and then. The parameters of
an agent leave from the node of its *final layer*, so a plan whose final layer is on node p costs
``omega[p]`` more. That is additive, and folds into the last layer's time on each node.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from cosim.splitting.problem import FloatArray, Plan, SplitProblem
from cosim.splitting.solvers import make_plan, solve_sci
from cosim.splitting.validate import paths, scalar, vector

LearningKind = Literal["federated", "distributed", "qmix"]


def collaborative_problem(training: SplitProblem, omega_s: npt.ArrayLike) -> SplitProblem:
    """`training` (see `cosim.splitting.training`) with the cost of merging.

    Parameters
    ----------
    omega_s
        Shape ``(P,)``, s: parameter transfer when the final layer is on node p, per training step.
    """
    omega = vector("omega_s", omega_s, size=training.nodes)
    compute = training.compute_s.copy()
    compute[:, -1] += omega
    return SplitProblem(compute, training.transfer_s)


def solve_standard_collaborative(training: SplitProblem, omega_s: npt.ArrayLike) -> Plan:
    """``collab-standard``: the plan that is best without omega, at what it really costs."""
    real = collaborative_problem(training, omega_s)
    return make_plan(real, solve_sci(training).boundaries)


def merging_bytes(
    kind: LearningKind, param_bytes: float, *, agents: int = 2, mixer_bytes: float = 0.0
) -> tuple[float, float]:
    """Bytes of one merging: from an agent's final node to where parameters merge, and back.

    ``federated``: the parameters, both ways. ``distributed``: a ring all-reduce of `agents` moves
    ``2 (N - 1) / N`` of the gradients from each, while as much comes in. ``qmix``: the agent's
    network, and it comes back with `mixer_bytes` of the mixing network's update.
    """
    params, mixer = scalar("param_bytes", param_bytes), scalar("mixer_bytes", mixer_bytes)
    if kind == "distributed":
        _positive("agents", agents)
        return params * 2 * (agents - 1) / agents, 0.0
    return params, params + (mixer if kind == "qmix" else 0.0)


def local_omega(
    there_s: float, back_s: float, layers: int, *, merges_downstream: bool
) -> FloatArray:
    """What crosses *one* link when parameters merge, for each boundary: shape ``(L + 1,)``, s.

    Between a node and the next, parameters cross when the final layer and the place of merging are
    on different sides. With that place downstream, they do when the task ends before the link: at
    boundary L. With that place before the link, they do at every other boundary. To be added to the
    node's ``transfer_s``; the sum over all links is `omega` over a path that costs ``hops``.

    Parameters
    ----------
    there_s, back_s
        To the place of merging over this link, and back.
    layers
        L.
    merges_downstream
        On which side of the link parameters merge.
    """
    _positive("layers", layers)
    scalar("there_s", there_s, finite=False)
    scalar("back_s", back_s, finite=False)
    crosses = np.zeros(layers + 1)
    if merges_downstream:
        crosses[-1] = there_s + back_s
    else:
        crosses[:-1] = there_s + back_s
    return crosses


def federated_omega(
    param_bytes: float, path_s_per_byte: FloatArray, *, server: int = -1, local_steps: int = 1
) -> FloatArray:
    """Federated learning: parameters to the server and back, once in `local_steps` steps.

    Parameters
    ----------
    param_bytes
        Of the whole model.
    path_s_per_byte
        Shape ``(P, P)``: see `cosim.splitting.training.path_seconds_per_byte`.
    server
        The node that merges; the last by default.
    """
    _positive("local_steps", local_steps)
    sizes = merging_bytes("federated", param_bytes)
    return _omega(sizes, path_s_per_byte, "server", server) / local_steps


def distributed_omega(
    param_bytes: float, path_s_per_byte: FloatArray, *, agents: int, server: int = -1
) -> FloatArray:
    """Distributed deep learning: gradients of all parameters are averaged at every step.

    A ring all-reduce between the agents' final nodes moves ``2 (N - 1) / N`` of the parameters from
    each; the way between two of them is taken to lead through `server`, where their chains meet.
    """
    sizes = merging_bytes("distributed", param_bytes, agents=agents)
    return _omega(sizes, path_s_per_byte, "server", server)


def qmix_omega(
    param_bytes: float,
    mixer_bytes: float,
    path_s_per_byte: FloatArray,
    *,
    mixer: int = -1,
    interval: int = 1,
) -> FloatArray:
    """QMIX (multi-agent reinforcement learning): every agent's network meets the mixing network.

    Parameters
    ----------
    param_bytes
        Of an agent's network, which goes to the mixer's node for the joint update and comes back.
    mixer_bytes
        What the mixing network's update sends back with them (the agent's share of its gradient).
    mixer
        The node that holds the mixing network.
    interval
        Training steps between two updates of it.
    """
    _positive("interval", interval)
    sizes = merging_bytes("qmix", param_bytes, mixer_bytes=mixer_bytes)
    return _omega(sizes, path_s_per_byte, "mixer", mixer) / interval


def _omega(
    sizes: tuple[float, float], path_s_per_byte: FloatArray, name: str, where: int
) -> FloatArray:
    """Time of both ways, for each node; nothing to send takes no time, over a dead path too."""
    path = paths("path_s_per_byte", path_s_per_byte)
    nodes = len(path)
    if not -nodes <= where < nodes:
        raise ValueError(f"{name} is {where}: it must be one of the {nodes} nodes")
    total = np.zeros(nodes)
    for size, way in zip(sizes, (path[:, where], path[where]), strict=True):
        if size > 0:
            total = total + size * way
    return total


def _positive(name: str, value: int) -> None:
    if value < 1:
        raise ValueError(f"{name} is {value}: it must be at least 1")
