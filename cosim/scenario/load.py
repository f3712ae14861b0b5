"""Loading a scenario: a built-in name or a TOML file, overrides, then every check there is."""

from __future__ import annotations

import copy
import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from cosim.errors import ScenarioError, UnknownNameError
from cosim.scenario.check import check_scenario
from cosim.scenario.dump import to_tables
from cosim.scenario.expand import expand_counts
from cosim.scenario.explain import explain_validation
from cosim.scenario.overrides import apply_override
from cosim.scenario.schema import Scenario
from cosim.units import QUANTITY_TYPES, parse_quantity


def list_scenarios() -> list[str]:
    """Names of the built-in scenarios, sorted."""
    folder = resources.files("cosim.scenario") / "builtin"
    files = (entry.name for entry in folder.iterdir())
    return sorted(name.removesuffix(".toml") for name in files if name.endswith(".toml"))


def load_scenario(
    name_or_path: str | Path, overrides: Iterable[tuple[str, object]] = ()
) -> Scenario:
    """Load and check a scenario.

    Parameters
    ----------
    name_or_path
        A built-in name such as ``mmwave-iab``, or the path of a TOML file (anything that ends in
        ``.toml`` or contains a slash).
    overrides
        Pairs of a dotted key path and a value, applied in order; see `cosim.scenario.overrides`.

    Raises
    ------
    UnknownNameError
        When no built-in has that name.
    ScenarioError
        When the scenario is wrong; its `key_path` tells where.
    """
    return scenario_from_toml(_read(name_or_path), str(name_or_path), overrides)


def scenario_from_toml(
    text: str, origin: str, overrides: Iterable[tuple[str, object]] = ()
) -> Scenario:
    """Read a scenario from TOML text; `origin` is what an error calls the text."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(origin, f"is not valid TOML: {error}") from error
    except RecursionError as error:
        raise ScenarioError(origin, "is nested too deeply") from error
    return scenario_from_tables(tables, overrides)


def scenario_from_tables(
    tables: Mapping[str, Any], overrides: Iterable[tuple[str, object]] = ()
) -> Scenario:
    """Read a scenario from decoded TOML tables, which are left as they are."""
    raw = copy.deepcopy(dict(tables))
    for key, value in overrides:
        apply_override(raw, key, value)
    try:
        scenario = msgspec.convert(raw, Scenario, dec_hook=_decode_quantity)
    except msgspec.ValidationError as error:
        raise explain_validation(error, raw) from error
    scenario = expand_counts(scenario)
    check_scenario(scenario)
    return scenario


def scenario_hash(scenario: Scenario) -> str:
    """SHA-256 (hex) of the scenario's canonical form: all its values, defaults included."""
    canonical = msgspec.json.encode(to_tables(scenario), order="sorted")
    return hashlib.sha256(canonical).hexdigest()


def _read(name_or_path: str | Path) -> str:
    name = str(name_or_path)
    if isinstance(name_or_path, str) and not name.endswith(".toml") and "/" not in name:
        if name not in list_scenarios():
            raise UnknownNameError("scenario", name, list_scenarios())
        builtin = resources.files("cosim.scenario") / "builtin" / f"{name}.toml"
        return builtin.read_text(encoding="utf-8")
    try:
        return Path(name).read_text(encoding="utf-8-sig")  # some editors put a mark first
    except OSError as error:
        raise ScenarioError(name, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ScenarioError(name, "is not a text file in UTF-8") from error


def _decode_quantity(kind: type[Any], value: object) -> object:
    if kind in QUANTITY_TYPES:
        return parse_quantity(value, kind)
    # As in `dump`: only a new type in the schema gets here.
    raise NotImplementedError(f"no way to read a {kind}")
