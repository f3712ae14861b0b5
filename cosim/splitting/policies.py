"""The built-in policies (spec section 7), each a recursion over one node's own knowledge."""

from __future__ import annotations

import numpy as np

from cosim.splitting.node import NodeCosts, NodeSolution, Role
from cosim.splitting.policy import Policy
from cosim.splitting.problem import FloatArray
from cosim.splitting.solvers import sci_recursion, suffix_minimum


class HiveMind(Policy):
    """Multi-split by split cost information: every node takes its optimal share (IV.C)."""

    name = "hivemind"
    is_repeatable = True
    tells_latency = True

    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        if costs.transfer_s is None or downstream is None:
            return costs.finish_here(downstream)
        return NodeSolution(*sci_recursion(costs.prefix_s, costs.transfer_s, downstream))


class UeOnly(Policy):
    """The whole model on the UE; nothing is sent."""

    name = "ue-only"
    is_repeatable = True
    tells_latency = True
    uses_sci = False

    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        return costs.finish_here(downstream)


class CloudOnly(Policy):
    """The whole model in the cloud: every node relays, unless its way on is shut."""

    name = "cloud-only"
    is_repeatable = True
    uses_sci = False

    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        if role.is_sink:
            return costs.finish_here(downstream)
        return costs.stop_at(np.arange(costs.layers + 1), downstream)


class EdgeOnly(Policy):
    """The whole model on the MEC that serves the UE: the first computing node after it."""

    name = "edge-only"
    is_repeatable = True
    uses_sci = False

    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        if role.is_source and not role.is_sink:
            return costs.stop_at(np.arange(costs.layers + 1), downstream)
        return costs.finish_here(downstream)


class SingleSplit(Policy):
    """The best two-way cut between UE and cloud (Neurosurgeon, Kang et al., ASPLOS 2017).

    MECs relay. Simplified: layer times are known instead of predicted by regression, and latency is
    minimised, not energy.
    """

    name = "single-split"
    is_repeatable = True
    tells_latency = True

    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        if role.is_sink or downstream is None:
            return costs.finish_here(downstream)
        if not role.is_source:
            return costs.stop_at(np.arange(costs.layers + 1), downstream)
        _, stop = suffix_minimum(costs.onward_s(downstream))
        return costs.stop_at(stop, downstream)
