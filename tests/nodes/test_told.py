"""What policies tell survives the wire: exactly at single precision, or rounded the safe way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.errors import ProtocolError
from cosim.nodes.messages import SciMessage, decode, encode
from cosim.nodes.packing import pack_integers, unpack_integers
from cosim.nodes.told import CHAIN, COSTS, FRONTS, decode_told, encode_told
from cosim.paper_chain import paper_problems
from cosim.scenario.schema import ObjectiveSpec
from cosim.splitting import (
    ChainCosts,
    ParetoMessage,
    SplitProblem,
    pareto_sink,
    pareto_step,
    plan_cost,
    solve_pareto,
)
from cosim.splitting.study import threshold_between


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
    st.sampled_from([None, 3, 5]),
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
    np.testing.assert_array_equal(read.stop, told.stop)
    # Points rise and prefixes fall: a cost that is told never looks less than it is.
    rise, fall = read.costs - told.costs, told.prefix - read.prefix
    scale = max(told.prefix.max(), told.costs[0].max())
    assert (rise >= 0).all() and (fall >= -1e-12).all()
    assert max(rise[0].max(), fall.max()) <= 6 * 2**-22 * scale
    assert rise[1].max() <= read.gap - told.gap <= told.costs[1].max() / 65_000


@given(st.integers(0, 2**32 - 1), st.integers(2, 4), st.integers(1, 6), st.floats(0, 1))
def test_a_threshold_that_can_be_met_is_met_with_what_is_read(
    seed: int, nodes: int, layers: int, share: float
) -> None:
    """All nodes tell by the wire; the source's choice costs what it says or less."""
    rng = np.random.default_rng(seed)
    qa, be = (
        SplitProblem(rng.random((nodes, layers)), rng.random((nodes - 1, layers + 1)))
        for _ in range(2)
    )
    threshold = threshold_between(qa, be, share) * (1 + 1e-5)
    prefix, transfer = (
        np.stack([qa.prefix_s, be.prefix_s]),
        np.stack([qa.transfer_s, be.transfer_s]),
    )
    read = [pareto_sink(prefix[:, -1])]
    for p in reversed(range(nodes - 1)):
        told = pareto_step(prefix[:, p], transfer[:, p], read[-1], threshold=threshold)
        message = decode_told(FRONTS, layers + 1, encode_told(told)[1])
        assert isinstance(message, ParetoMessage)
        read.append(message)
    boundaries, budget, promised = [0], threshold, 0.0
    for p, message in enumerate(reversed(read)):
        b = boundaries[-1]
        point, within = message.best(b, budget)
        assert point is not None and within
        if p == 0:
            promised = float(message.costs[1, point] - message.prefix[1, 0]) + message.gap
        boundaries.append(int(message.stop[point]))
        budget -= prefix[0, p, boundaries[-1]] - prefix[0, p, b]
        budget -= transfer[0, p, boundaries[-1]] if p < nodes - 1 else 0.0
    assert plan_cost(qa, boundaries) <= threshold * (1 + 1e-12)
    least = solve_pareto(qa, be, threshold / (1 + 1e-5)).be
    assert plan_cost(be, boundaries) <= min(promised, least + read[-1].gap) + 1e-6


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
        assert told.prefix.shape == (2, size)
        assert all(np.isfinite(told.at(b)[0]).all() for b in range(size))


@given(st.lists(st.integers(0, 2**32 - 1) | st.integers(0, 9)), st.binary(max_size=4))
def test_integers_are_read_as_packed(values: list[int], more: bytes) -> None:
    packed = pack_integers(np.array(values, dtype=np.int64))
    read, rest = unpack_integers(packed + more, len(values))
    assert (read.tolist(), rest) == (values, more)
    assert len(packed) <= 3 + 4 * len(values)


@pytest.mark.parametrize("rate_factor", [0.3, 1.0, 3.0, 10.0])
@pytest.mark.parametrize("share", [0.05, 0.5, 1.0, 100.0])
def test_resnet152s_fronts_take_less_than_4_kb(rate_factor: float, share: float) -> None:
    """At every hop of the paper's network with the default cap, header included."""
    qa, be = paper_problems("resnet152", rate_factor)
    limit, cap = threshold_between(qa, be, share), ObjectiveSpec().front_cap
    prefix, transfer = (
        np.stack([qa.prefix_s, be.prefix_s]),
        np.stack([qa.transfer_s, be.transfer_s]),
    )
    told = pareto_sink(prefix[:, -1])
    for p in reversed(range(qa.nodes - 1)):
        told = pareto_step(prefix[:, p], transfer[:, p], told, threshold=limit, cap=cap)
        message = encode(SciMessage(1, 0, 7, 5, told))
        assert len(message) < 4000
        read = decode(message)
        assert isinstance(read, SciMessage) and isinstance(read.told, ParetoMessage)
        told = read.told


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


def test_a_signalling_nan_is_refused() -> None:
    with pytest.raises(ProtocolError, match="NaN"):
        decode_told(COSTS, 1, b"\x01\x00\x80\x7f")
