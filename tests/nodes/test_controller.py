"""One controller alone, as it would run on its own machine."""

from __future__ import annotations

import dataclasses
import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.network.port import LinkReport, Transport
from cosim.nodes import (
    NodeConfig,
    NodeController,
    SourceConfig,
    Uplink,
    UplinkHop,
    make_node_model,
)
from cosim.nodes.actions import (
    Action,
    ComputeDone,
    Record,
    SciOverdue,
    SendMessage,
    SetTimer,
    StartTask,
)
from cosim.nodes.messages import (
    DoneMessage,
    HopTrace,
    SciMessage,
    TaskMessage,
    decode,
    encode,
)
from cosim.nodes.records import MessageDropped, SciStep, TaskFinished, TaskStarted
from cosim.splitting import NodeSolution, ParetoMessage, Policy, make_policy, solve_checked

MS = 1_000_000
LIVE = [10_000, 2_000, 5_000, 0]
DIGEST = 77


def mec(policy: str = "hivemind", uplink: bool = True) -> NodeController:
    way = Uplink("cloud", (UplinkHop("A", "mec", "cloud"),))
    config = NodeConfig(
        name="mec",
        kind="iab" if uplink else "cloud",
        model=make_node_model([0.010, 0.020, 0.030], LIVE, DIGEST),
        sci_period_ns=50 * MS,
        uplink=way if uplink else None,
        upstream=("child",),
    )
    return NodeController(config, make_policy(policy), clock=lambda: 0)


def solve(node: NodeController) -> NodeSolution:
    """What the node would decide now, for every boundary."""
    decider = node._decider
    assert isinstance(decider.policy, Policy) and not isinstance(decider.heard, ParetoMessage)
    return solve_checked(decider.policy, node.config.role, decider.costs(), decider.heard)


def ue(policy: str = "hivemind") -> NodeController:
    config = NodeConfig(
        name="ue",
        kind="ue",
        model=make_node_model([0.1, 0.2, 0.3], LIVE, DIGEST),
        sci_period_ns=50 * MS,
        source=SourceConfig(think_ns=0, timeout_ns=2000 * MS, first_task_id=3, task_id_step=4),
    )
    return NodeController(config, make_policy(policy), clock=lambda: 0)


def link(rate: int = 100_000_000) -> LinkReport:
    return LinkReport("A", "mec", "cloud", rate, 0, 0, 0, 0, -1, math.nan, 0.0)


def sci(update_id: int = 1, revision: int = 0, value: float = 0.0, digest: int = DIGEST) -> bytes:
    return encode(SciMessage(update_id, revision, digest, 5, np.full(4, value)))


def task(stop: int = 0, sent_ns: int = 0, digest: int = DIGEST) -> bytes:
    hops = (HopTrace("ue", stop, 0, 0, 0),)
    return encode(TaskMessage(9, "ue", digest, 0, sent_ns, 0.0, 0.0, hops)) + bytes(10)


def sends(actions: list[Action]) -> list[SendMessage]:
    return [action for action in actions if isinstance(action, SendMessage)]


def dropped(actions: list[Action]) -> str:
    (action,) = actions
    assert isinstance(action, Record) and isinstance(action.record, MessageDropped)
    return action.record.reason


def test_news_is_told_once_to_each_upstream_neighbour() -> None:
    node = mec()
    node.on_report(0, [link()])
    node.on_attached(0, "ue1")
    node.on_attached(0, "ue2")
    actions = node.on_delivery(1, "cloud", sci())
    assert [send.destination for send in sends(actions)] == ["child", "ue1", "ue2"]
    assert {send.transport for send in sends(actions)} == {Transport.UDP}
    message = decode(sends(actions)[0].payload)
    assert isinstance(message, SciMessage)
    assert (message.order, message.started_ns, message.model_digest) == ((1, 0), 5, DIGEST)
    step = next(a.record for a in actions if isinstance(a, Record))
    assert isinstance(step, SciStep) and step.messages == 3 and not step.mending
    assert step.message_bytes == sum(send.size_bytes for send in sends(actions))


@pytest.mark.parametrize(
    ("source", "payload", "reason"),
    [
        ("cloud", sci(2), "not newer"),
        ("cloud", sci(1, 9), "not newer"),
        ("stranger", sci(3), "not the next one"),
        ("cloud", sci(3, digest=1), "another model"),
        ("cloud", encode(SciMessage(3, 0, DIGEST, 5, np.zeros(9))), "another number of layers"),
        ("cloud", b"rubbish", "begin with 'HM'"),
        ("cloud", encode(DoneMessage(1, 2)), "starts no tasks"),
        ("ue", task(digest=1), "task of another model"),
        ("ue", task(stop=4), "beyond the last layer"),
        ("ue", task(sent_ns=10**15), "from the future"),
    ],
)
def test_what_makes_no_sense_is_dropped_with_a_reason(
    source: str, payload: bytes, reason: str
) -> None:
    node = mec()
    node.on_report(0, [link()])
    assert sends(node.on_delivery(1, "cloud", sci(2, value=0.001)))
    before = solve(node)
    assert reason in dropped(node.on_delivery(2, source, payload))
    np.testing.assert_array_equal(solve(node).stop, before.stop)
    np.testing.assert_array_equal(solve(node).cost_to_go_s, before.cost_to_go_s)


