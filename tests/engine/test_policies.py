"""The policies that tell more than a cost for each boundary, in the loop."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from cosim.errors import PolicyError
from cosim.network.port import Send
from cosim.nodes import EnergyRates, NodeOptions
from cosim.nodes.messages import SciMessage, TaskMessage, decode
from cosim.splitting import Objective, SplitProblem, plan_cost, policy_names, solve_exhaustive

MS = 1_000_000
UE_AT_GNB = [(0, "ue", "gnb")]
ENERGY = EnergyRates(busy_w=10.0, radio_w=1.0, radio_j_per_bit=1e-8)
# The UE is frugal here: it takes longer and draws the same, so energy and latency disagree.
SPEED = {"ue": 1.0, "iab": 4.0, "donor": 4.0, "core": 10.0, "cloud": 20.0}


def chain(lab: Any, rate_bps: float) -> tuple[SplitProblem, SplitProblem]:
    """Latency and energy of the UE, gNB, core and cloud."""
    compute = np.array([lab.FORWARD_S / SPEED[kind] for kind in ("ue", "donor", "core", "cloud")])
    sent = lab.LIVE + 200
    transfer = np.tile(sent * 8 / rate_bps + 0.001, (3, 1))
    transfer[:, -1] = 0.0
    joules = np.tile(sent * 8e-8, (3, 1)) + transfer
    joules[:, -1] = 0.0
    return SplitProblem(compute, transfer), SplitProblem(compute * 10.0, joules)


def whole(task: Any) -> tuple[int, ...]:
    """Boundaries on all four nodes, also when the last ones were not needed."""
    return tuple(task.boundaries) + (4,) * (5 - len(task.boundaries))


@pytest.mark.parametrize("rate_bps", [20_000_000, 100_000_000])
def test_the_exact_form_keeps_the_limit_at_least_energy(lab: Any, rate_bps: int) -> None:
    latency, energy = chain(lab, rate_bps)
    plans = [(0, *b, 4) for b in itertools.combinations_with_replacement(range(5), 3)]
    costs = {plan: (plan_cost(latency, plan), plan_cost(energy, plan)) for plan in plans}
    least = min(qa for qa, _ in costs.values())
    limits = sorted({round(qa * 1e3 + 0.2, 1) / 1e3 for qa, _ in costs.values()})
    chosen = set()
    for limit in [least - 0.002, *limits[:: len(limits) // 6]]:
        options = NodeOptions(objective=Objective(latency_limit_s=limit))
        world = lab.make_world(policy="hivemind-pareto", energy=ENERGY, options=options)
        network = lab.Network(world.topology, attachments=UE_AT_GNB, rate_bps=rate_bps)
        result = world.run(network, 500 * MS)
        assert world.memory.done and result.messages_dropped == 0
        fitting = [plan for plan in plans if costs[plan][0] <= limit]
        best = (
            min(fitting, key=lambda p: costs[p][1])
            if fitting
            else min(plans, key=lambda p: costs[p])
        )
        for task in world.memory.done:
            assert costs[whole(task)] == pytest.approx(costs[best], rel=1e-6)
            if fitting:
                assert task.latency_ns <= limit * 1e9 + 1000
        chosen.add(best)
    assert len(chosen) > 1


def test_the_budget_travels_with_the_task(lab: Any) -> None:
    options = NodeOptions(objective=Objective(latency_limit_s=0.060))
    world = lab.make_world(policy="hivemind-pareto", energy=ENERGY, options=options)
    network = lab.Network(world.topology, attachments=UE_AT_GNB)
    world.run(network, 300 * MS)
    tasks = [
        m for m in map(decode, (s.payload for s in network.sent)) if isinstance(m, TaskMessage)
    ]
    assert tasks
    assert {task.deadline_ns - task.started_ns for task in tasks} == {60 * MS}


def test_a_task_that_is_late_is_hurried(lab: Any) -> None:
    """A node that a task reaches late takes a dearer and faster point than the UE had planned."""
    options = NodeOptions(objective=Objective(latency_limit_s=0.120))
    energy = EnergyRates(busy_w=1.0, radio_w=0.0, radio_j_per_bit=0.0)
    world = lab.make_world(policy="hivemind-pareto", energy=energy, options=options)
    world.run(lab.Network(world.topology, attachments=UE_AT_GNB), 300 * MS)
    gnb = world.controllers["gnb"]
    from cosim.nodes.messages import HopTrace

    stops = []
    for left_ms in (100, 20, 5):
        task = TaskMessage(
            *(9, "ue", lab.DIGEST, 0, 0, 0.0, 0.0, (HopTrace("ue", 0, 0, 0, 0),)),
            deadline_ns=400 * MS + left_ms * MS,
        )
        stops.append(gnb._decider.decide(400 * MS, task).stop)
    own = [chain(lab, 1e8)[0].prefix_s[1][stop] for stop in stops]
    assert own == sorted(own, reverse=True)


@pytest.mark.parametrize("policy", ["dijkstra", "exhaustive", "hivemind"])
@pytest.mark.parametrize("rate_bps", [5_000_000, 20_000_000, 100_000_000])
def test_central_policies_run_the_best_plan(lab: Any, policy: str, rate_bps: int) -> None:
    world = lab.make_world(policy=policy)
    network = lab.Network(world.topology, attachments=UE_AT_GNB, rate_bps=rate_bps)
    result = world.run(network, 1000 * MS)
    assert result.messages_dropped == 0
    best = solve_exhaustive(chain(lab, rate_bps)[0])
    assert {whole(task) for task in world.memory.done} == {best.boundaries}


@pytest.mark.parametrize(
    "policy", ["hivemind", "dijkstra", "single-split", "edge-split", "ue-only", "hivemind-pareto"]
)
def test_on_a_steady_network_tasks_take_what_was_expected(lab: Any, policy: str) -> None:
    world = lab.make_world(policy=policy, energy=ENERGY)
    world.run(lab.Network(world.topology, attachments=UE_AT_GNB, rate_bps=20_000_000), 1000 * MS)
    assert world.memory.done
    for task in world.memory.done:  # but for the true size of the task's header on each hop
        assert task.expected_ns == pytest.approx(task.latency_ns, abs=0.2 * MS)


def test_a_policy_that_minimises_something_else_expects_nothing(lab: Any) -> None:
    world = lab.make_world(policy="opt-energy", energy=ENERGY)
    world.run(lab.Network(world.topology, attachments=UE_AT_GNB), 500 * MS)
    assert world.memory.done
    assert {task.expected_ns for task in world.memory.done} == {None}


def test_what_a_central_policy_costs_in_signalling_grows_with_the_chain(lab: Any) -> None:
    world = lab.make_world(policy="dijkstra")
    network = lab.Network(world.topology, attachments=UE_AT_GNB)
    world.run(network, 200 * MS)
    sizes = {
        send.source: send.size_bytes
        for send in network.sent
        if isinstance(decode(send.payload), SciMessage)
    }
    head = len(encode_head())
    # One vector of prefix sums for each node and one of transfers for each link, and their count.
    assert {name: size - head - 1 for name, size in sizes.items()} == {
        "cloud": 1 * 20,
        "core": 3 * 20,
        "gnb": 5 * 20,
    }


def encode_head() -> bytes:
    from cosim.nodes.messages import encode

    return encode(SciMessage(1, 0, 0, 0, np.zeros(0)))


def test_a_plan_for_a_way_that_shuts_is_given_up_where_the_task_is(lab: Any) -> None:
    world = lab.make_world(policy="dijkstra")
    network = lab.Network(
        world.topology, attachments=UE_AT_GNB, rates=[(300 * MS, "core-cloud", 0)]
    )
    world.run(network, 2000 * MS)
    late = [task for task in world.memory.done if task.start_ns > 400 * MS]
    assert late and all("cloud" not in task.route for task in late)


def test_too_many_plans_are_refused_with_a_way_out(
    monkeypatch: pytest.MonkeyPatch, lab: Any
) -> None:
    monkeypatch.setattr("cosim.splitting.central._MAX_PLANS", 3)
    world = lab.make_world(policy="exhaustive")
    with pytest.raises(PolicyError, match="cannot try all 35 plans of 4 layers") as caught:
        world.run(lab.Network(world.topology, attachments=UE_AT_GNB))
    assert "dijkstra" in str(caught.value.hint)


@pytest.mark.parametrize("policy", policy_names())
def test_every_policy_survives_harm_handover_and_dead_links(lab: Any, policy: str) -> None:
    rng = np.random.default_rng(8)

    def harm(send: Send) -> list[int]:
        if not isinstance(decode(send.payload), SciMessage):
            return [0]
        return [[], [0], [0, 70 * MS], [130 * MS]][int(rng.integers(4))]

    options = NodeOptions(objective=Objective(latency_limit_s=0.07))
    world = lab.make_world(
        fixed=lab.TREE, policy=policy, energy=ENERGY, options=options, sci_period_ns=20 * MS
    )
    rates = [(t * 50 * MS, "donor-core", [10**8, 10**6, 0][t % 3]) for t in range(1, 30)]
    where = [(0, "ue", "iab1"), (450 * MS, "ue", "iab2"), (900 * MS, "ue", "iab1")]
    network = lab.Network(world.topology, attachments=where, mangle=harm, rates=rates)
    world.run(network, 2000 * MS)
    assert len(world.memory.done) > 3
    for task in world.memory.done:
        assert task.boundaries[0] == 0 and task.boundaries[-1] == 4
        assert list(task.boundaries) == sorted(task.boundaries)
        assert task.latency_ns == task.compute_ns + task.queue_ns + task.transfer_ns
