"""Which runs a report is about, what to call them, and which of them belong on one curve."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cosim.errors import OutputError
from cosim.results import RunResult
from cosim.results.manifest import MANIFEST_NAME
from cosim.scenario.dump import to_tables

_FIRST_POLICY: Final = "hivemind"
_NOT_A_SETTING: Final = ("policy", "seed", "description", "duration")
_MOST_SETTINGS: Final = 4  # more of them are no label any more


@dataclass(frozen=True)
class LabelledRun:
    """A run with a name of its own, and the name of the curve that it belongs to."""

    result: RunResult
    label: str
    series: str


def find_runs(directories: Iterable[Path]) -> list[RunResult]:
    """All runs in some directories, each of which may be one run, a comparison, or a sweep.

    Raises
    ------
    OutputError
        When a directory holds no run, or one that cannot be read.
    """
    found: dict[Path, None] = {}
    for directory in directories:
        below = list(_run_directories(directory))
        if not below:
            hint = "give the directory of a `cosim run` or `cosim compare`"
            raise OutputError(f"{directory} holds no run, no {MANIFEST_NAME}", hint=hint)
        found |= dict.fromkeys(below)
    return [RunResult.open(path) for path in found]


def label_runs(runs: Sequence[RunResult]) -> list[LabelledRun]:
    """Name runs by their policy and what else they differ in; a seed sets no curve apart."""
    settings = [_settings(run) for run in runs]
    keys = dict.fromkeys(key for each in settings for key in each)
    varying = [key for key in keys if len({each.get(key) for each in settings}) > 1]
    series = [_series_label(run, each, varying) for run, each in zip(runs, settings, strict=True)]
    labels = _with_seed(series, [run.manifest.seed for run in runs])
    labels = _apart(labels, [run.directory.name for run in runs])
    labels = _apart(labels, [str(run.directory) for run in runs])
    named = [LabelledRun(*each) for each in zip(runs, labels, series, strict=True)]
    return sorted(named, key=lambda run: run.result.manifest.policy != _FIRST_POLICY)


def _run_directories(directory: Path) -> Iterator[Path]:
    if (directory / MANIFEST_NAME).exists():
        yield directory
        return
    try:
        yield from sorted(path.parent for path in directory.rglob(MANIFEST_NAME))
    except OSError as error:
        raise OutputError(f"{directory} cannot be read: {error.strerror}") from error


def _settings(run: RunResult) -> dict[str, str]:
    """The scenario's values by key path, and the network that simulated it."""
    tables = to_tables(run.scenario)
    for key in _NOT_A_SETTING:
        tables.pop(key, None)
    network = run.manifest.versions.get("network", "").split(" ")[0]
    return {"network": network, **dict(_flat(tables, ""))}


def _flat(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Key paths as ``--set`` takes them: ``links.F.capacity``."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}".removeprefix("."))
    elif isinstance(value, list) and value and all(isinstance(i, dict) for i in value):
        for index, item in enumerate(value):
            yield from _flat(item, f"{path}.{item.get('name', index)}")
    else:
        yield path, str(value)


def _series_label(run: RunResult, settings: dict[str, str], varying: Sequence[str]) -> str:
    policy = run.manifest.policy
    if len(varying) > _MOST_SETTINGS:
        digest = hashlib.sha256(repr(sorted(settings.items())).encode()).hexdigest()
        return f"{policy}, {run.manifest.scenario} {digest[:6]}"
    values = [f"{key.rpartition('.')[2]} {settings.get(key, '-')}" for key in varying]
    return ", ".join([policy, *values])


def _with_seed(labels: Sequence[str], seeds: Sequence[int]) -> list[str]:
    if len(set(seeds)) == 1:
        return list(labels)
    return [f"{label}, seed {seed}" for label, seed in zip(labels, seeds, strict=True)]


def _apart(labels: Sequence[str], names: Sequence[str]) -> list[str]:
    """Add a name where several runs have the same label."""
    counts = Counter(labels)
    return [
        f"{label} ({name})" if counts[label] > 1 else label
        for label, name in zip(labels, names, strict=True)
    ]
