"""Turning a validation failure into an error that names the key path and the nearest valid name."""

from __future__ import annotations

import re
import typing
from typing import Any

import msgspec

from cosim.errors import ScenarioError, nearest_name_hint
from cosim.scenario.schema import Scenario

_AT = re.compile(r" - at `\$(?P<path>[^`]*)`\Z")
_TOKEN = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
_FIELD = re.compile(r"Object (?P<what>contains unknown|missing required) field `(?P<name>[^`]*)`")
_ENUM = re.compile(r"Invalid enum value '?(?P<value>[^']*)'?")

_TOML_WORDS = {
    " | null": "",
    "`object`": "a table",
    "`array`": "a list",
    "`str`": "text",
    "`int`": "a whole number",
    "`float`": "a number",
    "`bool`": "true or false",
}

Path = tuple[str | int, ...]


def explain_validation(error: msgspec.ValidationError, raw: object) -> ScenarioError:
    """Say what is wrong with the raw (decoded TOML) scenario, where, and what would be right.

    Parameters
    ----------
    error
        What msgspec raised when it converted `raw`.
    raw
        The tables as read, from which list items get their names for the key path.
    """
    match = _AT.search(str(error))
    path = parse_path(match["path"]) if match else ()
    problem = str(error)[: match.start()] if match else str(error)
    kind = type_at(path)
    if field := _FIELD.match(problem):
        return _wrong_field(path, field["what"], field["name"], kind, raw)
    if enum := _ENUM.match(problem):
        hint = nearest_name_hint(enum["value"], [str(name) for name in typing.get_args(kind)])
        return ScenarioError(show_path(path, raw), f"unknown value '{enum['value']}'", hint=hint)
    return ScenarioError(show_path(path, raw), _in_toml_words(problem))


def _wrong_field(path: Path, what: str, name: str, kind: object, raw: object) -> ScenarioError:
    if what == "missing required":
        return ScenarioError(show_path((*path, name), raw), "is required and missing")
    hint = nearest_name_hint(name, field_names(kind))
    return ScenarioError(show_path((*path, name), raw), "unknown key", hint=hint)


def _in_toml_words(problem: str) -> str:
    for python, toml in _TOML_WORDS.items():
        problem = problem.replace(python, toml)
    return problem[:1].lower() + problem[1:]


def parse_path(text: str) -> Path:
    """Split ``nodes[0].speed`` or ``nodes.0.speed`` into keys and, where bracketed, indices."""
    return tuple(int(index) if index else key for key, index in _TOKEN.findall(text))


def show_path(path: Path, raw: object) -> str:
    """Write a key path the way ``--set`` takes it: list items by their name, if they have one."""
    shown = ""
    for step in path:
        item = _step(raw, step)
        name = item.get("name") if isinstance(item, dict) and isinstance(step, int) else None
        if isinstance(name, str):
            shown += f".{name}"
        else:
            shown += f"[{step}]" if isinstance(step, int) else f".{step}"
        raw = item
    return shown.removeprefix(".") or "top level"


def _step(raw: object, step: str | int) -> object:
    if isinstance(raw, dict) and isinstance(step, str):
        return raw.get(step)
    if isinstance(raw, list | tuple) and isinstance(step, int) and step < len(raw):
        return raw[step]
    return None


def field_names(kind: object) -> list[str]:
    """The keys that a table of this schema type may have; none for anything else."""
    for option in _options(kind):
        if isinstance(option, type) and issubclass(option, msgspec.Struct):
            return list(option.__struct_fields__)
    return []


def type_at(path: Path, kind: Any = Scenario) -> Any:
    """The schema type at a path, `None` where the schema has nothing."""
    for step in path:
        kind = _type_below(kind, step)
    return kind


def _type_below(kind: Any, step: str | int) -> Any:
    for option in _options(kind):
        if isinstance(step, int) and typing.get_origin(option) is tuple:
            items = typing.get_args(option)
            return items[0] if items[-1] is ... else items[min(step, len(items) - 1)]
        if isinstance(step, str) and step in field_names(option):
            return typing.get_type_hints(option)[step]
    return None


def _options(kind: Any) -> tuple[Any, ...]:
    """The members of a union, or the one type itself."""
    args = typing.get_args(kind)
    return args if type(None) in args else (kind,)
