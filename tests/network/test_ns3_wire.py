"""The messages to and from ns-3, without ns-3."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.errors import ProtocolError
from cosim.network.ns3.wire import Advance, Codec
from cosim.network.port import Send, Transport


def _hello(**changes: object) -> bytes:
    message: dict[str, object] = {
        "type": "hello",
        "v": 1,
        "session": "s",
        "seq": 0,
        "program": "p",
        "program_version": "1",
        "ns3_version": "3",
        "pid": 1,
    }
    message.update(changes)
    return msgspec.msgpack.encode(message)


def test_messages_are_numbered_and_tagged() -> None:
    codec = Codec("s")
    send = Send(7, "a", "b", 10, Transport.UDP, b"xy")
    first = msgspec.msgpack.decode(codec.encode(Advance, until_ns=5, commands=(send,)))
    second = msgspec.msgpack.decode(codec.encode(Advance, until_ns=6, commands=()))
    assert (first["type"], first["seq"], second["seq"]) == ("advance", 0, 1)
    assert first["commands"][0] == {
        "type": "send",
        "transfer_id": 7,
        "source": "a",
        "destination": "b",
        "size_bytes": 10,
        "transport": "udp",
        "payload": b"xy",
    }


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"v": 2}, "version 2"),
        ({"session": "another"}, "another session"),
        ({"seq": 3}, "message 3 where 0"),
        ({"type": "jump"}, "no message"),
        ({"pid": "many"}, "no message"),
    ],
)
def test_a_message_that_does_not_belong_is_refused(
    changes: dict[str, object], problem: str
) -> None:
    with pytest.raises(ProtocolError, match=problem):
        Codec("s").decode(_hello(**changes))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_protocol_error(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        Codec("s").decode(raw)


@given(st.binary(max_size=60), st.integers(0, 100))
def test_a_damaged_message_is_a_message_or_a_protocol_error(noise: bytes, at: int) -> None:
    whole = _hello()
    damaged = whole[:at] + noise + whole[at + len(noise) :]
    try:
        Codec("s").decode(damaged)
    except ProtocolError:
        assert damaged != whole
