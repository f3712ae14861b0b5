"""Quantities with a unit: reading ``"400 Mbps"`` into exact integers, and writing it back.

Each type is an `int` or `float` in the one unit that cosim uses inside (ns, Hz, bit/s, bytes, m/s,
dBm, dB), so arithmetic on it is plain arithmetic. Reading is exact: text is taken as a decimal
fraction, never through a binary float, and a value that is no whole number of the inside unit is an
error rather than a rounding.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import ClassVar, Self, TypeVar

from cosim.errors import UnitError, nearest_name_hint

# SI prefixes are case sensitive (m is milli, M is mega), and so are the units here.
_NUMBER = re.compile(r"\s*([+-]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?)\s*(\S.*?)?\s*\Z")
_INT64_MAX = 2**63 - 1  # what a msgpack integer, and ns-3's Time, can carry


class Quantity:
    """A number in the one unit that its type counts in.

    Attributes
    ----------
    KIND, EXAMPLE
        What an error calls the type, and how it says to write one.
    SIGNED
        Whether a value may be negative.
    LARGEST
        The largest amount, of either sign where it has one, in the inside unit.
    UNITS
        By the unit's name, its size in the inside unit, which comes first with size 1.
    """

    KIND: ClassVar[str]
    EXAMPLE: ClassVar[str]
    SIGNED: ClassVar[bool] = False
    LARGEST: ClassVar[int] = _INT64_MAX
    UNITS: ClassVar[Mapping[str, Fraction]]

    @classmethod
    def from_fraction(cls, value: Fraction, text: str) -> Self:
        """The quantity of that value in the inside unit, which `text` said."""
        raise NotImplementedError

    def to_fraction(self) -> Fraction:
        """The exact value in the inside unit."""
        raise NotImplementedError


class WholeQuantity(int, Quantity):
    """A quantity that is counted in whole units."""

    @classmethod
    def from_fraction(cls, value: Fraction, text: str) -> Self:
        if value.denominator != 1:
            raise UnitError(f"'{text}' is not a whole number of {next(iter(cls.UNITS))}")
        return cls(value.numerator)

    def to_fraction(self) -> Fraction:
        return Fraction(int(self))


class RealQuantity(float, Quantity):
    """A quantity that is measured."""

    @classmethod
    def from_fraction(cls, value: Fraction, text: str) -> Self:
        return cls(float(value))

    def to_fraction(self) -> Fraction:
        return Fraction(float(self))


class DurationNs(WholeQuantity):
    """A span of time, in integer ns."""

    KIND = "time"
    EXAMPLE = "20 ms"
    LARGEST = 4 * 10**18  # some 120 years, and room to add in 64 bits
    UNITS: ClassVar[Mapping[str, Fraction]] = {
        "ns": Fraction(1),
        "us": Fraction(10**3),
        "µs": Fraction(10**3),
        "ms": Fraction(10**6),
        "s": Fraction(10**9),
        "min": Fraction(60 * 10**9),
    }


class FrequencyHz(WholeQuantity):
    """A frequency or bandwidth, in integer Hz."""

    KIND = "frequency"
    EXAMPLE = "100 MHz"
    UNITS: ClassVar[Mapping[str, Fraction]] = {
        "Hz": Fraction(1),
        "kHz": Fraction(10**3),
        "MHz": Fraction(10**6),
        "GHz": Fraction(10**9),
    }


class RateBps(WholeQuantity):
    """A data rate, in integer bit/s."""

    KIND = "data rate"
    EXAMPLE = "400 Mbps"
    LARGEST = 10**13
    UNITS: ClassVar[Mapping[str, Fraction]] = {
        "bps": Fraction(1),
        "kbps": Fraction(10**3),
        "Mbps": Fraction(10**6),
        "Gbps": Fraction(10**9),
        "bit/s": Fraction(1),
        "kbit/s": Fraction(10**3),
        "Mbit/s": Fraction(10**6),
        "Gbit/s": Fraction(10**9),
    }


class SizeBytes(WholeQuantity):
    """An amount of data, in integer bytes."""

    KIND = "size"
    EXAMPLE = "500 kB"
    LARGEST = 4 * 10**9
    UNITS: ClassVar[Mapping[str, Fraction]] = {
        "B": Fraction(1),
        "kB": Fraction(10**3),
        "MB": Fraction(10**6),
        "GB": Fraction(10**9),
        "KiB": Fraction(2**10),
        "MiB": Fraction(2**20),
        "GiB": Fraction(2**30),
    }


class MetresPerSecond(RealQuantity):
    """A speed, in m/s."""

    KIND = "speed"
    EXAMPLE = "40 km/h"
    UNITS: ClassVar[Mapping[str, Fraction]] = {"m/s": Fraction(1), "km/h": Fraction(10, 36)}


class PowerDbm(RealQuantity):
    """A power, in dBm."""

    KIND = "power"
    EXAMPLE = "23 dBm"
    LARGEST = 1000
    SIGNED = True
    UNITS: ClassVar[Mapping[str, Fraction]] = {"dBm": Fraction(1)}


class Decibels(RealQuantity):
    """A ratio of powers, in dB."""

    KIND = "power ratio"
    EXAMPLE = "3 dB"
    LARGEST = 1000
    SIGNED = True
    UNITS: ClassVar[Mapping[str, Fraction]] = {"dB": Fraction(1)}


QuantityT = TypeVar("QuantityT", bound=Quantity)
QUANTITY_TYPES: tuple[type[Quantity], ...] = (
    DurationNs,
    FrequencyHz,
    RateBps,
    SizeBytes,
    MetresPerSecond,
    PowerDbm,
    Decibels,
)


def parse_quantity(text: object, quantity: type[QuantityT]) -> QuantityT:
    """Read a number with its unit.

    Parameters
    ----------
    text
        For example ``"400 Mbps"`` or ``"0.5 ms"``; the space is optional. Zero too needs its unit.
    quantity
        The type to read, for example `RateBps`.

    Raises
    ------
    UnitError
        When `text` is no number with a unit, its unit is unknown or of another kind, or the value
        is negative, too large, or no whole number of the unit that cosim counts in.
    """
    if not isinstance(text, str):
        raise UnitError(f"{text!r} is not a {quantity.KIND}", hint=_example(quantity))
    match = _NUMBER.match(text)
    if match is None:
        raise UnitError(f"'{text}' is not a {quantity.KIND}", hint=_example(quantity))
    number, unit = match.groups()
    if unit is None:
        problem = f"'{text}' has no unit, a {quantity.KIND} is needed"
        raise UnitError(problem, hint=_example(quantity))
    if unit not in quantity.UNITS:
        raise _wrong_unit(text, unit, quantity)
    return _exact(text, Fraction(number.replace("_", "")) * quantity.UNITS[unit], quantity)


@functools.lru_cache(maxsize=1024, typed=True)  # each run writes its scenario, and hashes it
def format_quantity(value: Quantity) -> str:
    """Write a quantity, as short as goes, so that `parse_quantity` reads the same value back."""
    units = type(value).UNITS.items()
    texts = [_decimal(value, scale) + f" {unit}" for unit, scale in units]
    return min((text for text in texts if _reads_back(text, value)), key=_awkwardness)


def _awkwardness(text: str) -> tuple[bool, bool, int]:
    """Best has one to three digits before the point, then none after it, then few characters."""
    number = text.split()[0]
    return not 1 <= abs(float(number)) < 1000, "." in number, len(text)


def _example(quantity: type[Quantity]) -> str:
    return f'write it for example as "{quantity.EXAMPLE}"'


def _wrong_unit(text: str, unit: str, quantity: type[Quantity]) -> UnitError:
    for other in QUANTITY_TYPES:
        if unit in other.UNITS:
            problem = f"'{text}' is a {other.KIND}, a {quantity.KIND} is needed"
            return UnitError(problem, hint=_example(quantity))
    same_letters = [name for name in quantity.UNITS if name.lower() == unit.lower()]
    hint = nearest_name_hint(unit, same_letters or quantity.UNITS)
    return UnitError(f"'{text}': '{unit}' is no unit of {quantity.KIND}", hint=hint)


def _exact(text: str, value: Fraction, quantity: type[QuantityT]) -> QuantityT:
    if value < 0 and not quantity.SIGNED:
        raise UnitError(f"'{text}': a {quantity.KIND} cannot be negative", hint=_example(quantity))
    if abs(value) > quantity.LARGEST:
        raise UnitError(f"'{text}' is too large for a {quantity.KIND}")
    return quantity.from_fraction(value, text)


def _decimal(value: Quantity, scale: Fraction) -> str:
    scaled = value.to_fraction() / scale
    if scaled.denominator == 1:
        return str(scaled.numerator)
    return repr(float(scaled)).removesuffix(".0")


def _reads_back(text: str, value: Quantity) -> bool:
    try:
        return bool(parse_quantity(text, type(value)) == value)
    except UnitError:
        return False