@given(st.lists(st.tuples(st.sampled_from(["cloud", "ue", "x"]), st.binary(max_size=80))))
def test_no_bytes_from_anyone_make_a_controller_fail(messages: list[tuple[str, bytes]]) -> None:
    node = mec()
    node.on_report(0, [link()])
    for at, (source, payload) in enumerate(messages):
        node.on_delivery(at, source, payload)
        node.on_delivery(at, source, b"HM\x04" + payload)
    assert (solve(node).stop >= np.arange(4)).all()


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2), st.floats(0, 1)), max_size=12))
def test_in_whatever_order_news_comes_the_newest_counts(
    news: list[tuple[int, int, float]],
) -> None:
    node = mec()
    node.on_report(0, [link()])
    heard: dict[tuple[int, int], float] = {}
    for update_id, revision, value in news:
        node.on_delivery(1, "cloud", sci(update_id, revision, value))
        heard.setdefault((update_id, revision), value)
    expected = mec()
    expected.on_report(0, [link()])
    if heard:
        # The first to come of the newest: later copies and older ones change nothing.
        expected.on_delivery(1, "cloud", sci(7, 0, heard[max(heard)]))
    np.testing.assert_array_equal(solve(node).stop, solve(expected).stop)


def test_what_is_told_upstream_always_grows_newer() -> None:
    node = mec()
    node.on_report(0, [link()])
    (first_watch,) = node.on_start(0)
    assert isinstance(first_watch, SetTimer) and first_watch.at_ns == 150 * MS
    told = []

    def note(actions: list[Action]) -> list[Action]:
        for send in sends(actions):
            message = decode(send.payload)
            assert isinstance(message, SciMessage)
            told.append(message.order)
        return actions

    note(node.on_timer(first_watch.at_ns, first_watch.token))  # nothing was heard at all
    note(node.on_delivery(160 * MS, "cloud", sci(4)))
    # The timer that is set says nothing, for something was heard; it goes on for the rest.
    watch = SetTimer(310 * MS, SciOverdue())
    assert note(node.on_timer(200 * MS, SciOverdue())) == [watch]
    again = note(node.on_timer(watch.at_ns, watch.token))
    assert next(a for a in again if isinstance(a, SetTimer)).at_ns == watch.at_ns + 50 * MS
    note(node.on_attached(320 * MS, "ue1"))
    note(node.on_delivery(330 * MS, "cloud", sci(4, 1)))
    note(node.on_delivery(340 * MS, "cloud", sci(5)))
    assert told[:4] == [(0, 1), (4, 0), (4, 1), (4, 2)]
    assert told[4:] == [(4, 3), (4, 3), (5, 0), (5, 0)]


def test_a_ue_that_detached_is_told_nothing() -> None:
    node = mec()
    node.on_report(0, [link()])
    node.on_attached(0, "ue1")
    node.on_attached(0, "ue1")
    node.on_detached(1, "ue1")
    assert [s.destination for s in sends(node.on_delivery(2, "cloud", sci()))] == ["child"]


def test_a_share_is_computed_in_turn_and_then_passed_on() -> None:
    node = mec()
    node.on_report(0, [link()])
    node.on_delivery(0, "cloud", sci(1, value=0.0))  # downstream is free: go on at once, or soon
    node.on_report(0, [link(rate=1_000_000)])  # 10 kB take 81.6 ms, 2 kB 17.6 ms: run layer 1
    assert solve(node).stop.tolist() == [1, 1, 3, 3]
    (first,) = node.on_delivery(2 * MS, "ue", task())
    (second,) = node.on_delivery(5 * MS, "ue", task())
    assert isinstance(first, SetTimer) and isinstance(second, SetTimer)
    assert (first.at_ns, second.at_ns) == (12 * MS, 22 * MS)
    assert isinstance(second.token, ComputeDone)
    assert second.token.task.hops[-1] == HopTrace("mec", 1, 5 * MS, 7 * MS, 10 * MS)
    (send,) = node.on_timer(12 * MS, first.token)
    assert isinstance(send, SendMessage) and send.transport is Transport.TCP
    assert (send.destination, send.size_bytes) == ("cloud", len(send.payload) + LIVE[1])
    message = decode(send.payload)
    assert isinstance(message, TaskMessage) and message.sent_ns == 12 * MS


