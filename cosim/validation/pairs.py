"""The runs that are compared: every policy and seed on both networks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cosim.api import run
from cosim.assembly import resolve_scenario
from cosim.backends import BACKENDS, port_factory_of
from cosim.results import RunResult
from cosim.runner import file_name
from cosim.scenario import Scenario
from cosim.validation.transfers import Transfer, noting, to_frame

Override = tuple[str, object]


@dataclass(frozen=True, eq=False)
class Made:
    """One run, and what its transfers took (see `Transfer` for the columns)."""

    result: RunResult
    transfers: pd.DataFrame

    @property
    def done(self) -> pd.DataFrame:
        """The finished tasks."""
        tasks = self.result.tasks
        return tasks[tasks["status"] == "done"]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Runs by backend, policy and seed."""

    runs: dict[tuple[str, str, int], Made]
    policies: tuple[str, ...]
    seeds: tuple[int, ...]

    def of(self, backend: str, policy: str) -> list[Made]:
        """All seeds of a policy on one network."""
        return [self.runs[backend, policy, seed] for seed in self.seeds]

    def transfers(self, backend: str) -> list[pd.DataFrame]:
        """The transfers of all policies, by seed."""
        return [
            pd.concat([self.runs[backend, policy, seed].transfers for policy in self.policies])
            for seed in self.seeds
        ]


def make_pairs(
    scenario: Scenario,
    policies: Sequence[str],
    seeds: Sequence[int],
    directory: Path,
    tell: Callable[[str], None],
    overrides: Sequence[Override] = (),
) -> Pairs:
    """Run all of it."""
    runs = {}
    for backend in BACKENDS:
        for policy in policies:
            for seed in seeds:
                tell(f"{backend}, {policy}, seed {seed}")
                chosen = resolve_scenario(scenario, policy=policy, seed=seed, overrides=overrides)
                runs[backend, policy, seed] = _make(chosen, backend, directory)
    return Pairs(runs, tuple(policies), tuple(seeds))


def _make(scenario: Scenario, backend: str, directory: Path) -> Made:
    transfers: list[Transfer] = []
    out = directory / backend / file_name(f"{scenario.policy}-s{scenario.seed}")
    result = run(
        scenario,
        out=out,
        replace=True,
        backend=backend,
        port_factory=noting(port_factory_of(backend), transfers),
    )
    return Made(result, to_frame(transfers))
