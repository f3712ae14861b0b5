"""The systems that HiveMind is compared with, and its own form for several metrics, as policies.

Each is a recursion over one node's own knowledge, as those of `cosim.splitting.policies`. What
needs more than that is a function: DADS on a graph (`cosim.splitting.dads`), and the baselines for
networks that are not a line (`cosim.splitting.recurrent`, `cosim.splitting.collaborative`).
"""

from __future__ import annotations

import math

import numpy as np

from cosim.splitting.bottleneck import least_slowest
from cosim.splitting.node import NodeCosts, NodeEnergy, NodeSolution, Role
from cosim.splitting.objectives import inverse_weight, inverse_weight_step
from cosim.splitting.policies import HiveMind, SingleSplit
from cosim.splitting.policy import Policy
from cosim.splitting.problem import FloatArray, IntArray
from cosim.splitting.solvers import sci_recursion, suffix_minimum


class EdgeSplit(Policy):
    """The best two-way cut between the UE and the MEC that serves it (HiveMind Fig. 2).

    The third scheme of the figure; like Neurosurgeon (Kang et al., ASPLOS 2017) with the MEC in
    place of the cloud. Simplified: the MEC is always the first computing node after the UE.
    """

    name = "edge-split"
    is_repeatable = True
    tells_latency = True

    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        if not role.is_source or role.is_sink or downstream is None:
            return costs.finish_here(None)
        _, stop = suffix_minimum(costs.onward_s(downstream))
        return costs.stop_at(stop, downstream)


class Dads(SingleSplit):
    """The min cut between the UE and one server, the cloud (DADS, Hu et al. 2019).

    Simplified: model profiles hold no graph, only a line whose boundaries carry all live tensors,
    and on a line the min cut is the best single cut. For a graph see `cosim.splitting.dads`, which
    may also cut across the order of the layers.
    """

    name = "dads"
    is_repeatable = True


class PipeDream(Policy):
    """Stages of equal throughput, fixed for good (PipeDream's optimizer, Narayanan et al. 2019).

    Minimises the slowest stage instead of the sum: ``V[b] = min over b' of max(T[b'] - T[b],
    transfer[b'], V_down[b'])``, PipeDream's dynamic programme run from the sink. Simplified: no
    stage is replicated, nodes differ in speed, a node may be left out, and one sample is counted
    one way. Static, as the original: what a node decides when it first knows all costs, it keeps.
    """

    name = "pipedream"
    is_repeatable = True

    def __init__(self) -> None:
        self._kept: NodeSolution | None = None

    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        if role.is_sink or downstream is None or costs.transfer_s is None:
            return costs.finish_here(None)
        # An infinite stage beyond a dead link is the same as having to finish here.
        later = np.maximum(costs.transfer_s, downstream)
        if self._kept is None:
            solution = NodeSolution(*least_slowest(costs.prefix_s, later))
            if not np.isfinite(later[:-1]).any():
                return solution
            self._kept = solution
        stop = self._kept.stop
        cost = np.maximum(costs.prefix_s[stop] - costs.prefix_s, later[stop])
        return NodeSolution(cost, np.where(np.isfinite(cost), stop, costs.layers))


class OptLatency(HiveMind):
    """Least latency, whatever the energy: `hivemind` under the name that Fig. 18 gives it."""

    name = "opt-latency"
    is_repeatable = True


class OptEnergy(Policy):
    """Least energy, whatever the latency (HiveMind VII.D): SCI in joules instead of seconds."""

    name = "opt-energy"
    is_repeatable = True

    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        energy = counted_energy(costs)
        return _additive(costs, energy.prefix_j, energy.transfer_j, downstream)


class Linear(Policy):
    """Least weighted sum of latency and energy (Eq. 11; van Mieghem et al., the paper's [51]).

    The weights are the scenario's ``objective``. As the paper says of it, it knows no thresholds.
    Simplified: two metrics, solved by SCI instead of on the whole split graph.
    """

    name = "linear"
    is_repeatable = True

    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        energy, aim = counted_energy(costs), costs.objective
        prefix = aim.latency_weight * costs.prefix_s + aim.energy_weight * energy.prefix_j
        transfer = None
        if costs.transfer_s is not None and energy.transfer_j is not None:
            open_way = np.isfinite(costs.transfer_s)
            transfer = np.full(costs.layers + 1, math.inf)
            transfer[open_way] = (
                aim.latency_weight * costs.transfer_s[open_way]
                + aim.energy_weight * energy.transfer_j[open_way]
            )
        return _additive(costs, prefix, transfer, downstream)


class HiveMindQa(Policy):
    """Latency below the scenario's limit, energy as low as possible (HiveMind V, Eq. 12).

    The inverse weight function on the latency of each node's share, relative to the limit, plus
    `energy_weight` times its energy. It bounds each share and not the whole path; see
    `cosim.splitting.pareto` for the form that does.
    """

    name = "hivemind-qa"
    is_repeatable = True

    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        energy, aim = counted_energy(costs), costs.objective
        limit = aim.latency_limit_s
        be_prefix = aim.energy_weight * energy.prefix_j
        if math.isinf(limit):  # no limit: only the best effort counts
            return OptEnergy().solve_node(role, costs, downstream)
        if role.is_sink or downstream is None or costs.transfer_s is None:
            share = (costs.prefix_s[-1] - costs.prefix_s) / limit
            weight = inverse_weight(share, 1.0) + be_prefix[-1] - be_prefix
            return NodeSolution(weight, np.full(costs.layers + 1, costs.layers))
        transfer = energy.transfer_j
        assert transfer is not None  # as there is a transfer_s
        with np.errstate(invalid="ignore"):
            be_transfer = np.where(np.isinf(transfer), math.inf, aim.energy_weight * transfer)
        weight, stop = inverse_weight_step(
            [costs.prefix_s / limit],
            [costs.transfer_s / limit],
            [1.0],
            be_prefix,
            be_transfer,
            downstream,
        )
        return NodeSolution(weight, stop)


class RnnStandard(HiveMind):
    """A recurrent module split once and run again and again (HiveMind VI.A's baseline, Fig. 19).

    After each run the hidden states go from the node of the last layer back to the UE, and down
    again with the next run. Simplified: the split is that of the task's first run, which carries
    states of zeros as well. For recurrent models only.
    """

    name = "rnn-standard"
    is_repeatable = True
    splits_module = True


class CollabStandard(HiveMind):
    """Collaborative learning split as if parameters never merged (HiveMind VI.B's baseline).

    They merge all the same, wherever the final layer is then. For collaborative learning only.
    """

    name = "collab-standard"
    is_repeatable = True
    counts_merging = False


def _additive(
    costs: NodeCosts, prefix: FloatArray, transfer: FloatArray | None, downstream: FloatArray | None
) -> NodeSolution:
    """One step of SCI in another metric."""
    if transfer is None or downstream is None:
        stop: IntArray = np.full(costs.layers + 1, costs.layers, dtype=np.int64)
        return NodeSolution(np.maximum(prefix[-1] - prefix, 0.0), stop)
    return NodeSolution(*sci_recursion(prefix, transfer, downstream))


def counted_energy(costs: NodeCosts) -> NodeEnergy:
    """The node's energy; none is zero, but a shut way stays shut."""
    zero = np.zeros(costs.layers + 1)
    energy = costs.energy or NodeEnergy(zero, zero)
    if costs.transfer_s is None or energy.transfer_j is None:
        return NodeEnergy(energy.prefix_j, None)
    shut = np.isinf(costs.transfer_s)
    return NodeEnergy(energy.prefix_j, np.where(shut, math.inf, energy.transfer_j))
