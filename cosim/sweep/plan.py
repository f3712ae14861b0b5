"""What a sweep file says: the points that are to be run.

A file names a scenario, and what changes from point to point: every combination of the values in
``[grid]``, for each of the settings in ``[[list]]``, for each seed. Keys are key paths of a
scenario, as in ``cosim run --set``.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from cosim.assembly import prepare, resolve_scenario
from cosim.errors import InputError, ScenarioError
from cosim.scenario import scenario_hash
from cosim.scenario.overrides import read_value
from cosim.units import DurationNs, parse_quantity

_MOST_POINTS: Final = 100_000
_LONGEST_SLUG: Final = 90  # a file name may have 255 bytes
_PLAIN: Final = re.compile(r"[^A-Za-z0-9_.=-]+")

Settings = tuple[tuple[str, Any], ...]
_Seeds = Annotated[int, Meta(ge=1)] | Annotated[list[int], Meta(min_length=1)]


class SweepFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sweep file as it is written.

    Attributes
    ----------
    scenario
        A built-in name, or a path as seen from the sweep file.
    backend
        The network: ``ns3`` or ``simplified``.
    seeds
        A list, or how many: from 1 on.
    retries
        How often a point that failed is run again.
    timeout
        Real time that a point may take, and that a scheduler may be without workers.
    set, grid, list
        Key paths with a value for all points, with values to combine, and settings to go through.
    """

    scenario: str
    backend: str = "ns3"
    seeds: _Seeds = 1
    retries: Annotated[int, Meta(ge=0, le=100)] = 1
    timeout: str = "60 min"
    set: dict[str, Any] = {}
    grid: dict[str, Any] = {}
    list: tuple[dict[str, Any], ...] = ()


class Point(msgspec.Struct, frozen=True):
    """One run of a sweep.

    Attributes
    ----------
    name
        Of its directory; tells the settings and the seed.
    settings
        Key paths and values, without those that all points share.
    command
        Arguments of ``cosim``, without ``--out``.
    scenario_sha256, profiles
        What the run's manifest will say, by which a finished run is known again.
    """

    name: str
    settings: Settings
    seed: int
    command: tuple[str, ...]
    scenario_sha256: str
    profiles: dict[str, str]


class SweepPlan(msgspec.Struct, frozen=True):
    """All points of a sweep, checked; `keys` are the key paths in which they differ."""

    name: str
    backend: str
    keys: tuple[str, ...]
    points: tuple[Point, ...]
    retries: int
    timeout_s: float


def load_sweep(path: Path) -> SweepPlan:
    """Read a sweep file, and make sure that each of its points can be started.

    Raises
    ------
    InputError
        When the file is wrong, or a point of it; says which.
    """
    file = _read(path)
    fixed = _flatten(file.set)
    seeds = list(range(1, file.seeds + 1)) if isinstance(file.seeds, int) else file.seeds
    variants = _variants(file, path)
    if len(variants) * len(seeds) > _MOST_POINTS:
        raise InputError(f"{path}: {len(variants) * len(seeds)} points, {_MOST_POINTS} at most")
    scenario = _scenario_name(file.scenario, path)
    points = [
        _point(scenario, file.backend, fixed, settings, seed)
        for settings in variants
        for seed in dict.fromkeys(seeds)
    ]
    keys = tuple(dict.fromkeys(key for settings in variants for key, _ in settings))
    timeout_s = parse_quantity(file.timeout, DurationNs) / 1e9
    if timeout_s <= 0:
        raise InputError(f"{path}: timeout must be more than 0")
    return SweepPlan(path.stem, file.backend, keys, tuple(points), file.retries, timeout_s)


def _read(path: Path) -> SweepFile:
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), SweepFile)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not a text file in UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{path} is not valid TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: {error}") from error


def _variants(file: SweepFile, path: Path) -> list[Settings]:
    """Every combination of the grid, for each entry of the list."""
    grid = _flatten(file.grid)
    for key, values in grid.items():
        if not isinstance(values, list) or not values:
            raise InputError(f"{path}: grid.{key} must be a list of values")
    entries = [_flatten(entry) for entry in file.list] or [{}]
    combinations = [
        dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())
    ]
    variants = [
        tuple({**combination, **entry}.items())
        for entry, combination in itertools.product(entries, combinations)
    ]
    return list({repr(settings): settings for settings in variants}.values())


def _flatten(tables: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Tables in tables as dotted keys: TOML reads ``radio.bandwidth = 1`` as a table."""
    flat: dict[str, Any] = {}
    for key, value in tables.items():
        where = f"{path}.{key}".lstrip(".")
        flat |= _flatten(value, where) if isinstance(value, dict) else {where: value}
    return flat


def _scenario_name(name: str, path: Path) -> str:
    """A path is meant as seen from the sweep file, wherever the run takes place."""
    if name.endswith(".toml") or "/" in name:
        return str((path.parent / name).absolute())
    return name


def _point(
    scenario: str, backend: str, fixed: Mapping[str, Any], settings: Settings, seed: int
) -> Point:
    overrides = {**fixed, **dict(settings)}
    label = ", ".join(f"{key} = {value}" for key, value in settings) or "the only point"
    try:
        resolved = resolve_scenario(scenario, seed=seed, overrides=overrides)
        setup = prepare(resolved)
    except ScenarioError as error:
        raise InputError(f"{error}, at the point {label}") from error
    command = ["run", scenario, "--backend", backend]
    for key, value in overrides.items():
        command += ["--set", f"{key}={_text(value)}"]
    command += ["--seed", str(seed)]
    return Point(
        _name(settings, seed, command),
        settings,
        seed,
        tuple(command),
        scenario_hash(resolved),
        setup.digests,
    )


def _text(value: Any) -> str:
    """A value as ``--set`` reads it back."""
    if isinstance(value, str):
        is_plain = value == value.strip() and read_value(value) == value
        return value if is_plain else _quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(_quoted(v) if isinstance(v, str) else _text(v) for v in value)}]"
    return repr(value)


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode().replace("\x7f", "\\u007f")


def _name(settings: Settings, seed: int, command: Iterable[str]) -> str:
    """A file name that tells the settings, and is like no other point's."""
    told = [f"{key.rpartition('.')[2]}={value}" for key, value in settings]
    slug = _PLAIN.sub("-", ",".join(told).replace(",", "_"))[:_LONGEST_SLUG].strip("-_")
    digest = hashlib.sha256("\0".join(command).encode()).hexdigest()[:8]
    return "_".join(part for part in (slug, f"s{seed}", digest) if part)
