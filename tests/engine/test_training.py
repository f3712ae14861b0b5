"""Training steps: forward, backward, and parameters that move."""

from __future__ import annotations

from typing import Any

import pytest

from cosim.network.port import Send
from cosim.nodes import EnergyRates, NodeOptions
from cosim.nodes.messages import ParamMessage, Phase, TaskMessage, decode, encode

MS = 1_000_000
UE_AT_GNB = [(0, "ue", "gnb")]
TRAIN = NodeOptions(backward_ratio=2.0)
PARAMS = [100_000, 200_000, 400_000, 50_000]


def of_kind(network: Any, kind: type) -> list[tuple[Send, Any]]:
    pairs = [(send, decode(send.payload)) for send in network.sent]
    return [(send, message) for send, message in pairs if isinstance(message, kind)]


def test_a_step_on_the_ue_alone_is_forward_and_backward(lab: Any) -> None:
    world = lab.make_world(policy="ue-only", options=TRAIN, params=PARAMS)
    network = lab.Network(world.topology, attachments=UE_AT_GNB)
    world.run(network)
    for task in world.memory.done:
        assert task.latency_ns == task.compute_ns == 3 * 80 * MS
    assert not of_kind(network, TaskMessage)


@pytest.mark.parametrize("policy", ["hivemind", "cloud-only", "edge-only", "single-split"])
def test_steps_are_accounted_for_to_the_nanosecond(lab: Any, policy: str) -> None:
    energy = EnergyRates(busy_w=10.0)
    world = lab.make_world(policy=policy, options=TRAIN, params=PARAMS, energy=energy)
    result = world.run(lab.Network(world.topology, attachments=UE_AT_GNB), 3000 * MS)
    assert result.messages_dropped == 0 and len(world.memory.done) > 3
    for task in world.memory.done:
        assert task.latency_ns == task.compute_ns + task.queue_ns + task.transfer_ns
        assert task.boundaries[0] == 0 and task.boundaries[-1] == 4
        assert task.energy_j == pytest.approx(10.0 * task.compute_ns / 1e9)
        kinds = {"ue": "ue", "gnb": "donor", "core": "core", "cloud": "cloud"}
        expected = 0.0
        for node, begin, end in zip(
            task.route, task.boundaries[:-1], task.boundaries[1:], strict=True
        ):
            expected += 3 * lab.FORWARD_S[begin:end].sum() / lab.SPEED[kinds[node]]
        assert task.compute_ns / 1e9 == pytest.approx(expected)


def test_without_layers_on_the_ue_no_gradient_goes_back_to_it(lab: Any) -> None:
    world = lab.make_world(policy="edge-only", options=TRAIN, params=PARAMS)
    network = lab.Network(world.topology, attachments=UE_AT_GNB)
    world.run(network)
    tasks = of_kind(network, TaskMessage)
    assert all(message.phase == Phase.FORWARD for _, message in tasks)  # the input is not trained
    extra = [send.size_bytes - len(encode(message)) for send, message in tasks]
    assert set(extra) == {lab.LIVE[0]}  # nor do parameters move: all have the initial ones


def test_gradients_go_back(lab: Any) -> None:
    world = lab.make_world(policy="single-split", options=TRAIN)
    network = lab.Network(world.topology, attachments=UE_AT_GNB, rate_bps=5_000_000)
    world.run(network)
    task = world.memory.done[0]
    assert task.route == ("ue", "gnb", "core", "cloud") and 0 < task.boundaries[1] < 4
    tasks = of_kind(network, TaskMessage)[:6]
    assert [message.phase for _, message in tasks] == [Phase.FORWARD] * 3 + [Phase.BACKWARD] * 3
    assert [send.destination for send, _ in tasks] == ["gnb", "core", "cloud", "core", "gnb", "ue"]
    sizes = {send.size_bytes - len(encode(message)) for send, message in tasks}
    assert sizes == {lab.LIVE[task.boundaries[1]]}


