"""What a scenario may ask of the nodes: when to tell, to look ahead, other metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cosim.forecasting import make_forecaster
from cosim.network.port import Send
from cosim.nodes import EnergyRates, NodeOptions
from cosim.nodes.config import SciTrigger
from cosim.nodes.messages import SciMessage, UpdateRequest, decode
from cosim.splitting import Objective, SplitProblem, solve_chain
from cosim.splitting.registry import make_policy

MS = 1_000_000
UE_AT_GNB = [(0, "ue", "gnb")]


def messages(network: Any, kind: type) -> list[Send]:
    return [send for send in network.sent if isinstance(decode(send.payload), kind)]


def test_told_on_change_a_steady_network_is_nearly_silent(lab: Any) -> None:
    sent = {}
    triggers: tuple[SciTrigger, ...] = ("periodic", "on-change")
    for trigger in triggers:
        world = lab.make_world(options=NodeOptions(trigger=trigger))
        network = lab.Network(world.topology, attachments=UE_AT_GNB)
        world.run(network)
        sent[trigger] = len(messages(network, SciMessage))
        assert len(world.memory.done) > 5
    assert sent["on-change"] * 4 < sent["periodic"]


def test_told_on_change_a_change_is_known_at_once(lab: Any) -> None:
    """The wire core-cloud slows down to a crawl at 205 ms; the next report is at 210 ms."""
    options = NodeOptions(trigger="on-change")
    world = lab.make_world(options=options, sci_period_ns=10_000 * MS)
    network = lab.Network(
        world.topology, attachments=UE_AT_GNB, rates=[(205 * MS, "core-cloud", 200_000)]
    )
    world.run(network, 3000 * MS)
    routes = {task.start_ns > 250 * MS: task.route for task in world.memory.done}
    assert "cloud" in routes[False] and "cloud" not in routes[True]


def test_told_on_task_every_task_begins_with_an_update(lab: Any) -> None:
    world = lab.make_world(options=NodeOptions(trigger="on-task"))
    network = lab.Network(world.topology, attachments=UE_AT_GNB)
    result = world.run(network)
    assert result.messages_dropped == 0
    done = world.memory.done
    # Each hop of the tree passes each request on; then the update comes back.
    assert len(messages(network, UpdateRequest)) >= 3 * len(done) > 15
    waves = [update for update in world.memory.sci if update.last_receipt_ns is not None]
    assert len(waves) >= len(done)
    for task in done[1:]:
        before = [update for update in waves if update.last_receipt_ns <= task.start_ns]
        assert task.start_ns - before[-1].start_ns < 20 * MS


def test_told_on_task_a_lost_request_only_delays(lab: Any) -> None:
    world = lab.make_world(options=NodeOptions(trigger="on-task"))

    def lose_requests(send: Send) -> list[int]:
        return [] if isinstance(decode(send.payload), UpdateRequest) else [0]

    network = lab.Network(world.topology, attachments=UE_AT_GNB, mangle=lose_requests)
    world.run(network)
    starts = [task.start_ns for task in world.memory.done]
    assert len(starts) >= 4 and min(np.diff(starts)) > 150 * MS


@pytest.mark.parametrize("trigger", ["periodic", "on-change", "on-task"])
def test_harm_to_signalling_never_makes_a_plan_invalid(lab: Any, trigger: Any) -> None:
    """SCI messages that are late, lost, doubled or in another order."""
    rng = np.random.default_rng(8)

    def harm(send: Send) -> list[int]:
        if not isinstance(decode(send.payload), SciMessage):
            return [0]
        return [[], [0], [0, 70 * MS], [130 * MS]][int(rng.integers(4))]

    world = lab.make_world(options=NodeOptions(trigger=trigger), sci_period_ns=20 * MS)
    rates = [(t * 50 * MS, "gnb-core", [10**8, 10**6, 0][t % 3]) for t in range(1, 30)]
    network = lab.Network(world.topology, attachments=UE_AT_GNB, mangle=harm, rates=rates)
    world.run(network, 2000 * MS)
    assert len(world.memory.done) > 5
    for task in world.memory.done:
        assert task.boundaries[0] == 0 and task.boundaries[-1] == 4
        assert list(task.boundaries) == sorted(task.boundaries)
        assert task.latency_ns == task.compute_ns + task.queue_ns + task.transfer_ns


@pytest.mark.parametrize("forecaster", ["last", "ewma", "autoregressive"])
def test_predictive_splitting_on_a_steady_network_changes_nothing(
    lab: Any, forecaster: str
) -> None:
    tasks = []
    for name in (None, forecaster):
        factory = None if name is None else lambda link, sender: make_forecaster(forecaster)
        world = lab.make_world(options=NodeOptions(make_forecaster=factory, coherence_ns=0))
        world.run(lab.Network(world.topology, attachments=UE_AT_GNB))
        tasks.append([(t.boundaries, t.latency_ns) for t in world.memory.done])
    assert tasks[0] == tasks[1]


def test_predictive_splitting_sees_a_steady_decline_coming(lab: Any) -> None:
    """The told capacity is lower than the present one, unless the lag is within the coherence."""
    rates = [(t * 10 * MS, "core-cloud", 200_000_000 - 2_000_000 * t) for t in range(1, 90)]
    first = {}
    for coherence in (0, 10_000 * MS):
        options = NodeOptions(
            make_forecaster=lambda link, sender: make_forecaster("autoregressive"),
            coherence_ns=coherence,
        )
        speed = {**lab.SPEED, "core": 1.0}  # so that it wants the cloud
        world = lab.make_world(options=options, sci_period_ns=200 * MS, speed=speed)
        world.run(lab.Network(world.topology, attachments=UE_AT_GNB, rates=rates), 810 * MS)
        core = world.controllers["core"]
        told = core._sci._told
        assert told is not None
        first[coherence] = told.told[0]
        forecasts = world.memory.forecasts
        if coherence:
            assert forecasts == []
        else:
            last = [f for f in forecasts if f.link == "core-cloud"][-1]
            assert last.node == "core" and last.time_ns >= 800 * MS
            due = 200e6 - 0.2 * (last.time_ns + last.ahead_ns)
            assert last.ahead_ns > 0 and last.capacity_bps == pytest.approx(due, rel=0.05)
    assert first[0] > first[10_000 * MS]


def test_policies_of_several_metrics_see_the_scenarios_objective(lab: Any) -> None:
    energy = EnergyRates(busy_w=10.0, radio_w=1.0, radio_j_per_bit=1e-8)
    aim = Objective(latency_weight=1.0, energy_weight=0.2, latency_limit_s=0.05)
    for policy in ("linear", "opt-energy", "opt-latency", "hivemind-qa"):
        world = lab.make_world(policy=policy, energy=energy, options=NodeOptions(objective=aim))
        world.run(lab.Network(world.topology, attachments=UE_AT_GNB))
        kinds = ("ue", "donor", "core", "cloud")
        compute = np.array([lab.FORWARD_S / lab.SPEED[kind] for kind in kinds])
        sent = lab.LIVE + 200
        transfer = np.tile(sent * 8 / 100e6 + 0.001, (3, 1))
        transfer[:, -1] = 0.0
        joules = np.tile(sent * 8e-8, (3, 1)) + transfer
        joules[:, -1] = 0.0
        plan = solve_chain(
            make_policy(policy),
            SplitProblem(compute, transfer),
            energy=SplitProblem(compute * 10.0, joules),
            objective=aim,
        )
        for task in world.memory.done:
            whole = task.boundaries + (4,) * (5 - len(task.boundaries))
            assert whole == plan.boundaries, policy
