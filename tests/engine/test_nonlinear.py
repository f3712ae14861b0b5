"""Recurrent models and collaborative learning in the loop (HiveMind VI)."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest

from cosim.assembly import prepare, resolve_scenario
from cosim.engine import run_loop
from cosim.errors import ScenarioError
from cosim.network.port import Send
from cosim.nodes import EnergyRates, Merging, NodeOptions
from cosim.nodes.messages import HopTrace, MergeMessage, Phase, TaskMessage, decode, encode
from cosim.splitting import SplitProblem, path_seconds_per_byte, solve_sci, training_problem
from cosim.splitting.collaborative import collaborative_problem, federated_omega
from cosim.splitting.recurrent import RecurrentModule, linearised_live_bytes, standard_problem
from cosim.work import work_of

MS = 1_000_000
UE_AT_GNB = [(0, "ue", "gnb")]
KINDS = ("ue", "donor", "core", "cloud")


def of_kind(network: Any, kind: type) -> list[tuple[Send, Any]]:
    pairs = [(send, decode(send.payload)) for send in network.sent]
    return [(send, message) for send, message in pairs if isinstance(message, kind)]


def whole(task: Any) -> tuple[int, ...]:
    return tuple(task.boundaries) + (4,) * (5 - len(task.boundaries))


def check_account(task: Any, layers: int) -> None:
    assert task.latency_ns == task.compute_ns + task.queue_ns + task.transfer_ns
    assert task.boundaries[0] == 0 and task.boundaries[-1] == layers
    assert list(task.boundaries) == sorted(task.boundaries)


@pytest.mark.parametrize("rate_bps", [5_000_000, 30_000_000, 500_000_000])
@pytest.mark.parametrize("state_bytes", [0, 2_000, 100_000])
def test_a_module_is_split_as_the_library_says(lab: Any, rate_bps: int, state_bytes: int) -> None:
    runs = 5
    options = NodeOptions(module_runs=runs, state_bytes=state_bytes)
    world = lab.make_world(policy="rnn-standard", options=options)
    network = lab.Network(world.topology, attachments=UE_AT_GNB, rate_bps=rate_bps)
    result = world.run(network, 3000 * MS)
    assert world.memory.done and result.messages_dropped == 0
    # The header of a task is among what crosses a link, and the states' way back has one, too.
    module = RecurrentModule(runs, [*(lab.LIVE[1:-1] + 200), 0], [0, 0, 0, state_bytes], 60_200)
    times = [lab.FORWARD_S / lab.SPEED[kind] for kind in KINDS]
    way = [8 / rate_bps] * 3
    problem = standard_problem(module, times, way, [0.001] * 3, way)
    back = np.full((3, 5), 0.0 if state_bytes else (runs - 1) * 0.001)  # an empty message, too
    back[:, -1] = 0.0
    best = solve_sci(SplitProblem(problem.compute_s, problem.transfer_s + back))
    for task in world.memory.done:
        check_account(task, 4)
        assert whole(task) == best.boundaries
        assert task.latency_ns / 1e9 == pytest.approx(best.cost, rel=0.02)
        compute = [
            t[a:b].sum()
            for t, a, b in zip(times, task.boundaries, task.boundaries[1:], strict=False)
        ]
        assert task.compute_ns / 1e9 == pytest.approx(runs * sum(compute))


def test_states_go_back_to_the_ue_after_each_run_but_the_last(lab: Any) -> None:
    options = NodeOptions(module_runs=4, state_bytes=7_000)
    world = lab.make_world(
        policy="rnn-standard", options=options, speed={**lab.SPEED, "ue": 0.1, "donor": 0.2}
    )
    network = lab.Network(world.topology, attachments=UE_AT_GNB, rate_bps=1_000_000_000)
    world.run(network, 1000 * MS)
    first = world.memory.done[0]
    holder = first.route[-1]
    sends = [(s, m) for s, m in of_kind(network, TaskMessage) if m.task_id == first.task_id]
    back = [(s, m) for s, m in sends if s.source == holder]
    assert holder != "ue" and [m.run for _, m in back] == [1, 2, 3]
    assert all(s.destination == "ue" and s.size_bytes == len(s.payload) + 7_000 for s, _ in back)
    forward = [(s, m) for s, m in sends if s.source == "ue"]
    assert [m.run for _, m in forward] == [0, 1, 2, 3]
    assert {s.size_bytes - len(s.payload) for s, _ in forward} == {lab.LIVE[first.boundaries[1]]}


def test_what_makes_no_sense_between_runs_is_dropped(lab: Any) -> None:
    world = lab.make_world(policy="rnn-standard", options=NodeOptions(module_runs=3))
    gnb = world.controllers["gnb"]
    hops = (HopTrace("ue", 1, 0, 0, 0), HopTrace("gnb", 4, 0, 0, 0))
    good = TaskMessage(1, "ue", lab.DIGEST, 0, 0, 0.0, 0.0, hops, run=1, at=1)
    for change, reason in (
        ({"model_digest": 1}, "another model"),
        ({"run": 3}, "run that there is not"),
        ({"phase": Phase.FORWARD}, "run that there is not"),
        ({"at": 0}, "another node"),
        ({"at": 2}, "another node"),
        ({"hops": (hops[0], HopTrace("gnb", 3, 0, 0, 0))}, "split is not known"),
        ({"sent_ns": 5}, "future"),
    ):
        (record,) = gnb.on_delivery(0, "ue", encode(msgspec.structs.replace(good, **change)))
        assert reason in record.record.reason
    (timer,) = gnb.on_delivery(0, "ue", encode(good))
    assert timer.token.task.hops[1].compute_ns > 0


RECURRENT = [
    ("task.runs", 4),
    (
        "task.states",
        [{"layer": "fc", "size": "300 kB"}, {"layer": "layer3_0_conv1", "size": "1 B"}],
    ),
    ("task.timeout", "20 s"),
]


def run_prepared(lab: Any, policy: str, pairs: Any, duration_ns: int, **network: Any) -> Any:
    setup = prepare(resolve_scenario("chain3", policy=policy, overrides=pairs))
    net = lab.Network(setup.topology, attachments=UE_AT_GNB, **network)
    memory = lab.Memory()
    run_loop(net, setup.controllers, setup.topology, duration_ns, memory)
    return setup, net, memory


def test_a_recurrent_scenario_is_unrolled_or_run_as_a_module(lab: Any) -> None:
    latency = {}
    for policy, layers in (("hivemind", 4 * 69), ("rnn-standard", 69), ("single-split", 4 * 69)):
        setup, _, memory = run_prepared(lab, policy, RECURRENT, 3000 * MS, rate_bps=30_000_000)
        for task in memory.done:
            check_account(task, layers)
        latency[policy] = memory.done[-1].latency_ns
        assert setup.controllers["ue"].config.model.layers == layers
    assert latency["hivemind"] < latency["rnn-standard"]
    ue = prepare(resolve_scenario("chain3", overrides=RECURRENT)).controllers["ue"]
    module = RecurrentModule(
        4,
        [*setup.model.live_bytes[1:-1], setup.model.output_bytes],
        [{"fc": 300_000, "layer3_0_conv1": 1}.get(name, 0) for name in setup.model.layer_names],
        float(setup.model.live_bytes[0]),
    )
    np.testing.assert_array_equal(ue.config.model.live_bytes, linearised_live_bytes(module))


def test_an_unrolled_profile_is_folded_for_the_standard_way(lab: Any) -> None:
    """The shipped sequence labeller: 200 modules of 4 layers, then one that stacks the labels."""
    pairs = [("task.model", "rnn"), ("task.runs", 200), ("task.timeout", "60 s")]
    setup, _, memory = run_prepared(lab, "rnn-standard", pairs, 3000 * MS)
    config = setup.controllers["ue"].config
    assert (config.model.layers, config.options.state_bytes) == (4, 1200)
    assert config.model.live_bytes.tolist() == [400 + 1200, 800 + 1200, 400 + 1200, 1200, 0]
    line = prepare(resolve_scenario("chain3", overrides=pairs)).controllers["ue"].config.model
    assert line.layers == 801
    assert 200 * config.model.prefix_s[-1] == pytest.approx(line.prefix_s[-1])
    for task in memory.done:
        check_account(task, 4)
    assert memory.done


@pytest.mark.parametrize(
    ("policy", "pairs", "where", "message"),
    [
        ("rnn-standard", [], "policy", "is for recurrent models"),
        ("collab-standard", [("task.kind", "training")], "policy", "collaborative learning"),
        ("hivemind", [("task.runs", 3)], "task", "not those of a line of 3"),
        ("hivemind", [("task.runs", 0)], "task.runs", "at least 1"),
        ("hivemind", [*RECURRENT, ("task.kind", "training")], "task.runs", "for inference"),
        ("hivemind", [RECURRENT[1]], "task.states", "only go with"),
        (
            "hivemind",
            [("task.runs", 2), ("task.states", [{"layer": "nix", "size": "1 B"}])],
            "task",
            "no layer 'nix'",
        ),
        ("hivemind", [*RECURRENT, ("task.runs", 10_000)], "task.runs", "690000 layers"),
        ("hivemind", [("task.merge_at", "nix")], "task.merge_at", "unknown computing node"),
        ("hivemind", [("task.merge_at", "ue")], "task.merge_at", "does not pass"),
        ("hivemind", [("task.merge_interval", 0)], "task.merge_interval", "at least 1"),
        ("hivemind", [("task.agents", 1)], "task.agents", "at least 2"),
    ],
)
def test_scenarios_that_do_not_fit_are_refused(
    policy: str, pairs: Any, where: str, message: str
) -> None:
    with pytest.raises(ScenarioError, match=message) as caught:
        prepare(resolve_scenario("chain3", policy=policy, overrides=pairs))
    assert caught.value.key_path == where


def test_a_model_whose_boundaries_do_not_fit_into_messages_is_refused() -> None:
    model: Any = SimpleNamespace(layer_count=70_000)
    with pytest.raises(ScenarioError, match="has 70000 layers, 65534 at most") as caught:
        work_of(
            resolve_scenario("chain3"), model, "cloud", splits_module=False, counts_merging=True
        )
    assert caught.value.key_path == "task.model"


PARAMS = [1_000, 2_000, 4_000, 500]


def collaborative(lab: Any, policy: str, merging: Merging, rate_bps: int) -> Any:
    options = NodeOptions(backward_ratio=2.0, merging=merging)
    world = lab.make_world(
        policy=policy,
        options=options,
        params=PARAMS,
        energy=EnergyRates(busy_w=10.0, radio_w=1.0, radio_j_per_bit=1e-8),
        merge_node=merging.node,
    )
    network = lab.Network(world.topology, attachments=UE_AT_GNB, rate_bps=rate_bps)
    result = world.run(network, 4000 * MS)
    assert world.memory.done and result.messages_dropped == 0
    for task in world.memory.done:
        check_account(task, 4)
    return world, network


@pytest.mark.parametrize("where", ["cloud", "core", "gnb"])
@pytest.mark.parametrize("rate_bps", [10_000_000, 100_000_000])
@pytest.mark.parametrize("counted", [True, False])
def test_agents_split_as_the_library_says(
    lab: Any, where: str, rate_bps: int, counted: bool
) -> None:
    """The first step of a run: nothing has to move yet, so that only merging comes on top."""
    size = 150_000
    merging = Merging(where, size, size, counted=counted)
    world, network = collaborative(lab, "hivemind", merging, rate_bps)
    compute = np.array([lab.FORWARD_S / lab.SPEED[kind] for kind in KINDS])
    transfer = np.tile((lab.LIVE + 200) * 8 / rate_bps + 0.001, (3, 1))
    transfer[:, -1] = 0.0
    gradient = np.tile(lab.LIVE * 8 / rate_bps, (3, 1))
    gradient[:, 0] = 0.0
    training = training_problem(SplitProblem(compute, transfer), 2 * compute, gradient)
    path = path_seconds_per_byte([rate_bps] * 3, [rate_bps] * 3, "hops")
    server = ["ue", "gnb", "core", "cloud"].index(where)
    omega = federated_omega(size, path, server=server)
    best = solve_sci(collaborative_problem(training, omega if counted else 0 * omega))
    first = world.memory.done[0]
    assert whole(first) == best.boundaries
    merges = [(s, m) for s, m in of_kind(network, MergeMessage) if m.task_id == first.task_id]
    holder = first.route[-1]
    expected = [] if holder == where else [(holder, where, False), (where, holder, True)]
    assert [(s.source, s.destination, m.merged) for s, m in merges] == expected
    assert all(s.size_bytes == len(s.payload) + size for s, _ in merges)


def test_counting_the_merging_pays(lab: Any) -> None:
    latency = {}
    for counted in (True, False):
        merging = Merging("cloud", 400_000, 400_000, counted=counted)
        world, _ = collaborative(lab, "hivemind", merging, 20_000_000)
        latency[counted] = np.mean([task.latency_ns for task in world.memory.done])
    assert latency[True] < latency[False]


def test_parameters_merge_once_in_an_interval(lab: Any) -> None:
    merging = Merging("cloud", 10_000, 20_000, interval=3)
    world, network = collaborative(lab, "ue-only", merging, 50_000_000)
    there = [m.task_id for s, m in of_kind(network, MergeMessage) if not m.merged]
    assert there == list(range(2, there[-1] + 1, 3)) and len(there) > 2
    back = {s.size_bytes - len(s.payload) for s, m in of_kind(network, MergeMessage) if m.merged}
    assert back == {20_000}
    merged, alone = (next(t for t in world.memory.done if t.task_id == number) for number in (2, 3))
    took_s = merged.transfer_ns / 1e9
    assert took_s == pytest.approx(3 * (10_000 + 20_000) * 8 / 50e6 + 6 * 0.001, rel=0.01)
    assert alone.transfer_ns == 0
    # The UE's radio is on for the way there only; the parameters' bits count as all do.
    there_s = 3 * 10_029 * 8 / 50e6 + 3 * 0.001
    radio_j = 1.0 * there_s + 1e-8 * 8 * 10_029
    assert merged.energy_j - alone.energy_j == pytest.approx(radio_j, rel=1e-3)


@pytest.mark.parametrize("kind", ["federated", "distributed", "qmix"])
def test_kinds_of_learning_from_a_scenario(lab: Any, kind: str) -> None:
    pairs = [("task.kind", kind), ("task.mixer", "5 kB"), ("task.timeout", "60 s")]
    standard, shares = {}, {}
    for policy in ("hivemind", "collab-standard"):
        setup, network, memory = run_prepared(lab, policy, pairs, 8_000 * MS, rate_bps=10**9)
        assert memory.done
        merging = setup.controllers["ue"].config.options.merging
        params = int(setup.model.param_bytes.sum())
        there = {"federated": params, "distributed": math.ceil(params * 1.5), "qmix": params}[kind]
        back = {"federated": params, "distributed": 0, "qmix": params + 5_000}[kind]
        assert (merging.node, merging.there_bytes, merging.back_bytes) == ("cloud", there, back)
        assert merging.counted == (policy == "hivemind")
        standard[policy] = memory.done[0].latency_ns
        shares[policy] = memory.done[0].route[-1]
        sent = of_kind(network, MergeMessage)
        assert bool(sent) == (shares[policy] != "cloud")
    assert standard["hivemind"] <= standard["collab-standard"]


def test_what_makes_no_sense_in_merging_is_dropped(lab: Any) -> None:
    options = NodeOptions(backward_ratio=2.0, merging=Merging("core", 10, 10))
    world = lab.make_world(options=options, params=PARAMS, merge_node="core")
    for node, message, reason in (
        ("gnb", MergeMessage(1, 0), "does not merge"),
        ("gnb", MergeMessage(1, 0, 0, merged=True), "nothing waits for"),
        ("core", MergeMessage(1, 9), "from the future"),
    ):
        (record,) = world.controllers[node].on_delivery(5, "ue", encode(message))
        assert reason in record.record.reason
    (record,) = lab.make_world().controllers["gnb"].on_delivery(5, "ue", encode(MergeMessage(1, 0)))
    assert "learns alone" in record.record.reason
