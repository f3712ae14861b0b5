"""Forged, damaged and impossible messages: the real program refuses each, and says why."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.errors import InputError
from cosim.network.ns3.description import describe_network
from cosim.scenario import load_scenario

pytestmark = pytest.mark.ns3

FAILED = 3  # the program's exit status after an error frame
STILL = {"v": 1, "session": "fuzz", "seq": 0}
SEND = {
    "type": "send",
    "transfer_id": 1,
    "source": "ue",
    "destination": "cloud",
    "size_bytes": 1000,
    "transport": "tcp",
    "payload": b"HM",
}
ODD = st.one_of(
    st.sampled_from([None, True, "", "x\0y", [], {}, [[]], b"", -1, 0, 3, 2**31, 2**63 - 1]),
    st.sampled_from([2**64 - 1, -(2**63), 1e300, -1e300, 1e-300, math.nan, math.inf]),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.text(max_size=5),
)


def _network() -> dict[str, Any]:
    """A network that has every kind of field."""
    blockage = {"link": "ue-access", "start": "10 ms", "end": "20 ms"}
    traffic = {"rate": "1 Mbps"}
    overrides = [
        ("background.ues_per_cell", 1),
        ("blockages", [blockage]),
        ("links.N.cross_traffic", traffic),
        ("nodes.ue.waypoints_m", [[70.0, 0.0]]),
        ("nodes.ue.speed", "10 m/s"),
    ]
    return describe_network(load_scenario("chain3", overrides))


NETWORK = _network()
SEVERAL_PARENTS = describe_network(load_scenario(Path(__file__).parent / "two-ways.toml"))


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything in a message."""
    if path:
        yield path
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from _places(item, (*path, key))


def _changed(value: Any, path: tuple[Any, ...], new: object) -> Any:
    changed = copy.deepcopy(value)
    target = changed
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = new
    return changed


def _assert_refused(peer: Any, answer: dict[str, Any] | None, *kinds: str) -> None:
    assert answer is not None, f"no answer; exit {peer.exit_status()}: {peer.last_words()}"
    assert answer["type"] in kinds, answer
    assert answer["reason"]
    assert peer.exit_status() in (2, FAILED)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "no MessagePack"),
        (b"\xc1", "no MessagePack"),
        (b"\x91" * 200_000, "nested too deeply"),
        (b"\x81\xa1a" * 200_000, "nested too deeply"),
        (b"\xdd\xff\xff\xff\xff", "no MessagePack"),  # a list of 2^32 - 1 that does not come
        (b"\xdf\xff\xff\xff\xff", "no MessagePack"),
        (b"\xc6\xff\xff\xff\xffx", "no MessagePack"),
        (b"\xdb\xff\xff\xff\xffx", "no MessagePack"),
        (b"\xc0", "not a map"),
        (b"\x80", "'v' is missing"),
        (msgspec.msgpack.encode({**STILL, "v": 2, "type": "config"}), "protocol version 2"),
        (msgspec.msgpack.encode({**STILL, "v": "1", "type": "config"}), "'v' is not"),
        (msgspec.msgpack.encode({**STILL, "session": "mine", "type": "x"}), "another session"),
        (msgspec.msgpack.encode({**STILL, "seq": 7, "type": "config"}), "message 7 where 0"),
        (msgspec.msgpack.encode({**STILL, "seq": -1, "type": "config"}), "'seq' is not"),
        (msgspec.msgpack.encode({**STILL, "type": 5}), "'type' is not a text"),
        (msgspec.msgpack.encode({**STILL, "type": "jump"}), "'jump' where 'config'"),
        (msgspec.msgpack.encode({**STILL, "type": "advance", "until_ns": 1}), "where 'config'"),
    ],
)
def test_a_first_message_that_makes_no_sense(rogue: Any, raw: bytes, reason: str) -> None:
    with rogue() as peer:
        answer = peer.throw(raw)
        _assert_refused(peer, answer, "error")
        assert reason in answer["reason"]


@settings(max_examples=60)
@given(st.binary(max_size=60))
def test_any_bytes_are_refused(rogue: Any, raw: bytes) -> None:
    with rogue() as peer:
        _assert_refused(peer, peer.throw(raw), "error")


@settings(max_examples=40)
@given(st.data())
def test_a_message_that_is_cut_short_or_damaged(rogue: Any, data: st.DataObject) -> None:
    good = msgspec.msgpack.encode({**STILL, "type": "config", "network": NETWORK})
    with rogue() as peer:
        cut = data.draw(st.integers(0, len(good) - 1))
        _assert_refused(peer, peer.throw(good[:cut]), "error")


