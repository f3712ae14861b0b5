"""Quantities: exact reading, refusal of what is wrong, writing that reads back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.errors import UnitError
from cosim.units import (
    QUANTITY_TYPES,
    Decibels,
    DurationNs,
    FrequencyHz,
    MetresPerSecond,
    PowerDbm,
    RateBps,
    SizeBytes,
    format_quantity,
    parse_quantity,
)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("400 Mbps", RateBps, 400_000_000),
        ("400Mbit/s", RateBps, 400_000_000),
        ("0.1 ms", DurationNs, 100_000),
        ("1e-3 s", DurationNs, 1_000_000),
        ("20 µs", DurationNs, 20_000),
        ("28 GHz", FrequencyHz, 28_000_000_000),
        ("2 KiB", SizeBytes, 2048),
        ("1_500 B", SizeBytes, 1500),
        ("36 km/h", MetresPerSecond, 10.0),
        ("-23.5 dBm", PowerDbm, -23.5),
        (" 3 dB ", Decibels, 3.0),
    ],
)
def test_reads_exactly(text: str, kind: type[Any], value: float) -> None:
    quantity = parse_quantity(text, kind)
    assert quantity == value
    assert type(quantity) is kind


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("400 ms", RateBps, "'400 ms' is a time, a data rate is needed"),
        ("400", RateBps, "has no unit, a data rate is needed"),
        (400, RateBps, "400 is not a data rate"),
        ("400 mbps", RateBps, "did you mean 'Mbps'"),
        ("1.5 ns", DurationNs, "not a whole number of ns"),
        ("-1 s", DurationNs, "cannot be negative"),
        ("1e30 s", DurationNs, "too large"),
        ("11 Tbps", RateBps, "'Tbps' is no unit"),
        ("10001 Gbps", RateBps, "too large"),
        ("5 GB", SizeBytes, "too large"),
        ("-1001 dBm", PowerDbm, "too large"),
        ("nan s", DurationNs, "'nan s' is not a time"),
        ("fast", MetresPerSecond, 'for example as "40 km/h"'),
        ("", SizeBytes, "'' is not a size"),
    ],
)
def test_refuses_with_a_reason(text: object, kind: type[Any], message: str) -> None:
    with pytest.raises(UnitError) as caught:
        parse_quantity(text, kind)
    assert message in str(caught.value)


def test_writes_whole_numbers_in_the_largest_fitting_unit() -> None:
    assert format_quantity(DurationNs(200_000_000)) == "200 ms"
    assert format_quantity(RateBps(345_900_000)) == "345.9 Mbps"
    assert format_quantity(DurationNs(0)) == "0 s"
    assert format_quantity(MetresPerSecond(40 / 3.6)) == "40 km/h"


@given(st.sampled_from([t for t in QUANTITY_TYPES if issubclass(t, int)]), st.data())
def test_whole_quantities_read_back(kind: type[Any], data: st.DataObject) -> None:
    value = data.draw(st.integers(0, kind.LARGEST))
    assert parse_quantity(format_quantity(kind(value)), kind) == value


@given(st.sampled_from([MetresPerSecond, PowerDbm, Decibels]), st.data())
def test_fractional_quantities_read_back(kind: type[Any], data: st.DataObject) -> None:
    value = data.draw(st.floats(0, min(kind.LARGEST, 1e6)))
    assert parse_quantity(format_quantity(kind(value)), kind) == value


@given(st.text(max_size=20), st.sampled_from(QUANTITY_TYPES))
def test_any_text_is_read_or_refused(text: str, kind: type[Any]) -> None:
    try:
        parse_quantity(text, kind)
    except UnitError:
        return
