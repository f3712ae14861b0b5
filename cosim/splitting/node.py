"""One node as a policy sees it: its place, its own costs, what it may tell, a task that comes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from cosim.splitting.pareto import ParetoMessage
from cosim.splitting.problem import FloatArray, IntArray

RoleKind = Literal["ue", "iab", "donor", "core", "cloud"]


@dataclass(frozen=True)
class Role:
    """A node's place: what kind it is, and whether tasks begin (UE) or must end (cloud) at it."""

    kind: RoleKind
    is_source: bool = False
    is_sink: bool = False


@dataclass(frozen=True)
class Objective:
    """What policies that look at more than latency aim at.

    Attributes
    ----------
    latency_weight, energy_weight
        Of a second and of a joule in the linear combination (Eq. 11).
    latency_limit_s
        Threshold of latency where it is quality assurance and energy is best effort (Eq. 12).
    front_cap
        Most points of Pareto fronts that a node tells; None is no cap. See
        `cosim.splitting.pareto`.
    """

    latency_weight: float = 1.0
    energy_weight: float = 1.0
    latency_limit_s: float = math.inf
    front_cap: int | None = None


@dataclass(frozen=True, eq=False)
class NodeEnergy:
    """One node's own energy, as far as it is counted.

    Attributes
    ----------
    prefix_j
        Shape ``(L + 1,)``, J: of computing the first b layers.
    transfer_j
        Shape ``(L + 1,)``, J: of sending at boundary b; None at the sink.
    """

    prefix_j: FloatArray
    transfer_j: FloatArray | None


@dataclass(frozen=True, eq=False)
class NodeCosts:
    """One node's own costs.

    Attributes
    ----------
    prefix_s
        Shape ``(L + 1,)``, s: ``T[b]``, its time for the first b layers.
    transfer_s
        Shape ``(L + 1,)``, s: time to send what is live at boundary b to the next computing node
        downstream, infinite when nothing gets through; None at the sink.
    energy
        The same in J; None counts as no energy at all.
    objective
        What the scenario asks of policies with several metrics.
    """

    prefix_s: FloatArray
    transfer_s: FloatArray | None
    energy: NodeEnergy | None = None
    objective: Objective = Objective()

    @property
    def layers(self) -> int:
        """`L`, the number of layers."""
        return int(self.prefix_s.size - 1)

    def onward_s(self, downstream: FloatArray | None) -> FloatArray:
        """``g[b'] = T[b'] + transfer[b'] + V_down[b']``, shape ``(L + 1,)``, s.

        An unknown `downstream` counts as free: g is then a lower bound.
        """
        onward = self.prefix_s if self.transfer_s is None else self.prefix_s + self.transfer_s
        return onward if downstream is None else onward + downstream

    def share_s(self, boundary: int, stop: int) -> float:
        """Time of running from `boundary` to `stop` and sending what is live there, s."""
        sent = 0.0 if self.transfer_s is None else float(self.transfer_s[stop])
        return float(self.prefix_s[stop] - self.prefix_s[boundary]) + sent

    def stop_at(self, stop: npt.ArrayLike, downstream: FloatArray | None) -> NodeSolution:
        """Go on at ``stop[b]``, shape ``(L + 1,)``; finish here where that costs infinitely much.

        The cost stays infinite there, so that nodes upstream learn that the way is shut; a task
        that is already here is finished all the same.
        """
        chosen = np.asarray(stop, dtype=np.int64)
        cost = np.maximum(self.onward_s(downstream)[chosen] - self.prefix_s, 0.0)
        return NodeSolution(cost, np.where(np.isfinite(cost), chosen, self.layers))

    def finish_here(self, downstream: FloatArray | None) -> NodeSolution:
        """Run all that is left on this node: always possible."""
        return self.stop_at(np.full(self.prefix_s.size, self.layers), downstream)


@dataclass(frozen=True, eq=False)
class NodeSolution:
    """One node's answer for every boundary that a task may arrive with.

    Attributes
    ----------
    cost_to_go_s
        Shape ``(L + 1,)``: ``V[b]``, cost from here on; it is what the node tells upstream. In s,
        or in whatever else the policy minimises.
    stop
        Shape ``(L + 1,)``: ``stop[b]``, the boundary at which the node passes the task on, between
        b and L; L means that it finishes the task.
    """

    cost_to_go_s: FloatArray
    stop: IntArray


@dataclass(frozen=True, eq=False)
class ChainCosts:
    """The costs of a node and of all nodes after it, for a node that decides for all of them.

    Attributes
    ----------
    prefix_s
        Shape ``(K, L + 1)``, s: each node's time for the first b layers.
    transfer_s
        Shape ``(K - 1, L + 1)``, s: from each node to the next.
    """

    prefix_s: FloatArray
    transfer_s: FloatArray


Told = FloatArray | ParetoMessage | ChainCosts
"""What a node may tell upstream: a cost for each boundary, Pareto fronts, or all costs."""


@dataclass(frozen=True)
class TaskState:
    """What a task that has come to a node brings with it.

    Attributes
    ----------
    boundary
        How many layers are done.
    budget_s
        What is left of the latency limit for all that is still to come; infinite without a limit.
    plan
        Where this node and those after it are to stop, when a node before has decided for them.
    """

    boundary: int = 0
    budget_s: float = math.inf
    plan: tuple[int, ...] = ()


@dataclass(frozen=True)
class Decision:
    """What becomes of a task at a node.

    Attributes
    ----------
    stop
        Where the node stops it.
    plan
        Where the nodes after it are to stop, when this one decides for them.
    expected_s
        What the task is then expected to take from here to its end, s; None where the policy does
        not say.
    """

    stop: int
    plan: tuple[int, ...] = ()
    expected_s: float | None = None