def test_parameters_go_down_with_the_tensors(lab: Any) -> None:
    """The UE trains alone while its link is dead; when it is back, layers and parameters leave."""
    params = [size // 100 for size in PARAMS]
    world = lab.make_world(options=TRAIN, params=params)
    network = lab.Network(
        world.topology,
        attachments=UE_AT_GNB,
        rate_bps=1_000_000_000,
        rates=[(1 * MS, "ue-access", 1_000), (600 * MS, "ue-access", 1_000_000_000)],
    )
    world.run(network, 2000 * MS)
    assert world.memory.done[0].route == ("ue",)
    assert world.memory.done[-1].boundaries[1] == 0
    from_ue = [(s, m) for s, m in of_kind(network, TaskMessage) if s.source == "ue"]
    extra = [send.size_bytes - len(encode(message)) - lab.LIVE[0] for send, message in from_ue]
    assert extra[0] == sum(params) and set(extra[1:]) == {0}


def test_the_energy_of_sending_parameters_is_weighed(lab: Any) -> None:
    """What a node holds, it sends with the tensors where it stops earlier, and spends energy on."""
    params, j_per_bit = [size // 100 for size in PARAMS], 1e-6
    world = lab.make_world(
        policy="opt-energy",
        options=TRAIN,
        params=params,
        energy=EnergyRates(busy_w=10.0, radio_j_per_bit=j_per_bit),
    )
    world.run(lab.Network(world.topology, attachments=UE_AT_GNB), 100 * MS)
    decider = world.controllers["ue"]._decider
    joules = {}
    for decider.held in (None, 4):
        joules[decider.held] = decider.costs().energy.transfer_j
    moved = [8 * j_per_bit * sum(params[boundary:]) for boundary in range(5)]
    assert (joules[4] - joules[None]).tolist() == pytest.approx(moved)


def test_parameters_follow_a_boundary_that_moves(lab: Any) -> None:
    """When the access link gets slow, the UE takes back what it gave away."""
    params = [size // 100 for size in PARAMS]  # else one step does not gain what moving them costs
    world = lab.make_world(options=TRAIN, params=params)
    network = lab.Network(
        world.topology,
        attachments=UE_AT_GNB,
        rate_bps=1_000_000_000,
        rates=[(900 * MS, "ue-access", 1_000_000)],
    )
    world.run(network, 6000 * MS)
    done = world.memory.done
    early, late = done[0].boundaries, done[-1].boundaries
    assert early[1] < 4 and late == (0, 4)
    brought = [(send, m) for send, m in of_kind(network, ParamMessage) if m.brings]
    to_ue = [(send, m) for send, m in brought if send.destination == "ue"]
    assert len(to_ue) == 1
    send, message = to_ue[0]
    assert (message.begin, message.stop) == (early[1], 4)
    assert send.size_bytes == len(send.payload) + sum(params[early[1] :])
    for task in done:
        assert task.latency_ns == task.compute_ns + task.queue_ns + task.transfer_ns


def test_parameters_are_fetched_from_beyond_a_neighbour(lab: Any) -> None:
    """From the cloud to the UE by way of nodes that have none."""
    world = lab.make_world(policy="cloud-only", options=TRAIN, params=PARAMS)
    network = lab.Network(world.topology, attachments=UE_AT_GNB)
    ue = world.controllers["ue"]
    world.run(network, 800 * MS)
    assert world.memory.done
    assert ue._execution._held["ue"] == 0
    (ask,) = ue._execution._fetch(0, _step(), 0, 4)
    gnb, core, cloud = (world.controllers[name] for name in ("gnb", "core", "cloud"))
    (ask,) = gnb.on_delivery(1, "ue", ask.payload)
    assert ask.destination == "core"
    (ask,) = core.on_delivery(2, "gnb", ask.payload)
    (bring,) = cloud.on_delivery(3, "core", ask.payload)
    assert bring.destination == "core" and bring.size_bytes > sum(PARAMS)
    (bring,) = core.on_delivery(4, "cloud", bring.payload)
    (bring,) = gnb.on_delivery(5, "core", bring.payload)
    assert bring.destination == "ue" and bring.size_bytes > sum(PARAMS)
    (timer,) = ue.on_delivery(6, "gnb", bring.payload)
    assert timer.token.task.hops[-1].stop == 4 and timer.token.task.hops[-1].transfer_ns == 6


def _step() -> TaskMessage:
    from cosim.nodes.messages import HopTrace

    hops = (HopTrace("ue", 0, 0, 0, 0),)
    return TaskMessage(77, "ue", 0xABCD, 0, 0, 0.0, 0.0, hops, phase=Phase.FORWARD)


def test_training_survives_a_handover(lab: Any) -> None:
    world = lab.make_world(fixed=lab.TREE, options=TRAIN, params=PARAMS)
    network = lab.Network(
        world.topology, attachments=[(0, "ue", "iab1"), (700 * MS, "ue", "iab2")], rate_bps=10**9
    )
    world.run(network, 3000 * MS)
    assert {task.route[1] for task in world.memory.done if len(task.route) > 1} == {"iab1", "iab2"}
    for task in world.memory.done:
        assert task.latency_ns == task.compute_ns + task.queue_ns + task.transfer_ns
        assert list(task.boundaries) == sorted(task.boundaries) and task.boundaries[-1] == 4


def test_what_makes_no_sense_in_training_is_dropped(lab: Any) -> None:
    world = lab.make_world(options=TRAIN, params=PARAMS)
    gnb = world.controllers["gnb"]
    for payload, reason in (
        (encode(TaskMessage(1, "ue", 0xABCD, 0, 0, 0.0, 0.0, _step().hops)), "inference at a"),
        (encode(ParamMessage(1, "ue", 0, 9, brings=True)), "beyond the last layer"),
        (encode(ParamMessage(1, "ue", 0, 2, brings=True)), "nothing waits for"),
    ):
        (record,) = gnb.on_delivery(0, "ue", payload)
        assert reason in record.record.reason
    inference = lab.make_world().controllers["gnb"]
    for payload in (encode(_step()), encode(ParamMessage(1, "ue", 0, 2, brings=False))):
        (record,) = inference.on_delivery(0, "ue", payload)
        assert "inference" in record.record.reason