def test_a_relay_does_not_queue() -> None:
    node = mec("cloud-only")
    node.on_report(0, [link()])
    (send,) = node.on_delivery(2 * MS, "ue", task())
    assert isinstance(send, SendMessage) and send.destination == "cloud"
    message = decode(send.payload)
    assert isinstance(message, TaskMessage)
    assert message.hops[-1] == HopTrace("mec", 0, 2 * MS, 0, 0)


def test_a_way_that_shuts_during_the_share_is_decided_anew() -> None:
    node = mec()
    node.on_report(0, [link(rate=1_000_000)])
    node.on_delivery(0, "cloud", sci(1, value=0.0))
    (timer,) = node.on_delivery(0, "ue", task())
    assert isinstance(timer, SetTimer)
    node.on_report(5 * MS, [link(rate=0)])
    (rest,) = node.on_timer(10 * MS, timer.token)
    assert isinstance(rest, SetTimer) and rest.at_ns == 60 * MS
    done = node.on_timer(60 * MS, rest.token)
    record = next(a.record for a in done if isinstance(a, Record))
    assert isinstance(record, TaskFinished)
    assert (record.route, record.boundaries) == (("ue", "mec"), (0, 0, 3))
    assert record.latency_ns == record.compute_ns == 60 * MS
    assert [(s.destination, s.transport) for s in sends(done)] == [("ue", Transport.UDP)]


def test_a_finished_task_that_arrives_is_finished() -> None:
    node = mec(uplink=False)
    done = node.on_delivery(4 * MS, "ue", task(stop=3))
    record = next(a.record for a in done if isinstance(a, Record))
    assert isinstance(record, TaskFinished)
    assert (record.latency_ns, record.transfer_ns, record.compute_ns) == (4 * MS, 4 * MS, 0)


def test_a_ue_waits_for_the_first_news_and_then_repeats_with_its_own_ids() -> None:
    node = ue()
    assert node.on_start(0) == [SetTimer(150 * MS, SciOverdue())]
    uplink = Uplink("mec", (UplinkHop("ue-access", "ue", "mec"),))
    assert node.on_uplink(0, uplink) == []
    assert "not the next one" in dropped(node.on_delivery(1, "cloud", sci()))
    actions = node.on_delivery(2, "mec", sci())
    assert SetTimer(2, StartTask()) in actions
    assert SetTimer(3, StartTask()) not in node.on_delivery(3, "mec", sci(2))
    assert _started(node.on_timer(2, StartTask())) == 3
    assert node.on_delivery(9, "mec", encode(DoneMessage(8, 5))) == []  # not the one waited for
    assert node.on_delivery(9, "mec", encode(DoneMessage(3, 5))) == [SetTimer(9, StartTask())]
    assert node.on_delivery(9, "mec", encode(DoneMessage(3, 5))) == []
    assert _started(node.on_timer(9, StartTask())) == 7


def test_a_ue_that_hears_nothing_begins_alone_once() -> None:
    node = ue()
    (timer,) = node.on_start(0)
    assert isinstance(timer, SetTimer)
    assert node.on_timer(timer.at_ns, timer.token) == [SetTimer(150 * MS, StartTask())]
    assert node.on_timer(timer.at_ns, timer.token) == []
    node.on_uplink(151 * MS, Uplink("mec", (UplinkHop("ue-access", "ue", "mec"),)))
    assert SetTimer(152 * MS, StartTask()) not in node.on_delivery(152 * MS, "mec", sci())


def test_no_task_begins_before_its_time() -> None:
    source = SourceConfig(think_ns=0, timeout_ns=2000 * MS, start_ns=400 * MS)
    node = NodeController(dataclasses.replace(ue().config, source=source), make_policy("ue-only"))
    assert SetTimer(400 * MS, StartTask()) in node.on_start(0)


def test_a_ue_forgets_what_another_node_told() -> None:
    node = ue()
    node.on_uplink(0, Uplink("mec", (UplinkHop("ue-access", "ue", "mec"),)))
    node.on_report(
        0, [msgspec.structs.replace(link(), link="ue-access", transmitter="ue", receiver="mec")]
    )
    node.on_delivery(0, "mec", sci(9))
    assert solve(node).stop[0] < 3
    node.on_uplink(1, Uplink("mec2", (UplinkHop("ue-access", "ue", "mec2"),)))
    assert solve(node).stop.tolist() == [3, 3, 3, 3]
    assert not isinstance(node.on_delivery(2, "mec2", sci(4))[0], MessageDropped)


def _started(actions: list[Action]) -> int:
    records = [a.record for a in actions if isinstance(a, Record)]
    return next(r.task_id for r in records if isinstance(r, TaskStarted))
