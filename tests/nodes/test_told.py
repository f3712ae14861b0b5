"""What policies tell survives the wire: exactly at single precision, or rounded the safe way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.errors import ProtocolError
from cosim.nodes.messages import SciMessage, decode, encode
from cosim.nodes.told import CHAIN, COSTS, FRONTS, decode_told, encode_told
from cosim.splitting import ChainCosts, ParetoMessage, SplitProblem, pareto_sink, pareto_step


def fronts(
    seed: int, nodes: int, layers: int, *, cap: int | None = None, proportional: bool = False
) -> ParetoMessage:
    rng = np.random.default_rng(seed)
    qa, be = (
        SplitProblem(rng.random((nodes, layers)), rng.random((nodes - 1, layers + 1)))
        for _ in range(2)
    )
    prefix = np.stack([qa.prefix_s, be.prefix_s])
    if proportional:
        prefix[1] = 5.1 * prefix[0]
    message = pareto_sink(prefix[:, -1])
    transfer = np.stack([qa.transfer_s, be.transfer_s])
    for p in reversed(range(nodes - 1)):
        message = pareto_step(prefix[:, p], transfer[:, p], message, cap=cap)
    return message


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 5),
    st.integers(1, 40),
    st.sampled_from([None, 2, 5]),
    st.booleans(),
)
@settings(max_examples=60)
def test_fronts_are_read_as_told_or_a_little_dearer(
    seed: int, nodes: int, layers: int, cap: int | None, proportional: bool
) -> None:
    told = fronts(seed, nodes, layers, cap=cap, proportional=proportional)
    form, data = encode_told(told)
    read = decode_told(form, layers + 1, data)
    assert isinstance(read, ParetoMessage)
    np.testing.assert_array_equal(read.which, told.which)
    assert told.gap <= read.gap <= told.gap * (1 + 2**-22)
    scale = told.prefix[:, -1] + max(max(f.qa + f.be, default=0.0) for f in told.fronts)
    for b in range(layers + 1):
        before, after = told.at(b), read.at(b)
        assert after.shape == before.shape
        rise = after - before
        assert (rise[0] >= 0).all() and (rise[1] >= -1e-12).all()
        assert (rise <= 2**-21 * scale[:, None]).all()
        assert (np.diff(after[0]) >= 0).all()


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 20))
def test_a_chain_is_read_as_told(seed: int, nodes: int, layers: int) -> None:
    rng = np.random.default_rng(seed)
    transfer = rng.random((nodes - 1, layers + 1))
    transfer[rng.random(transfer.shape) < 0.3] = math.inf
    told = ChainCosts(np.cumsum(rng.random((nodes, layers + 1)), axis=1), transfer)
    read = decode_told(CHAIN, layers + 1, encode_told(told)[1])
    assert isinstance(read, ChainCosts)
    np.testing.assert_array_equal(read.prefix_s, told.prefix_s.astype(np.float32))
    np.testing.assert_array_equal(read.transfer_s, told.transfer_s.astype(np.float32))


@given(st.sampled_from([COSTS, FRONTS, CHAIN, 9]), st.integers(0, 30), st.binary(max_size=300))
def test_any_bytes_are_something_told_or_a_protocol_error(
    form: int, size: int, data: bytes
) -> None:
    _read_or_refuse(form, size, data)


@given(st.integers(0, 99), st.sampled_from([COSTS, FRONTS, CHAIN]), st.data())
@settings(max_examples=200)
def test_damaged_bytes_are_something_told_or_a_protocol_error(
    seed: int, form: int, data: st.DataObject
) -> None:
    told = {
        COSTS: np.linspace(1, 0, 9),
        FRONTS: fronts(seed, 3, 8),
        CHAIN: ChainCosts(np.ones((2, 9)), np.ones((1, 9))),
    }[form]
    _, good = encode_told(told)
    at = data.draw(st.integers(0, len(good) - 1))
    _read_or_refuse(form, 9, good[:at] + data.draw(st.binary(min_size=1, max_size=8)) + good[at:])
    harm = data.draw(st.binary(min_size=1, max_size=8))
    _read_or_refuse(form, 9, (good[:at] + harm + good[at + len(harm) :])[: len(good)])


def _read_or_refuse(form: int, size: int, data: bytes) -> None:
    try:
        told = decode_told(form, size, data)
    except ProtocolError:
        return
    if isinstance(told, ParetoMessage):
        assert told.which.size == size
        assert all(np.isfinite(told.at(b)[0]).all() for b in range(size))


def test_a_front_of_a_large_model_is_compact() -> None:
    """A point that many boundaries share is sent once; float32 for all would take 82 kB."""
    told = fronts(3, 4, 500)
    message = encode(SciMessage(1, 0, 7, 5, told))
    plain = 8 * told.points + (8 + 2) * told.which.size
    assert len(message) < plain / 2
    assert isinstance(decode(message), SciMessage)


@pytest.mark.parametrize(
    ("form", "size", "data", "message"),
    [
        (FRONTS, 2, b"", "cut short"),
        (CHAIN, 2, b"", "cut short"),
        (CHAIN, 2, b"\x00", "without nodes"),
        (CHAIN, 1, b"\x01\x00\x00\xc0\x7f", "NaN"),
        (7, 2, b"", "unknown form 7"),
    ],
)
def test_what_is_wrong_is_said(form: int, size: int, data: bytes, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        decode_told(form, size, data)
