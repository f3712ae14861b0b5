"""Writing a scenario as TOML that loads back to an equal one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import msgspec

from cosim.scenario.schema import Scenario
from cosim.units import QUANTITY_TYPES, format_quantity


def to_tables(scenario: Scenario) -> dict[str, Any]:
    """The scenario as plain tables, quantities as text with their unit, absent values left out."""
    tables = _without_none(msgspec.to_builtins(scenario, enc_hook=_encode_quantity))
    return cast(dict[str, Any], tables)


def to_toml(scenario: Scenario) -> str:
    """The scenario as TOML text, every default written out."""
    return "\n".join(_table_lines(to_tables(scenario), "")).lstrip("\n") + "\n"


def _encode_quantity(value: object) -> str:
    if isinstance(value, QUANTITY_TYPES):
        return format_quantity(value)
    # What msgspec asks its hooks to raise; only a new type in the schema gets here.
    raise NotImplementedError(f"no way to write a {type(value)}")


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return value


def _table_lines(table: Mapping[str, Any], path: str) -> Iterator[str]:
    """TOML wants a table's own values before its sub-tables."""
    below = {key: value for key, value in table.items() if _is_section(value)}
    for key, value in table.items():
        if key not in below:
            yield f"{key} = {_inline(value)}"
    for key, value in below.items():
        yield from _section_lines(value, f"{path}.{key}".removeprefix("."))


def _section_lines(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        if not (value and all(map(_is_section, value.values()))):
            yield f"\n[{path}]"
        yield from _table_lines(value, path)
        return
    for item in value:
        yield f"\n[[{path}]]"
        yield from _table_lines(item, path)


def _is_section(value: object) -> bool:
    if isinstance(value, dict):
        return True
    return isinstance(value, list) and bool(value) and all(isinstance(i, dict) for i in value)


def _inline(value: bool | int | float | str | Sequence[Any]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for DEL, which JSON leaves bare.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return "[" + ", ".join(_inline(item) for item in value) + "]"
