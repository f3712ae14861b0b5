"""A policy of one's own: `cosim compare --policies hivemind,half_policy:Half` in this directory."""

import numpy as np

from cosim.splitting import NodeCosts, NodeSolution, Policy, Role


class Half(Policy):
    """Run the first half of the layers on the UE, the rest on the next node."""

    name = "half"
    uses_sci = False

    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: np.ndarray | None
    ) -> NodeSolution:
        if not role.is_source:
            return costs.finish_here(downstream)
        stop = np.maximum(np.arange(costs.layers + 1), costs.layers // 2)
        return costs.stop_at(stop, downstream)
