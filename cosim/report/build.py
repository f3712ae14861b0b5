"""From run directories to the data of a report."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cosim
from cosim.errors import UnknownNameError
from cosim.report.collect import LabelledRun, find_runs, label_runs
from cosim.report.data import Report, RunView
from cosim.report.distributions import draw_series
from cosim.report.links import draw_links
from cosim.report.network_map import draw_nodes, draw_ues, draw_uplinks, serving_nodes
from cosim.report.signalling import SciHistory
from cosim.report.tasks import draw_tasks, resplit_times_us
from cosim.results import Manifest
from cosim.scenario import Topology, build_topology

DETAILED_RUNS: Final = 12
"""How many runs are shown in detail unless it is said; the others are in the curves."""


def build_report(
    directories: Sequence[Path], detailed: int = DETAILED_RUNS, *, only: str | None = None
) -> Report:
    """Read the runs in some directories (runs, comparisons, sweeps) for a report.

    Parameters
    ----------
    detailed
        How many runs are shown in detail, the first ones.
    only
        Label of the one run that is shown in detail instead.

    Raises
    ------
    OutputError
        When there is no run in one of them, or it cannot be read.
    UnknownNameError
        When no run is called `only`.
    """
    runs = label_runs(find_runs(directories))
    shown = runs[:detailed] if only is None else [_run_called(only, runs)]
    series = draw_series(runs)
    places = {each.label: place for place, each in enumerate(series)}
    manifests = [run.result.manifest for run in runs]
    return Report(
        title=", ".join(dict.fromkeys(manifest.scenario for manifest in manifests)),
        subtitle=_subtitle(manifests),
        version=cosim.__version__,
        series=series,
        runs=[view_run(run, places[run.series]) for run in shown],
        without_details=[run.label for run in runs if run not in shown],
    )


def _run_called(label: str, runs: Sequence[LabelledRun]) -> LabelledRun:
    for run in runs:
        if run.label == label:
            return run
    raise UnknownNameError("run", label, [run.label for run in runs])


def view_run(run: LabelledRun, series: int) -> RunView:
    """One run in detail."""
    result = run.result
    scenario, manifest = result.scenario, result.manifest
    topology = build_topology(scenario)
    done = result.tasks[result.tasks["status"] == "done"].sort_values("start_s", kind="stable")
    in_order = scenario.task.kind == "inference"
    # When a training step came to a node is not recorded, only both of its passes together.
    sci = result.sci if in_order else result.sci.iloc[:0]
    history = SciHistory(sci, _Downstream(topology, result.links))
    tasks, plans = draw_tasks(done, list(topology.nodes), list(topology.computing_ues), history)
    return RunView(
        label=run.label,
        directory=str(result.directory),
        series=series,
        status=manifest.status,
        reason=manifest.reason,
        duration_us=_reached_us(manifest, result.links),
        layers=max((plan.boundaries[-1] for plan in plans), default=0),
        in_order=in_order,
        unfinished=len(result.tasks) - len(done),
        nodes=draw_nodes(topology),
        uplinks=draw_uplinks(topology, result.links),
        ues=draw_ues(scenario, result.links),
        plans=plans,
        tasks=tasks,
        links=draw_links(topology, result.links, result.forecasts),
        resplit_us=resplit_times_us(tasks),
        manifest=manifest_rows(manifest),
        details=detail_rows(manifest),
    )


def manifest_rows(manifest: Manifest) -> list[tuple[str, str]]:
    """What was run and how it ended, as names and values."""
    rows = [
        ("status", manifest.status),
        ("scenario", manifest.scenario),
        ("policy", manifest.policy),
        ("model", manifest.model),
        ("load", manifest.load),
        ("seed", str(manifest.seed)),
        ("command", " ".join(manifest.command)),
        ("started at", manifest.started_at),
        ("simulated", f"{manifest.simulated_s:.3f} s of {manifest.duration_s:g} s"),
        ("wall time", f"{manifest.wall_s:.2f} s"),
        ("scenario SHA-256", manifest.scenario_sha256),
    ]
    if manifest.reason is not None:
        rows.insert(1, ("reason", manifest.reason))
    return rows


def detail_rows(manifest: Manifest) -> list[tuple[str, str]]:
    """The rest of the manifest: versions, profiles, and the accounts of network and engine."""
    rows = []
    for what, values in (
        ("version", manifest.versions),
        ("profile SHA-256", manifest.profiles),
        ("network", manifest.totals),
        ("engine", manifest.counts),
    ):
        rows += [(f"{what}: {key}", str(value)) for key, value in (values or {}).items()]
    return rows


class _Downstream:
    """From whom a node hears: see `cosim.report.signalling.SciHistory`."""

    def __init__(self, topology: Topology, links: Any) -> None:
        self._topology = topology
        self._serving = {ue: serving_nodes(ue, links) for ue in topology.computing_ues}

    def __call__(self, node: str, time_us: int) -> str | None:
        if node not in self._serving:
            segment = self._topology.next_computing(node)
            return None if segment is None else segment.destination
        times, serving = self._serving[node]
        place = bisect.bisect_right(times, time_us) - 1
        if place < 0:
            return None
        segment = self._topology.next_computing_from_ue(node, serving[place])
        return None if segment is None else segment.destination


def _reached_us(manifest: Manifest, links: Any) -> int:
    """How far a run got; of a killed one its manifest does not know."""
    seen_s = float(links["time_s"].max()) if len(links) else 0.0
    return round(max(manifest.simulated_s, seen_s) * 1e6)


def _subtitle(manifests: Sequence[Manifest]) -> str:
    parts = []
    for name, values in (
        ("", [m.model for m in manifests]),
        ("load ", [m.load for m in manifests]),
        ("seed ", [str(m.seed) for m in manifests]),
    ):
        parts.append(name + ", ".join(dict.fromkeys(values)))
    return " · ".join(parts)
