"""A node's decision: its policy, asked with the newest of what the node itself knows."""

from __future__ import annotations

from cosim.nodes.config import NodeConfig
from cosim.nodes.link_costs import LinkTable
from cosim.splitting.policy import NodeCosts, NodeSolution, Policy, solve_checked
from cosim.splitting.problem import FloatArray


class Decider:
    """Asks the policy; holds the link table and the newest cost-to-go heard from downstream."""

    def __init__(self, config: NodeConfig, policy: Policy) -> None:
        self.links = LinkTable(config.uplink)
        self.policy = policy
        self.heard: FloatArray | None = None
        self._model = config.model
        self._role = config.role

    def solve(self) -> NodeSolution:
        """The decision for every boundary, with the links as they are now.

        Raises
        ------
        PolicyError
            When the policy fails.
        """
        costs = NodeCosts(
            self._model.prefix_s,
            None if self._role.is_sink else self.links.transfer_s(self._model.live_bytes),
        )
        return solve_checked(self.policy, self._role, costs, self.heard)

    def can_send(self) -> bool:
        """Whether the way downstream is open, as far as the node knows."""
        return bool(self.links.transfer_s(self._model.live_bytes)[0] < float("inf"))
