"""What a policy is: one node's decision, made from what that node alone can know.

A policy of your own needs one method::

    class Half(Policy):
        \"\"\"Run the first half on the UE, the rest on the next node.\"\"\"

        name = "half"
        uses_sci = False

        def solve_node(self, role, costs, downstream):
            if not role.is_source or role.is_sink:
                return costs.finish_here(downstream)
            stop = np.maximum(np.arange(costs.layers + 1), costs.layers // 2)
            return costs.stop_at(stop, downstream)

It is used as ``--policy my_module:Half``, or by name through the entry point group
``cosim.policies``.
"""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from cosim.errors import PolicyError
from cosim.splitting.problem import FloatArray, IntArray, Plan, SplitProblem
from cosim.splitting.solvers import make_plan

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
    """

    latency_weight: float = 1.0
    energy_weight: float = 1.0
    latency_limit_s: float = math.inf


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


class Policy(ABC):
    """Decides where a node stops. Every node has an instance of its own.

    Attributes
    ----------
    name
        What the policy is called in results.
    uses_sci
        Whether costs are told upstream. When False no SCI message is sent, `downstream` is always
        None, and a UE starts its first task without waiting for one.
    """

    name: ClassVar[str] = ""
    uses_sci: ClassVar[bool] = True

    @abstractmethod
    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        """Decide for all boundaries at once.

        Parameters
        ----------
        role, costs
            The node's own.
        downstream
            Shape ``(L + 1,)``, s: the newest cost-to-go heard from the next node downstream; None
            at the sink, and where none was heard (yet).
        """


def solve_checked(
    policy: Policy, role: Role, costs: NodeCosts, downstream: FloatArray | None
) -> NodeSolution:
    """Ask `policy`, and make sure that what it says is a decision.

    Raises
    ------
    PolicyError
        When it raises, or its answer has a wrong shape, a NaN, or a stop outside b..L.
    """
    label = policy.name or type(policy).__qualname__
    try:
        answer = policy.solve_node(role, costs, downstream)
    except PolicyError:
        raise
    except (Exception, SystemExit) as error:
        raise PolicyError(f"policy '{label}' raised {type(error).__name__}: {error}") from error
    problem = _fault(answer, costs.layers, role.is_sink)
    if problem is not None:
        raise PolicyError(f"policy '{label}' returned no valid decision: {problem}")
    return NodeSolution(
        np.asarray(answer.cost_to_go_s, dtype=np.float64), np.asarray(answer.stop, dtype=np.int64)
    )


def solve_chain(
    policy: Policy,
    problem: SplitProblem,
    roles: Sequence[Role] | None = None,
    *,
    energy: SplitProblem | None = None,
    objective: Objective | None = None,
    sci_dtype: type[np.floating] = np.float64,
) -> Plan:
    """The plan that `policy` reaches on a chain when every node knows its true costs.

    Parameters
    ----------
    roles
        One for each node; by default a UE, IAB nodes, and a cloud.
    energy
        The same chain in J, for policies that look at energy.
    objective
        For policies with several metrics.
    sci_dtype
        Precision at which a node's costs are told upstream (messages carry ``float32``).
    """
    if roles is None:
        roles = default_roles(problem.nodes)
    if len(roles) != problem.nodes:
        raise ValueError(f"roles must have P = {problem.nodes} entries, not {len(roles)}")
    if energy is not None and energy.compute_s.shape != problem.compute_s.shape:
        raise ValueError(f"energy has (P, L) = {energy.compute_s.shape}, not that of the problem")
    heard: FloatArray | None = None
    stops: list[IntArray] = []
    for p in reversed(range(problem.nodes)):
        costs = _node_costs(problem, energy, objective, p)
        # Every node has an instance of its own: some keep what they decided.
        solution = solve_checked(copy.copy(policy), roles[p], costs, heard)
        stops.append(solution.stop)
        if policy.uses_sci:
            with np.errstate(over="ignore"):
                heard = solution.cost_to_go_s.astype(sci_dtype).astype(np.float64)
    boundaries = [0]
    for stop in reversed(stops):
        boundaries.append(int(stop[boundaries[-1]]))
    return make_plan(problem, boundaries)


def _node_costs(
    problem: SplitProblem, energy: SplitProblem | None, objective: Objective | None, p: int
) -> NodeCosts:
    """What node p of a chain knows of itself."""
    sink = p == problem.nodes - 1
    own = None
    if energy is not None:
        own = NodeEnergy(energy.prefix_s[p], None if sink else energy.transfer_s[p])
    transfer = None if sink else problem.transfer_s[p]
    return NodeCosts(problem.prefix_s[p], transfer, own, objective or Objective())


def default_roles(nodes: int) -> tuple[Role, ...]:
    """Roles of a chain of `nodes`: a UE, IAB nodes, and a cloud."""
    if nodes == 1:
        return (Role("ue", is_source=True, is_sink=True),)
    between = tuple(Role("iab") for _ in range(nodes - 2))
    return (Role("ue", is_source=True), *between, Role("cloud", is_sink=True))


def _fault(answer: object, layers: int, is_sink: bool) -> str | None:
    """What is wrong with an answer, or None."""
    if not isinstance(answer, NodeSolution):
        return f"a {type(answer).__name__} instead of a NodeSolution"
    try:
        cost = np.asarray(answer.cost_to_go_s, dtype=np.float64)
        stop = np.asarray(answer.stop)
    except (TypeError, ValueError) as error:
        return f"arrays that hold no numbers ({error})"
    for name, array in (("cost_to_go_s", cost), ("stop", stop)):
        if array.shape != (layers + 1,):
            return f"{name} of shape {array.shape} where (L+1,) = {(layers + 1,)} is needed"
    if np.isnan(cost).any() or (cost == -math.inf).any():
        return f"cost_to_go_s[{int(np.argmax(~(cost > -math.inf)))}] is NaN or minus infinity"
    if not np.issubdtype(stop.dtype, np.integer):
        return f"stop holds {stop.dtype}, not integers"
    lowest = np.full(layers + 1, layers) if is_sink else np.arange(layers + 1)
    outside = (stop < lowest) | (stop > layers)
    if outside.any():
        b = int(np.argmax(outside))
        return f"stop[{b}] = {stop[b]} is not between {lowest[b]} and L = {layers}"
    return None