@settings(max_examples=100)
@given(st.sampled_from([NETWORK, SEVERAL_PARENTS]), st.data(), ODD)
def test_a_network_with_one_odd_value_is_built_or_refused(
    rogue: Any, network: dict[str, Any], data: st.DataObject, value: object
) -> None:
    path = data.draw(st.sampled_from(list(_places(network))))
    with rogue() as peer:
        answer = peer.say("config", network=_changed(network, path, value))
        if answer is not None and answer["type"] == "ready":
            answer = peer.say("advance", until_ns=1_000_000, commands=[])
            assert answer is not None and answer["type"] in ("step", "error"), peer.last_words()
        else:
            _assert_refused(peer, answer, "reject")


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("harq_processes", 0, "radio.harq_processes is 0, not from 1 to 32"),
        ("harq_processes", 33, "radio.harq_processes is 33, not from 1 to 32"),
        ("harq_processes", 272, "'harq_processes' is not an integer in range"),
        ("harq_transmissions", 17, "radio.harq_transmissions is 17, not from 1 to 16"),
        ("rlc_status_delay_ns", -1, "radio.rlc_status_delay_ns is -1, not from 0"),
    ],
)
def test_a_radio_that_cannot_be(rogue: Any, key: str, value: int, reason: str) -> None:
    with rogue() as peer:
        answer = peer.say("config", network=_changed(NETWORK, ("radio", key), value))
        _assert_refused(peer, answer, "reject")
        assert reason in answer["reason"]


KEYS = (
    *("report_interval", "background.coherence", "radio.channel_update", "radio.channel_redraw"),
    *("radio.handover_interruption", "radio.handover_time_to_trigger", "links.N.delay"),
    *("radio.queue", "links.N.queue", "links.N.capacity", "links.N.cross_traffic.rate"),
    *("background.ue_rate", "background.ues_per_cell", "background.radius_m", "seed"),
    *("radio.ue_power", "radio.iab_power", "radio.noise_figure", "radio.handover_hysteresis"),
    *("radio.harq_processes", "radio.harq_transmissions", "radio.rlc_status_delay"),
    *("radio.carrier", "radio.numerology", "radio.tdd_pattern", "radio.bandwidth"),
)
TEXTS = (
    *("1 ns", "1 us", "10 ms", "1000000 s", "1 B", "1 GB", "1 bps", "1 kbps", "1 Tbps"),
    *("0 dBm", "-500 dBm", "500 dBm", "0 dB", "500 dB", "0", "1", "3", "9", "1e-9", "1e9"),
    *("DU", "DDDDDDDDDU", "UD", "600 MHz", "28 GHz", "400 MHz", "5 MHz", str(2**63 - 1)),
)


@settings(max_examples=150)
@given(st.sampled_from(KEYS), st.sampled_from(TEXTS))
def test_what_the_loader_accepts_is_built_or_rejected(rogue: Any, key: str, text: str) -> None:
    try:
        scenario = load_scenario("chain3", [("links.N.cross_traffic.rate", "1 Mbps"), (key, text)])
    except InputError:
        return
    with rogue() as peer:
        answer = peer.say("config", network=describe_network(scenario))
        if answer is None or answer["type"] != "ready":
            _assert_refused(peer, answer, "reject")
            return
        answer = peer.say("advance", until_ns=2_000_000, commands=[])
        assert answer is not None and answer["type"] == "step", peer.last_words()


@settings(max_examples=60)
@given(st.sampled_from(["until_ns", "commands", *SEND]), ODD)
def test_a_step_with_one_odd_value_is_carried_out_or_refused(
    rogue: Any, field: str, value: object
) -> None:
    request: dict[str, Any] = {"until_ns": 2_000_000, "commands": [SEND]}
    if field in SEND:
        request["commands"] = [{**SEND, field: value}]
    else:
        request[field] = value
    if isinstance(request["until_ns"], int) and request["until_ns"] > 10**9:
        request["until_ns"] = 10**9  # it is allowed to ask for a long time
    with rogue() as peer:
        assert peer.say("config", network=NETWORK)["type"] == "ready"
        answer = peer.say("advance", **request)
        if answer is None or answer["type"] != "step":
            _assert_refused(peer, answer, "error")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"size_bytes": -1}, "'size_bytes' is not an integer in range"),
        ({"size_bytes": 2**63}, "cannot be sent"),
        ({"size_bytes": 1.5}, "'size_bytes' is not an integer"),
        ({"size_bytes": 1}, "cannot be sent"),  # fewer than the payload has
        ({"transport": "udp", "size_bytes": 70_000}, "cannot be sent"),
        ({"transport": "pigeon"}, "unknown transport 'pigeon'"),
        ({"type": "jump"}, "unknown command 'jump'"),
        ({"destination": "nobody"}, "no node 'nobody'"),
        ({"destination": "ue"}, "sends to itself"),
        ({"payload": "text"}, "'payload' is not binary"),
        ({"transfer_id": True}, "'transfer_id' is not an integer"),
    ],
)
def test_a_command_that_cannot_be_carried_out(
    rogue: Any, change: dict[str, Any], reason: str
) -> None:
    with rogue() as peer:
        assert peer.say("config", network=NETWORK)["type"] == "ready"
        answer = peer.say("advance", until_ns=1_000_000, commands=[{**SEND, **change}])
        _assert_refused(peer, answer, "error")
        assert reason in answer["reason"]


def test_a_time_that_is_past(rogue: Any) -> None:
    with rogue() as peer:
        peer.say("config", network=NETWORK)
        now_ns = peer.say("advance", until_ns=5_000_000, commands=[])["now_ns"]
        answer = peer.say("advance", until_ns=now_ns - 1, commands=[])
        _assert_refused(peer, answer, "error")
        assert "in the past" in answer["reason"] and answer["sim_time_ns"] == now_ns
