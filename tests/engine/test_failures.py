"""How a run fails: what is said, and what is kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cosim.engine import LoopResult
from cosim.errors import NetworkError, PeerDiedError, PolicyError, ProtocolError
from cosim.ledger import SciUpdate
from cosim.network.port import Delivery, Send, Step, Totals
from cosim.splitting import NodeCosts, NodeSolution, Policy, Role
from cosim.splitting.policies import HiveMind
from cosim.splitting.problem import FloatArray

MS = 1_000_000
UE_AT_GNB = [(0, "ue", "gnb")]


class Failing(HiveMind):
    """Like HiveMind, but gives up at the gNB after some decisions."""

    name = "failing"

    def __init__(self) -> None:
        self.left = 5

    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        if role.kind == "donor":
            self.left -= 1
            if self.left < 0:
                raise KeyError("lost my notes")
        return super().solve_node(role, costs, downstream)


class Nonsense(Policy):
    name = "nonsense"

    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        return NodeSolution(np.zeros(costs.layers + 1), np.zeros(costs.layers + 1, dtype=np.int64))


def test_a_policy_that_raises_is_named_with_node_and_time(lab: Any) -> None:
    world = lab.make_world(policy=Failing)
    with pytest.raises(PolicyError, match="node 'gnb': policy 'failing' raised KeyError") as caught:
        world.run(lab.Network(world.topology, attachments=UE_AT_GNB))
    assert caught.value.sim_time_ns is not None and caught.value.sim_time_ns > 0
    assert isinstance(caught.value.__cause__, PolicyError)
    assert isinstance(caught.value.__cause__.__cause__, KeyError)
    # What had happened was told.
    assert world.memory.done and world.memory.sci and world.memory.links


def test_a_policy_that_returns_nonsense_fails_at_once(lab: Any) -> None:
    world = lab.make_world(policy=Nonsense)
    with pytest.raises(
        PolicyError, match=r"node 'cloud': .*no valid decision: stop\[0\]"
    ) as caught:
        world.run(lab.Network(world.topology, attachments=UE_AT_GNB))
    assert caught.value.sim_time_ns == 0


def _dying(lab: Any, world: Any, error: Exception) -> Any:
    network = lab.Network(world.topology, attachments=UE_AT_GNB)
    advance = network.advance

    def die(until_ns: int, commands: tuple[Send, ...]) -> Step:
        if network.now_ns > 200 * MS:
            raise error
        step: Step = advance(until_ns, commands)
        return step

    network.advance = die
    return network


def test_a_network_that_dies_is_told_with_the_simulated_time(lab: Any) -> None:
    world = lab.make_world()
    with pytest.raises(PeerDiedError, match=r"at simulated time 0\.2") as caught:
        world.run(_dying(lab, world, PeerDiedError("ns-3 ended with signal 9")))
    assert caught.value.sim_time_ns is not None
    assert world.memory.done and world.memory.sci


def test_a_time_that_the_network_tells_itself_is_kept(lab: Any) -> None:
    world = lab.make_world()
    with pytest.raises(NetworkError) as caught:
        world.run(_dying(lab, world, NetworkError("lost", sim_time_ns=5)))
    assert caught.value.sim_time_ns == 5


def test_an_interruption_passes_through_and_keeps_what_was(lab: Any) -> None:
    world = lab.make_world()

    def stop(now_ns: int, done: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    network = lab.Network(world.topology, attachments=UE_AT_GNB)
    with pytest.raises(KeyboardInterrupt):
        world.run(network, on_progress=stop)
    assert len(world.memory.done) == 3
    assert world.memory.sci
    assert network.closed


def test_a_full_disk_does_not_hide_the_error_under_way(lab: Any) -> None:
    world = lab.make_world()

    def refuse(update: SciUpdate) -> None:
        raise OSError("no space left on device")

    world.memory.record_sci = refuse
    with pytest.raises(PeerDiedError):
        world.run(_dying(lab, world, PeerDiedError("ns-3 ended")))


@pytest.mark.parametrize("now_ns", [-1, 10**12])
def test_a_network_whose_clock_jumps_is_refused(lab: Any, now_ns: int) -> None:
    world = lab.make_world()
    network = lab.Network(world.topology, attachments=UE_AT_GNB)
    network.advance = lambda until_ns, commands: Step(now_ns, ())
    network.start = lambda: Step(0, ())
    with pytest.raises(ProtocolError, match="network is at"):
        world.run(network)


def test_a_delivery_to_no_node_is_refused(lab: Any) -> None:
    world = lab.make_world()
    network = lab.Network(world.topology, attachments=UE_AT_GNB)
    network.start = lambda: Step(0, (Delivery(0, 1, "gnb", "nobody", 1, 0, b"x"),))
    with pytest.raises(ProtocolError, match="'nobody'"):
        world.run(network)


def test_conservation_faults_are_told() -> None:
    totals = Totals(3, 300, 2, 200, 1, 100, 0, 0, 0, 0, 0)

    def result(sent_messages: int, sent_bytes: int, totals: Totals = totals) -> LoopResult:
        return LoopResult(0, 0, 0, 0, 0, sent_messages, sent_bytes, totals)

    assert result(3, 300).conservation_fault() is None
    assert "sent 4 messages" in (result(4, 300).conservation_fault() or "")
    assert "sent 301 bytes" in (result(3, 301).conservation_fault() or "")
    lost = Totals(3, 300, 2, 200, 0, 0, 0, 0, 0, 0, 0)
    assert "still carries 2" in (result(3, 300, lost).conservation_fault() or "")
