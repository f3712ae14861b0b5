"""Overrides: ``nodes.ue.speed = "30 km/h"`` put into the tables of a scenario before validation."""

from __future__ import annotations

import tomllib
from typing import Any, get_origin

from cosim.errors import ScenarioError, nearest_name_hint
from cosim.scenario.explain import Path, field_names, parse_path, show_path, type_at


class Verbatim(str):
    """Text that is the value itself, whatever it looks like."""

    __slots__ = ()


def split_override(text: str) -> tuple[str, str]:
    """Split ``key.path=value`` at its first equals sign."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise ScenarioError(
            f"--set {text}",
            "is not key.path=value",
            hint='write it for example as --set radio.bandwidth="50 MHz"',
        )
    return key.strip(), value.strip()


def apply_override(raw: dict[str, Any], key: str, value: object) -> None:
    """Set one value in the raw tables, in place.

    Parameters
    ----------
    raw
        A scenario as decoded from TOML.
    key
        Dotted path; an item of a list is addressed by its name or its index from 0.
    value
        Text is read as a TOML value when it is one, and kept as text otherwise; anything else,
        and `Verbatim` text, is taken as it is.
    """
    path = parse_path(key)
    if not path:
        raise ScenarioError(key, "is no key path")
    target: Any = raw
    done: Path = ()
    for step in path[:-1]:
        target, done = _descend(raw, target, done, step)
    _assign(raw, target, done, path[-1], read_value(value))


def read_value(value: object) -> object:
    """Read an override's text as a TOML value, or keep it as text."""
    if isinstance(value, Verbatim):
        return str(value)
    if not isinstance(value, str):
        return value
    try:
        table = tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        return value
    return table["value"] if set(table) == {"value"} else value


def _descend(raw: dict[str, Any], target: Any, done: Path, step: str | int) -> tuple[Any, Path]:
    if isinstance(target, list):
        index = _index(raw, target, done, step)
        return target[index], (*done, index)
    if not isinstance(target, dict):
        raise ScenarioError(show_path(done, raw), "is no table, it has no keys")
    key = str(step)
    if key not in target:
        target[key] = _left_out(raw, done, key)
    return target[key], (*done, key)


def _left_out(raw: dict[str, Any], done: Path, step: str) -> object:
    """The empty table or list that a file left out, if the schema has one there."""
    known = field_names(type_at(done))
    kind = type_at((*done, step))
    if field_names(kind):
        return {}
    if step in known:
        return [] if get_origin(kind) is tuple else None
    hint = nearest_name_hint(step, known)
    raise ScenarioError(show_path((*done, step), raw), "unknown key", hint=hint)


def _assign(raw: dict[str, Any], target: Any, done: Path, step: str | int, value: object) -> None:
    if isinstance(target, list):
        target[_index(raw, target, done, step)] = value
    elif isinstance(target, dict):
        target[str(step)] = value
    else:
        raise ScenarioError(show_path(done, raw), "is no table, it has no keys")


def _index(raw: dict[str, Any], items: list[Any], done: Path, step: str | int) -> int:
    names = [item.get("name") if isinstance(item, dict) else None for item in items]
    if step in names:
        return names.index(step)
    if str(step).isdecimal() and int(step) < len(items):
        return int(step)
    known = [name for name in names if isinstance(name, str)]
    listed = known or [str(index) for index in range(len(items))]
    hint = nearest_name_hint(str(step), listed)
    raise ScenarioError(f"{show_path(done, raw)}.{step}", "no such item", hint=hint)
