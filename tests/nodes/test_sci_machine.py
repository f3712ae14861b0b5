"""The SCI protocol as a state machine: no order of messages ever makes a plan invalid.

Hypothesis plays the network. It delivers, doubles, loses, holds back and reorders SCI messages as
it likes, changes links, shuts them, hands the UE over and lets timers go off. After every step each
node must have a decision for every boundary, and following them from the UE must end with the last
layer; what a node heard must never become older.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cosim.network.port import LinkReport
from cosim.nodes import (
    EnergyRates,
    NodeConfig,
    NodeController,
    NodeOptions,
    SourceConfig,
    Uplink,
    UplinkHop,
    make_node_model,
)
from cosim.nodes.actions import Action, SciOverdue, SendMessage, SetTimer
from cosim.nodes.messages import HopTrace, SciMessage, TaskMessage, decode
from cosim.splitting import Decision, Objective, make_policy

LIVE = [10_000, 4_000, 8_000, 2_000, 0]
LAYERS = len(LIVE) - 1
WAYS = {"gnb1": "core", "gnb2": "core", "core": "cloud"}
SPEED = {"ue": 1.0, "gnb1": 3.0, "gnb2": 4.0, "core": 10.0, "cloud": 30.0}
RATES = [0, 10_000, 1_000_000, 50_000_000]


def controller(name: str, policy: str) -> NodeController:
    is_ue = name == "ue"
    kind = {"ue": "ue", "core": "core", "cloud": "cloud"}.get(name, "iab")
    way = WAYS.get(name)
    config = NodeConfig(
        name=name,
        kind=kind,  # type: ignore[arg-type]
        model=make_node_model(np.array([0.02, 0.01, 0.03, 0.02]) / SPEED[name], LIVE, 7),
        sci_period_ns=50,
        energy=EnergyRates(5.0, 1.0, 1e-7),
        uplink=Uplink(way, (UplinkHop(f"{name}-{way}", name, way),)) if way else None,
        upstream=tuple(n for n, to in WAYS.items() if to == name),
        source=SourceConfig(0, 10**9) if is_ue else None,
        options=NodeOptions(objective=Objective(latency_limit_s=0.05, front_cap=3)),
    )
    return NodeController(config, make_policy(policy), clock=lambda: 0)


class SciMachine(RuleBasedStateMachine):
    policy = "hivemind"

    def __init__(self) -> None:
        super().__init__()
        self.nodes = {name: controller(name, self.policy) for name in SPEED}
        self.now = 0
        self.serving = ""
        self.on_the_way: list[tuple[str, str, bytes]] = []
        self.timers: list[tuple[str, SetTimer]] = []
        self.newest: dict[str, tuple[int, int]] = {}
        for name, node in self.nodes.items():
            self.note(name, node.on_start(0))

    def note(self, name: str, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, SendMessage):
                if isinstance(decode(action.payload), SciMessage):
                    self.on_the_way.append((name, action.destination, action.payload))
            elif isinstance(action, SetTimer) and isinstance(action.token, SciOverdue):
                self.timers.append((name, action))

    def pick(self, index: int) -> int:
        return index % len(self.on_the_way)

    @rule()
    def the_sink_starts_an_update(self) -> None:
        self.now += 1
        self.note("cloud", self.nodes["cloud"]._sci.tick(self.now))

    @precondition(lambda self: self.on_the_way)
    @rule(index=st.integers(0, 99), keep=st.booleans())
    def a_message_comes_in_any_order_perhaps_again_later(self, index: int, keep: bool) -> None:
        at = self.pick(index)
        source, destination, payload = self.on_the_way[at]
        if not keep:
            del self.on_the_way[at]
        self.note(destination, self.nodes[destination].on_delivery(self.now, source, payload))

    @precondition(lambda self: self.on_the_way)
    @rule(index=st.integers(0, 99))
    def a_message_is_lost(self, index: int) -> None:
        del self.on_the_way[self.pick(index)]

    @precondition(lambda self: self.timers)
    @rule(index=st.integers(0, 99))
    def a_node_has_waited_long(self, index: int) -> None:
        name, timer = self.timers.pop(index % len(self.timers))
        self.now = max(self.now + 1, timer.at_ns)
        self.note(name, self.nodes[name].on_timer(self.now, timer.token))

    @rule(name=st.sampled_from(sorted(WAYS)), rate=st.sampled_from(RATES))
    def a_wire_changes(self, name: str, rate: int) -> None:
        self.report(name, f"{name}-{WAYS[name]}", WAYS[name], rate)

    @precondition(lambda self: self.serving)
    @rule(rate=st.sampled_from(RATES))
    def the_radio_link_changes(self, rate: int) -> None:
        self.report("ue", "ue-access", self.serving, rate)

    @rule(serving=st.sampled_from(["gnb1", "gnb2", ""]))
    def the_ue_moves(self, serving: str) -> None:
        ue = self.nodes["ue"]
        if self.serving and self.serving != serving:
            self.note(self.serving, self.nodes[self.serving].on_detached(self.now, "ue"))
        if serving != self.serving:
            self.newest.pop("ue", None)
        self.serving = serving
        way = Uplink(serving, (UplinkHop("ue-access", "ue", serving),)) if serving else None
        self.note("ue", ue.on_uplink(self.now, way))
        if serving:
            self.note(serving, self.nodes[serving].on_attached(self.now, "ue"))

    def report(self, sender: str, link: str, receiver: str, rate: int) -> None:
        for a, b in ((sender, receiver), (receiver, sender)):
            report = LinkReport(link, a, b, rate, 1000, 0, 0, 0, -1, math.nan, 0.0)
            self.note(sender, self.nodes[sender].on_report(self.now, [report]))

    @invariant()
    def every_decision_is_one(self) -> None:
        for name, node in self.nodes.items():
            for boundary in range(LAYERS + 1):
                assert boundary <= self.decide(name, boundary, ()).stop <= LAYERS
            heard = node._sci._heard
            if heard is not None:
                assert heard.order >= self.newest.get(name, (-1, -1))
                self.newest[name] = heard.order

    @invariant()
    def a_task_from_the_ue_is_finished_somewhere(self) -> None:
        name, boundary, plan, passed = "ue", 0, (), 0
        while True:
            onward = self.nodes[name]._decider.links.destination
            if onward is None:
                break  # the last node, or a UE without a cell: it runs all that is left
            decision = self.decide(name, boundary, plan)
            assert boundary <= decision.stop <= LAYERS
            boundary, plan, name = decision.stop, decision.plan, onward
            passed += 1
            if boundary == LAYERS:
                break
        assert passed <= 3

    def decide(self, name: str, boundary: int, plan: tuple[int, ...]) -> Decision:
        hops = (HopTrace("ue", boundary, 0, 0, 0),)
        task = TaskMessage(
            *(1, "ue", 7, 0, 0, 0.0, 0.0, hops), deadline_ns=self.now + 30_000_000, plan=plan
        )
        return self.nodes[name]._decider.decide(self.now, task)


@pytest.mark.parametrize("policy", ["hivemind", "hivemind-pareto", "dijkstra", "pipedream"])
def test_no_order_of_messages_makes_a_plan_invalid(policy: str) -> None:
    machine = type(f"Sci_{policy}", (SciMachine,), {"policy": policy})
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=40, stateful_step_count=30, deadline=None, derandomize=True),
    )
