"""The tree of the simplified simulator over time, and what its changes do to messages."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import cosim
from cosim.cli.main import main
from cosim.errors import ScenarioError
from cosim.network.port import Delivery, Send, Transport
from cosim.network.simplified import open_simplified
from cosim.network.simplified.flights import forwarded_ns
from cosim.network.simplified.links import Link
from cosim.network.simplified.radio import Radio
from cosim.network.simplified.tree import Stretch, serving_sector, stretches
from cosim.scenario import Scenario, load_scenario
from cosim.scenario.topology import build_topology

MS = 1_000_000
TCP, UDP = Transport.TCP, Transport.UDP
RELAYS = tuple(f"iab{number}" for number in range(1, 6))
QUIET = (
    ("nodes.ue.waypoints_m", []),
    ("nodes.ue.speed", "0 m/s"),
    ("background.ues_per_cell", 0),
    ("nodes.iab5.background_ues", 0),
    *((f"nodes.{name}.transit", {"ues": 0, "ue_rate": "1 kbps"}) for name in RELAYS[:4]),
)
CHANGES = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from(RELAYS), st.sampled_from(["sleep", "wake"])),
    max_size=12,
)


def _scenario(changes, *overrides: tuple[str, object]) -> Scenario:  # type: ignore[no-untyped-def]
    listed = [{"time": f"{time} ms", "node": node, "action": do} for time, node, do in changes]
    return load_scenario("mmwave-iab", [("topology_changes", listed), *overrides])


def _tree(*changes: tuple[int, str, str]) -> tuple[Stretch, ...]:
    scenario = _scenario(changes)
    radio = Radio(scenario.radio, has_relays=True, excess_loss_db=0.0)
    return stretches(scenario, build_topology(scenario), radio)


@given(CHANGES)
@settings(max_examples=60, deadline=None)
def test_whatever_sleeps_the_rest_is_a_tree(changes) -> None:  # type: ignore[no-untyped-def]
    for stretch in _tree(*changes):
        for node in RELAYS:
            way = stretch.topology.path_to_root(node)
            if node in stretch.asleep:
                assert way == (node,)
            else:
                assert way[-1] == "cloud" and not stretch.asleep & set(way)


@given(CHANGES)
@settings(max_examples=30, deadline=None)
def test_when_all_are_awake_again_everybody_can_be_reached(changes) -> None:  # type: ignore[no-untyped-def]
    end = [(50, node, "wake") for node in RELAYS]
    last = _tree(*changes, *end)[-1]
    assert not last.asleep
    assert all(last.topology.path_to_root(node)[-1] == "cloud" for node in RELAYS)


def test_a_child_goes_to_the_nearest_that_can_be_its_parent() -> None:
    (_, first, second) = _tree((1, "iab3", "sleep"), (2, "iab5", "sleep"))
    assert first.topology.parent_of("iab1") == "iab5"  # 495 m; iab6 is at 774 m
    assert second.topology.parent_of("iab1") == "iab6"


def test_what_changes_nothing_is_no_new_stretch() -> None:
    assert len(_tree((1, "iab3", "wake"))) == 1
    assert len(_tree((1, "iab3", "sleep"), (1, "iab3", "sleep"))) == 2


def test_another_node_is_served_by_the_sector_that_points_nearest_to_it() -> None:
    home = build_topology(load_scenario("mmwave-iab"))

    def sector(parent: str, child: str, has_sectors: bool = True) -> str:
        return serving_sector(home, parent, child, has_sectors=has_sectors)

    assert sector("iab6", "iab5") == sector("iab6", "iab3") == "iab6 towards iab5"
    assert sector("iab6", "iab2") == "iab6 towards iab4"
    assert sector("iab1", "iab3") == "iab1"  # it has no sector
    assert sector("iab6", "iab3", has_sectors=False) == "iab6"


IMPOSSIBLE = [
    {"time": "10 ms", "node": "iab4", "action": "sleep"},
    {"time": "20 ms", "node": "iab5", "action": "parent", "parent": "iab4"},
]


def test_a_parent_that_cannot_be_is_bad_input_with_its_key_and_time(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"changes\[1\]\.parent: at 0\.02 s 'iab4' sleeps"):
        open_simplified(load_scenario("mmwave-iab", [("topology_changes", IMPOSSIBLE)]))
    below = [{"time": "1 s", "node": "iab5", "action": "parent", "parent": "iab1"}]
    with pytest.raises(ScenarioError, match=r"changes\[0\]\.parent: at 1 s 'iab1' .* below 'iab5'"):
        open_simplified(load_scenario("mmwave-iab", [("topology_changes", below)]))
    file = tmp_path / "impossible.toml"
    path = Path(cosim.__file__).parent / "scenario" / "builtin" / "mmwave-iab.toml"
    change = "[[topology_changes]]\ntime = '1 s'\nnode = 'iab5'\naction = 'parent'\nparent = 'iab1'"
    file.write_text(f"{path.read_text()}\n{change}\n")
    out = tmp_path / "out"
    arguments = ["run", str(file), "--backend", "simplified", "--out", str(out)]
    shown = CliRunner().invoke(main, arguments)
    assert shown.exit_code == 2 and "topology_changes[0].parent" in shown.stderr, shown.output


class _Run:
    """Drives a network, and keeps what arrives."""

    def __init__(self, scenario: Scenario) -> None:
        self.network = open_simplified(scenario)
        self.network.start()
        self.arrived: dict[int, Delivery] = {}

    def until(self, time_ns: int, *sends: Send) -> None:
        step = self.network.advance(time_ns, sends)
        while True:
            self.arrived |= {e.transfer_id: e for e in step.events if isinstance(e, Delivery)}
            if step.now_ns >= time_ns:
                return
            step = self.network.advance(time_ns, ())


def test_a_tensor_loses_the_interruption_and_goes_on_at_the_new_rate() -> None:
    move = {"time": "50 ms", "node": "iab3", "action": "parent", "parent": "iab6"}
    arrivals = []
    for changes in ([], [move]):
        scenario = load_scenario("mmwave-iab", [("topology_changes", changes), *QUIET])
        run = _Run(scenario)
        run.until(2000 * MS, Send(1, "iab3", "core7", 2_000_000, TCP))
        arrivals.append(run.arrived[1].time_ns)
    # 427 m instead of 286 m and 283 m: the same MCS, one hop less, and 20 ms of silence.
    hop_ns = next(
        report.latency_ns
        for report in open_simplified(scenario).start().events[-1].links
        if (report.link, report.transmitter) == ("C", "iab3")
    )
    assert arrivals[1] - arrivals[0] == pytest.approx(20 * MS - hop_ns, abs=1 * MS)


@given(
    CHANGES,
    st.lists(
        st.tuples(
            st.integers(0, 50),
            st.permutations([*RELAYS, "iab6", "core8", "cloud", "ue"]),
            st.integers(1, 30_000),
            st.booleans(),
        ),
        max_size=25,
    ),
    st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_no_byte_appears_or_vanishes_whatever_changes(changes, messages, forwarding) -> None:  # type: ignore[no-untyped-def]
    awake = [(60, node, "wake") for node in RELAYS]
    forward = ("radio.handover_forwarding", forwarding)
    run = _Run(_scenario([*changes, *awake], *QUIET, forward))
    sends = []
    for number, (time, (source, destination, *_), size, reliable) in enumerate(
        sorted(messages, key=lambda message: message[0]), start=1
    ):
        run.until(time * MS)
        sends.append(Send(number, source, destination, size, TCP if reliable else UDP))
        run.until(time * MS, sends[-1])
    run.until(5000 * MS)
    totals = run.network.finish()
    assert totals.in_flight_messages == 0
    assert totals.sent_bytes == sum(send.size_bytes for send in sends)
    assert totals.delivered_bytes == sum(d.size_bytes for d in run.arrived.values())
    assert totals.delivered_bytes + totals.lost_bytes == totals.sent_bytes
    assert {send.transfer_id for send in sends if send.transport is TCP} <= set(run.arrived)


LINK_NS = 1 * MS


def _links(count: int) -> tuple[Link, ...]:
    return tuple(Link(str(number), LINK_NS) for number in range(count))


def test_what_is_in_the_air_is_forwarded_behind_the_interruption() -> None:
    a, b, c, new = _links(4)
    now = 100 * MS
    new.silent_until_ns = now + 20 * MS
    # It leaves c at the end, b before that: it is on a, and the new link comes after that.
    ahead = now + LINK_NS // 2 + 2 * LINK_NS
    assert forwarded_ns(ahead, now, (a, b, c), (a, new, c), {b}) == now + 20 * MS + 2 * LINK_NS
    # One that has crossed a changed link is not touched, nor one whose way is not interrupted.
    assert forwarded_ns(now + 1, now, (new, b), (new, b), {new}) == now + 1
    assert forwarded_ns(now + 1, now, (b, c), (b, c), {a}) == now + 1


def test_what_has_no_way_is_lost_unless_it_is_beyond_the_change() -> None:
    a, b = _links(2)
    now = 100 * MS
    assert forwarded_ns(now + 1, now, (a, b), (), {b}) is None
    assert forwarded_ns(now + 1, now, (a, b), (), {a}) == now + 1
    assert forwarded_ns(1 << 62, now, (), (a, b), set()) == now + 2 * LINK_NS


@pytest.mark.parametrize("forwarding", [True, False])
def test_without_forwarding_datagrams_at_the_old_cell_are_lost(forwarding: bool) -> None:
    asleep = [(10, "iab5", "sleep")]
    run = _Run(_scenario(asleep, *QUIET, ("radio.handover_forwarding", forwarding)))
    for number in range(40):  # some have left, some are on the way, at the cell or before it
        run.until(5 * MS + number * MS // 8, Send(number, "iab6", "ue", 40, UDP))
    run.until(200 * MS)
    early = {number for number, delivery in run.arrived.items() if delivery.time_ns <= 10 * MS}
    at_the_cell = set(range(40)) - set(run.arrived)
    assert early and (not at_the_cell) == forwarding
    assert run.network.finish().lost_messages == len(at_the_cell)
    if not forwarding:
        beyond = set(range(40)) - early - at_the_cell
        assert max(early) < min(at_the_cell) <= max(at_the_cell) < min(beyond)


def test_what_is_lost_at_a_handover_is_lost_once() -> None:
    asleep = [(10, "iab5", "sleep")]
    run = _Run(_scenario(asleep, *QUIET, ("radio.handover_forwarding", False)))
    run.until(10 * MS - 1)
    run.until(50 * MS, Send(1, "iab5", "ue", 40, UDP))  # its sender has no way any more, either
    totals = run.network.finish()
    assert (totals.lost_messages, totals.in_flight_messages, run.arrived) == (1, 0, {})


def test_users_of_a_node_that_sleeps_pause_and_come_back_with_the_same_demand() -> None:
    wanted = (
        ("nodes.iab3.transit", {"ues": 1, "ue_rate": "30 Mbps"}),
        ("background.coherence", "10 ms"),
    )
    others = [entry for entry in QUIET if "iab3" not in entry[0]]
    moved = [(30, "iab3", "sleep"), (60, "iab3", "wake")]
    left = []
    for changes in ([], moved):
        network = open_simplified(_scenario(changes, *others, *wanted))
        step, capacity = network.start(), {}
        while step.now_ns < 150 * MS:
            for tick in step.events:
                for report in getattr(tick, "links", ()):
                    if (report.link, report.transmitter) == ("E", "iab5"):
                        capacity[step.now_ns // MS] = report.capacity_bps
            step = network.advance(150 * MS, ())
        left.append(capacity)
    free = max(left[1].values())
    assert all(left[1][time] == free for time in (30, 40, 50)), "the others want next to nothing"
    assert left[0][40] < free
    same = {time for time in left[0] if time < 30 or time >= 60}
    assert {time: left[0][time] for time in same} == {time: left[1][time] for time in same}
