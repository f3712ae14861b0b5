"""Splitting collaborative learning (VI.B, Eq. 13, spec section 6).

Several agents train copies of one model and merge their parameters now and then. The parameters of
an agent leave from the node of its *final layer*, so a plan whose final layer is on node p costs
``omega[p]`` more. That is additive, and folds into the last layer's time on each node.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cosim.splitting.problem import FloatArray, Plan, SplitProblem
from cosim.splitting.solvers import make_plan, solve_sci
from cosim.splitting.validate import vector


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
    there = _merge(param_bytes, path_s_per_byte, server)
    return (there + _merge(param_bytes, path_s_per_byte.T, server)) / local_steps


def distributed_omega(
    param_bytes: float, path_s_per_byte: FloatArray, *, agents: int, server: int = -1
) -> FloatArray:
    """Distributed deep learning: gradients of all parameters are averaged at every step.

    A ring all-reduce between the agents' final nodes moves ``2 (N - 1) / N`` of the parameters from
    each; the way between two of them is taken to lead through `server`, where their chains meet.
    """
    _positive("agents", agents)
    return _merge(param_bytes, path_s_per_byte, server) * (2 * (agents - 1) / agents)


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
    there = _merge(param_bytes, path_s_per_byte, mixer)
    back = _merge(param_bytes + mixer_bytes, path_s_per_byte.T, mixer)
    return (there + back) / interval


def _merge(size: float, path_s_per_byte: FloatArray, where: int) -> FloatArray:
    (checked,) = vector("param_bytes", [size])
    if checked == 0:
        return np.zeros(len(path_s_per_byte))
    return np.asarray(path_s_per_byte[:, where] * checked)


def _positive(name: str, value: int) -> None:
    if value < 1:
        raise ValueError(f"{name} is {value}: it must be at least 1")
