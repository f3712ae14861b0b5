"""Where the figures' runs are made and kept, so that none is made twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

import cosim
from cosim.api import run
from cosim.assembly import prepare, resolve_scenario
from cosim.errors import OutputError
from cosim.network.trajectory import trajectory
from cosim.paper_links import WARM_UP_S
from cosim.results import RunResult
from cosim.runner import file_name
from cosim.scenario import Scenario, load_scenario, scenario_hash

Override = tuple[str, object]
# A scenario that is of no use but for these figures.
DYNAMIC_CHAIN: Final = str(Path(__file__).parent / "dynamic-chain.toml")


@dataclass(frozen=True)
class Lab:
    """Makes runs on one backend.

    Attributes
    ----------
    backend
        See `cosim.run`.
    directory
        Where the runs lie; a finished one is used again.
    tell
        Called with what is done.
    """

    backend: str
    directory: Path
    tell: Callable[[str], None]

    def run(
        self,
        scenario: str,
        *,
        policy: str = "hivemind",
        load: str = "mid",
        duration_s: float | None = None,
        seed: int = 1,
        model: str | None = None,
        overrides: Sequence[Override] = (),
    ) -> RunResult:
        """One run, from the directory if it was made before; by default of the UE's whole drive."""
        if duration_s is None:
            duration_s = drive_s(load_scenario(scenario))
        chosen = resolve_scenario(
            scenario,
            policy=policy,
            model=model,
            load=load,
            duration_s=duration_s,
            seed=seed,
            overrides=overrides,
        )
        digests = sorted(prepare(chosen).digests.items())
        made_of = (cosim.__version__, self.backend, scenario_hash(chosen), digests)
        key = hashlib.sha256(repr(made_of).encode()).hexdigest()[:12]
        name = file_name(f"{chosen.name}-{policy}-{chosen.task.model}-{load}-{key}")
        out = self.directory / "runs" / name
        try:
            made = RunResult.open(out)
            if made.manifest.status == "done":
                return made
        except OutputError:
            pass
        self.tell(f"  {chosen.name}, {policy}, load {load}, {duration_s:.3g} s")
        return run(chosen, out=out, replace=True, backend=self.backend)


def drive_s(scenario: Scenario) -> float:
    """How long the UE of a scenario drives, which runs tasks all the way (VII.A.2)."""
    ways = [trajectory(node) for node in scenario.nodes]
    return max(points[-1].time_ns for points in ways if points) / 1e9


def done(result: RunResult) -> pd.DataFrame:
    """The tasks of a run that were finished."""
    return result.tasks[result.tasks["status"] == "done"]


def mean_ms(result: RunResult) -> float:
    """Mean latency, ms; NaN when no task was finished."""
    return float(done(result)["latency_s"].mean() * 1e3)


def mean_j(result: RunResult) -> float:
    """Mean energy of a task, J."""
    return float(done(result)["energy_j"].mean())


def uplink_mbps(result: RunResult, link: str) -> pd.Series[float]:
    """A link's capacity towards the cloud at each report after the warm-up, Mbps."""
    children = {spec.name: spec.child for spec in result.scenario.links}
    child = children.get(link, link.removesuffix("-access"))
    links = result.links
    chosen = (links["link"] == link) & (links["transmitter"] == child)
    return links.loc[chosen & (links["time_s"] >= WARM_UP_S), "capacity_bps"] / 1e6
