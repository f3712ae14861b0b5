"""Messages survive the wire, and any bytes are a message or a ProtocolError."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.errors import ProtocolError
from cosim.nodes.link_costs import TASK_HEADER_BYTES
from cosim.nodes.messages import (
    DoneMessage,
    HopTrace,
    MergeMessage,
    SciMessage,
    TaskMessage,
    decode,
    encode,
)

_U32 = st.integers(0, 2**32 - 1)
_NS = st.integers(0, 2**63 - 1)
_NAME = st.text(max_size=20)
_JOULES = st.floats(0, 1e9)
_COSTS = st.lists(st.one_of(st.floats(0, 1e6), st.just(math.inf)), min_size=1, max_size=60).map(
    np.array
)


@st.composite
def tasks(draw: st.DrawFn) -> TaskMessage:
    stops = sorted(draw(st.lists(st.integers(0, 65535), max_size=8)))
    hops = tuple(HopTrace(draw(_NAME), s, draw(_NS), draw(_NS), draw(_NS)) for s in stops)
    return TaskMessage(
        *(draw(_NS), draw(_NAME), draw(_U32), draw(_NS), draw(_NS), draw(_JOULES), draw(_JOULES)),
        hops=hops,
        deadline_ns=draw(_NS),
        run=draw(st.integers(0, 65535)),
        merges=draw(st.booleans()),
        plan=tuple(draw(st.lists(st.integers(0, 65535), max_size=8))),
    )


@given(tasks(), st.binary(max_size=100))
def test_a_task_survives_with_its_tensors_behind_it(task: TaskMessage, tensors: bytes) -> None:
    with_tensors = msgspec.structs.replace(task, tensors=tensors)
    assert encode(with_tensors) == encode(task) + tensors
    assert decode(encode(task) + tensors) == with_tensors


@given(_NS, _NS)
def test_done_survives(task_id: int, finished_ns: int) -> None:
    message = DoneMessage(task_id, finished_ns)
    assert decode(encode(message)) == message


@given(_NS, _NS, _NS, st.booleans())
def test_merging_survives(task_id: int, sent_ns: int, took_ns: int, merged: bool) -> None:
    message = MergeMessage(task_id, sent_ns, took_ns, merged)
    assert decode(encode(message) + b"parameters") == message


@given(_U32, _U32, _U32, _NS, _COSTS)
def test_sci_survives_at_single_precision(
    update_id: int, revision: int, digest: int, started_ns: int, costs: np.ndarray
) -> None:
    sent = SciMessage(update_id, revision, digest, started_ns, costs.astype(np.float64))
    received = decode(encode(sent))
    assert isinstance(received, SciMessage)
    assert (received.order, received.model_digest, received.started_ns) == (
        (update_id, revision),
        digest,
        started_ns,
    )
    np.testing.assert_array_equal(received.told, costs.astype(np.float32))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_protocol_error(payload: bytes) -> None:
    _decode_or_refuse(payload)


@given(tasks(), st.data())
def test_damaged_messages_are_a_message_or_a_protocol_error(
    task: TaskMessage, data: st.DataObject
) -> None:
    sci = SciMessage(1, 0, 7, 5, np.linspace(0, 1, 9))
    good = data.draw(st.sampled_from([encode(task), encode(sci), encode(DoneMessage(1, 2))]))
    cut = data.draw(st.integers(0, len(good)))
    _decode_or_refuse(good[:cut])
    at = data.draw(st.integers(0, len(good) - 1))
    _decode_or_refuse(good[:at] + data.draw(st.binary(min_size=1, max_size=4)) + good[at + 1 :])


@given(st.sampled_from([1, 2, 3, 4, 5, 6]), st.binary(max_size=120))
def test_bytes_behind_a_right_head_are_a_message_or_a_protocol_error(
    kind: int, tail: bytes
) -> None:
    _decode_or_refuse(b"HM\x04" + bytes([kind]) + tail)


def _decode_or_refuse(payload: bytes) -> None:
    try:
        message = decode(payload)
    except ProtocolError:
        return
    again = encode(message)
    assert payload[: len(again)] == again or isinstance(message, SciMessage)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"", "cut short"),
        (b"XX\x01\x01", "begin with 'HM'"),
        (b"HM\x09\x01", "has version 9"),
        (b"HM\x04\x09", "unknown kind 9"),
        (encode(DoneMessage(1, 2)) + b"x", "done message has"),
        (encode(SciMessage(1, 0, 7, 5, np.zeros(3)))[:-1], "bytes for 3 costs"),
        (encode(SciMessage(1, 0, 7, 5, np.zeros(0))), "no boundary"),
        (encode(SciMessage(1, 0, 7, 5, np.array([0, math.nan]))), "NaN"),
        (encode(SciMessage(1, 0, 7, 5, np.array([-math.inf]))), "minus infinity"),
        (encode(DoneMessage(-1, 2)), "negative"),
        (encode(TaskMessage(1, "u", 0, 0, 0, math.nan, 0.0, ())), "not finite"),
        (
            encode(
                TaskMessage(
                    1,
                    "u",
                    0,
                    0,
                    0,
                    0.0,
                    0.0,
                    (HopTrace("a", 3, 0, 0, 0), HopTrace("b", 2, 0, 0, 0)),
                )
            ),
            "go backwards",
        ),
        (encode(TaskMessage(1, "u", 0, 0, 0, 0.0, 0.0, ()))[:-1] + b"\xff", "UTF-8"),
    ],
)
def test_what_is_wrong_is_said(payload: bytes, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        decode(payload)


def test_sizes_stay_small() -> None:
    """IV.C: the SCI message of ResNet152 (some 500 layers) stays under 4 KB."""
    assert len(encode(SciMessage(1, 0, 7, 5, np.zeros(517)))) < 4096
    route = tuple(HopTrace(f"iab-{i}", i, 0, 0, 0) for i in range(4))
    task = TaskMessage(1, "ue-1", 0, 0, 0, 0.0, 0.0, route)
    assert len(encode(task)) <= TASK_HEADER_BYTES


def test_a_cost_beyond_single_precision_is_infinite() -> None:
    message = decode(encode(SciMessage(1, 0, 7, 5, np.array([1e300]))))
    assert isinstance(message, SciMessage) and message.told[0] == math.inf


def test_an_overlong_name_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 255"):
        encode(TaskMessage(1, "u" * 256, 0, 0, 0, 0.0, 0.0, ()))
