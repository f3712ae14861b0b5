"""Nodes and engine together, over a network in memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from cosim.network.port import Send, Transport
from cosim.nodes import EnergyRates
from cosim.nodes.link_costs import TASK_HEADER_BYTES
from cosim.nodes.messages import SciMessage, TaskMessage, decode
from cosim.splitting import SplitProblem, policy_names, solve_sci

MS = 1_000_000
UE_AT_GNB = [(0, "ue", "gnb")]


def test_the_plans_reached_by_messages_are_the_central_solution(lab: Any) -> None:
    for rate in (2_000_000, 20_000_000, 100_000_000, 1_000_000_000):
        world = lab.make_world()
        network = lab.Network(world.topology, attachments=UE_AT_GNB, rate_bps=rate)
        world.run(network)
        transfer = (lab.LIVE + TASK_HEADER_BYTES) * 8 / rate + 0.001
        transfer[-1] = 0.0
        kinds = ("ue", "donor", "core", "cloud")
        problem = SplitProblem(
            [lab.FORWARD_S / lab.SPEED[kind] for kind in kinds], np.tile(transfer, (3, 1))
        )
        expected = solve_sci(problem)
        assert len(world.memory.done) > 2
        for task in world.memory.done:
            assert _whole(task.boundaries, 4, 4) == expected.boundaries
            assert task.latency_ns / 1e9 == pytest.approx(expected.cost, rel=0.01)


def _whole(boundaries: tuple[int, ...], layers: int, nodes: int) -> tuple[int, ...]:
    """Boundaries of the whole chain: nodes that a task did not reach run nothing."""
    return boundaries + (layers,) * (nodes + 1 - len(boundaries))


@pytest.mark.parametrize("policy", policy_names())
def test_latency_is_compute_and_queue_and_transfer_exactly(lab: Any, policy: str) -> None:
    world = lab.make_world(policy=policy)
    network = lab.Network(world.topology, attachments=UE_AT_GNB, rate_bps=33_333_333)
    result = world.run(network)
    assert result.tasks_done == len(world.memory.done) > 2
    for task in world.memory.done:
        assert task.policy == policy
        hops = (task.hop_transfer_ns, task.hop_queue_ns, task.hop_compute_ns)
        assert [len(times) for times in hops] == [len(task.route)] * 3
        assert [*map(sum, hops)] == [task.transfer_ns, task.queue_ns, task.compute_ns]
        assert task.latency_ns == task.compute_ns + task.queue_ns + task.transfer_ns
        assert task.route[0] == "ue"
        assert len(task.boundaries) == len(task.route) + 1
        assert (task.boundaries[0], task.boundaries[-1]) == (0, 4)
        assert list(task.boundaries) == sorted(task.boundaries)
    assert result.messages_dropped == 0


def test_each_baseline_goes_where_it_should(lab: Any) -> None:
    routes = {}
    for policy in ("ue-only", "cloud-only", "edge-only"):
        world = lab.make_world(policy=policy)
        world.run(lab.Network(world.topology, attachments=UE_AT_GNB))
        assert world.memory.sci == []
        assert world.memory.done[0].start_ns == 0
        routes[policy] = {(task.route, task.boundaries) for task in world.memory.done}
    assert routes["ue-only"] == {(("ue",), (0, 4))}
    assert routes["cloud-only"] == {(("ue", "gnb", "core", "cloud"), (0, 0, 0, 0, 4))}
    assert routes["edge-only"] == {(("ue", "gnb"), (0, 0, 4))}


def test_one_sci_message_for_each_edge_of_the_tree(lab: Any) -> None:
    ues = ("u1", "u2", "u3")
    world = lab.make_world(fixed=lab.TREE, ues=ues)
    where = [(0, "u1", "iab1"), (0, "u2", "iab1"), (0, "u3", "iab3")]
    network = lab.Network(world.topology, attachments=where)
    world.run(network, 500 * MS)
    # cloud-core, core-donor, donor-iab1, donor-iab2, and the three access links; iab3 has no MEC.
    whole = world.memory.sci[:-1]  # the last update was under way at the end
    assert [update.update_id for update in whole] == list(range(1, len(whole) + 1))
    assert len(whole) >= 9
    assert {update.messages for update in whole} == {7}
    sci_bytes = 4 + 23 + 4 * 5
    assert {update.message_bytes for update in whole} == {7 * sci_bytes}
    counts: dict[tuple[int, str, str], int] = {}
    for send in network.sent:
        message = decode(send.payload)
        if isinstance(message, SciMessage):
            key = (message.update_id, send.source, send.destination)
            counts[key] = counts.get(key, 0) + 1
    assert set(counts.values()) == {1}
    for update in whole:
        # Six links of 1 ms from the cloud to u1, and seven short messages' time on them.
        assert 5 * MS < update.last_receipt_ns - update.start_ns < 6 * MS
        times = [time_ns for _, time_ns in update.steps]
        assert (times[0], times[-1]) == (update.start_ns, update.last_receipt_ns)
        assert times == sorted(times)
        assert update.start_ns == (update.update_id - 1) * 50 * MS


def test_bytes_are_conserved(lab: Any) -> None:
    world = lab.make_world()
    network = lab.Network(world.topology, attachments=UE_AT_GNB)
    result = world.run(network)
    assert result.conservation_fault() is None
    sent = {send.transfer_id: send for send in network.sent}
    assert len(sent) == len(network.sent)
    for delivery in network.deliveries:
        assert delivery.size_bytes == sent[delivery.transfer_id].size_bytes
        assert delivery.payload == sent[delivery.transfer_id].payload
    tasks = [s for s in network.sent if s.transport is Transport.TCP]
    assert tasks
    for send in tasks:
        message = decode(send.payload)
        assert isinstance(message, TaskMessage)
        assert send.size_bytes == len(send.payload) + lab.LIVE[message.boundary]


def test_the_same_run_twice_is_identical(lab: Any) -> None:
    def once() -> Any:
        world = lab.make_world(fixed=lab.TREE, ues=("u1", "u2"), think_ns=0)
        where = [(0, "u1", "iab1"), (0, "u2", "iab2"), (300 * MS, "u1", "iab2")]
        network = lab.Network(world.topology, attachments=where, rates=[(200 * MS, "iab1-iab3", 0)])
        result = world.run(network)
        return result, world.memory, network.sent

    assert once() == once()


def test_two_ues_contend_for_one_processor(lab: Any) -> None:
    world = lab.make_world(ues=("u1", "u2"), policy="edge-only", think_ns=0)
    network = lab.Network(world.topology, attachments=[(0, "u1", "gnb"), (0, "u2", "gnb")])
    world.run(network)
    queued = [task for task in world.memory.done if task.queue_ns > 0]
    assert queued
    for task in world.memory.done:
        assert task.latency_ns == task.compute_ns + task.queue_ns + task.transfer_ns
    assert {task.ue for task in world.memory.done} == {"u1", "u2"}
    ids = [task.task_id for task in world.memory.tasks]
    assert len(set(ids)) == len(ids)


def test_a_blocked_link_makes_the_plans_retreat(lab: Any) -> None:
    slow = {**lab.SPEED, "donor": 0.5}  # so that without the core, the UE does best by itself
    world = lab.make_world(speed=slow, timeout_ns=150 * MS)
    blocked = [(400 * MS, "gnb-core", 0), (1500 * MS, "gnb-core", 100_000_000)]
    network = lab.Network(world.topology, attachments=UE_AT_GNB, rates=blocked)
    world.run(network, 2500 * MS)
    before = [t for t in world.memory.done if t.start_ns < 300 * MS]
    # Three periods without a word, and the gNB tells the UE what it knows itself.
    during = [t for t in world.memory.done if 600 * MS <= t.start_ns < 1400 * MS]
    after = [t for t in world.memory.done if t.start_ns > 1700 * MS]
    assert {t.route[-1] for t in before} <= {"core", "cloud"}
    assert len(during) > 3 and {t.route for t in during} == {("ue",)}
    assert after and {t.route[-1] for t in after} <= {"core", "cloud"}


def test_a_blocked_access_link_means_the_ue_alone(lab: Any) -> None:
    world = lab.make_world()
    blocked = [(300 * MS, "ue-access", 0)]
    network = lab.Network(world.topology, attachments=UE_AT_GNB, rates=blocked)
    result = world.run(network)
    late = [task for task in world.memory.done if task.start_ns > 320 * MS]
    assert late and {task.boundaries for task in late} == {(0, 4)}
    assert result.conservation_fault() is None


def test_nothing_is_sent_into_a_link_that_died_while_the_share_was_computed(lab: Any) -> None:
    redecided = 0
    for dead_ms in range(60, 100, 2):
        world = lab.make_world(think_ns=0, timeout_ns=100 * MS)
        network = lab.Network(
            world.topology,
            attachments=UE_AT_GNB,
            rates=[(dead_ms * MS, "ue-access", 0)],
            report_ns=MS,
            rate_bps=5_000_000,  # the UE computes three layers first
        )
        sent_late: list[Send] = []
        network.on_send = lambda send, n=network, d=dead_ms, s=sent_late: (
            s.append(send) if send.source == "ue" and n.now_ns > (d + 1) * MS else None
        )
        world.run(network, 400 * MS)
        assert sent_late == []
        whole = [t for t in world.memory.done if t.route == ("ue",)]
        assert len(whole) >= 2
        # One that had begun while the link lived finished on the UE, in two parts.
        redecided += sum(t.start_ns < dead_ms * MS for t in whole)
    assert redecided > 0


def test_handover_to_a_new_node_in_the_middle_of_a_run(lab: Any) -> None:
    world = lab.make_world(fixed=lab.TREE, policy="hivemind")
    where = [(0, "ue", "iab1"), (503 * MS, "ue", "iab2"), (806 * MS, "ue", "iab3")]
    network = lab.Network(world.topology, attachments=where)
    result = world.run(network, 1200 * MS)
    first_hop = [(t.start_ns, t.route[1]) for t in world.memory.done if len(t.route) > 1]
    assert {hop for at, hop in first_hop if at < 500 * MS} == {"iab1"}
    assert {hop for at, hop in first_hop if 530 * MS < at < 800 * MS} == {"iab2"}
    assert {hop for at, hop in first_hop if at > 830 * MS} == {"donor"}  # iab3 has no MEC
    assert result.conservation_fault() is None
    # The UE was told at once, not only with the next update.
    told = [d.time_ns for d in network.deliveries if d.destination == "ue" and d.source == "iab2"]
    assert told[0] < 506 * MS
    # No more is sent to it from where it was.
    late = [d for d in network.deliveries if d.source == "iab1" and d.destination == "ue"]
    assert all(d.time_ns < 560 * MS for d in late)


@pytest.mark.parametrize("policy", ["hivemind", "ue-only", "cloud-only", "edge-only"])
def test_a_ue_that_is_nowhere_computes_alone(lab: Any, policy: str) -> None:
    world = lab.make_world(policy=policy)
    world.run(lab.Network(world.topology))
    assert len(world.memory.done) > 3
    assert {task.route for task in world.memory.done} == {("ue",)}


@pytest.mark.parametrize("harm", ["lost", "late", "twice", "stale", "all"])
def test_harmed_signalling_never_makes_an_invalid_plan(lab: Any, harm: str) -> None:
    rng = np.random.default_rng(7)

    def mangle(send: Send) -> list[int]:
        if send.transport is Transport.TCP:
            return [0]
        late = int(rng.integers(0, 200)) * MS
        return {
            "lost": [] if rng.random() < 0.5 else [0],
            "late": [late],
            "twice": [0, MS],
            "stale": [0, 200 * MS],
            "all": [int(rng.integers(0, 200)) * MS for _ in range(int(rng.integers(0, 4)))],
        }[harm]

    world = lab.make_world(fixed=lab.TREE, ues=("u1", "u2"), timeout_ns=150 * MS)
    where = [(0, "u1", "iab1"), (0, "u2", "iab3"), (700 * MS, "u1", "iab2")]
    network = lab.Network(world.topology, attachments=where, mangle=mangle)
    result = world.run(network, 2000 * MS)
    assert result.tasks_done > 10
    for task in world.memory.done:
        assert list(task.boundaries) == sorted(task.boundaries)
        assert (task.boundaries[0], task.boundaries[-1]) == (0, 4)
        assert task.latency_ns == task.compute_ns + task.queue_ns + task.transfer_ns
    if harm in ("twice", "stale"):
        assert result.messages_dropped > 0  # recognised as not new
    if harm in ("lost", "all"):
        assert result.conservation_fault() is None or harm == "all"


def test_a_lost_done_message_costs_the_timeout_and_no_more(lab: Any) -> None:
    def mangle(send: Send) -> list[int]:
        lost = send.transport is Transport.UDP and send.destination == "ue"
        return [] if lost else [0]

    world = lab.make_world(policy="edge-only", timeout_ns=100 * MS, think_ns=0)
    result = world.run(lab.Network(world.topology, attachments=UE_AT_GNB, mangle=mangle))
    assert result.tasks_timed_out >= 9
    assert [t.start_ns for t in world.memory.done] == [n * 100 * MS for n in range(10)]


def test_a_task_in_flight_at_the_end_is_unfinished(lab: Any) -> None:
    world = lab.make_world(policy="cloud-only")
    result = world.run(lab.Network(world.topology, attachments=UE_AT_GNB), 4 * MS)
    assert (result.tasks_started, result.tasks_done) == (1, 0)
    (task,) = world.memory.tasks
    assert (task.status, task.start_ns, task.latency_ns, task.route) == (
        "unfinished",
        0,
        None,
        None,
    )
    assert result.conservation_fault() is None
    assert result.totals.in_flight_messages == 1


def test_energy_is_that_of_computing_and_of_the_radio(lab: Any) -> None:
    rates = EnergyRates(busy_w=10.0, radio_w=2.0, radio_j_per_bit=1e-9)
    world = lab.make_world(policy="edge-only", energy=rates)
    world.run(lab.Network(world.topology, attachments=UE_AT_GNB))
    task = world.memory.done[0]
    header = next(len(s.payload) for s in _tasks_of(world, lab, rates))
    expected = 10.0 * task.compute_ns / 1e9 + 2.0 * task.transfer_ns / 1e9
    expected += 1e-9 * 8 * (lab.LIVE[0] + header)
    assert task.energy_j == pytest.approx(expected)


def _tasks_of(world: Any, lab: Any, rates: EnergyRates) -> list[Send]:
    again = lab.make_world(policy="edge-only", energy=rates)
    network = lab.Network(again.topology, attachments=UE_AT_GNB)
    again.run(network)
    return [send for send in network.sent if send.transport is Transport.TCP]


def test_uncounted_energy_is_zero(lab: Any) -> None:
    world = lab.make_world()
    world.run(lab.Network(world.topology, attachments=UE_AT_GNB))
    assert {task.energy_j for task in world.memory.done} == {0.0}


def test_every_report_reaches_the_recorder(lab: Any) -> None:
    world = lab.make_world()
    network = lab.Network(world.topology, attachments=UE_AT_GNB)
    world.run(network, 100 * MS)
    assert world.memory.links == [(n * 10 * MS, 6) for n in range(11)]


def test_progress_rises_to_the_end(lab: Any) -> None:
    seen: list[tuple[int, int]] = []
    world = lab.make_world()
    network = lab.Network(world.topology, attachments=UE_AT_GNB)
    result = world.run(network, on_progress=lambda now, done: seen.append((now, done)))
    assert seen == sorted(seen)
    assert seen[-1] == (result.end_ns, result.tasks_done) == (1000 * MS, len(world.memory.done))


def test_a_task_that_takes_no_time_does_not_stop_the_clock(lab: Any) -> None:
    world = lab.make_world(policy="ue-only", think_ns=0, speed=dict.fromkeys(lab.SPEED, math.inf))
    result = world.run(lab.Network(world.topology, attachments=UE_AT_GNB), 1000)
    assert result.tasks_done == 1001


def test_updates_are_reported_in_order_and_each_once(lab: Any) -> None:
    world = lab.make_world(sci_period_ns=MS)
    seen_early = []
    network = lab.Network(world.topology, attachments=UE_AT_GNB)
    world.run(
        network, 200 * MS, on_progress=lambda now, done: seen_early.append(len(world.memory.sci))
    )
    numbers = [update.update_id for update in world.memory.sci]
    assert numbers == sorted(set(numbers)) and {0} | set(numbers) >= set(range(1, 200))
    assert 0 < seen_early[-1] < len(numbers)  # they are not all kept to the end


def test_a_task_that_finishes_twice_counts_once(lab: Any) -> None:
    world = lab.make_world(policy="edge-only")
    network = lab.Network(world.topology, attachments=UE_AT_GNB)
    advance = network.advance

    def doubled(until_ns: int, commands: tuple[Send, ...]) -> Any:
        step = advance(until_ns, commands)
        twice = [event for event in step.events for _ in range(2)]
        return type(step)(step.now_ns, tuple(twice))

    network.advance = doubled
    result = world.run(network)
    ids = [task.task_id for task in world.memory.done]
    assert len(ids) == len(set(ids)) == result.tasks_done > 2
