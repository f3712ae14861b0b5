"""What the network leaves to a UE, link by link, beside the paper's Table I.

The paper's column *UE bandwidth* is what its proportional fair scheduler, or the other traffic on
a wire, leaves to the target UE. Here it is the capacity that the links report, upward, with
background traffic and the moving UE but without tasks, so that nothing of the UE's own is in it.
"""

from __future__ import annotations

import itertools
import math
import statistics
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from cosim.network.ns3 import open_ns3
from cosim.network.port import LinkReport, ReportTick, Step
from cosim.paper_links import PAPER_LINKS, WARM_UP_S, PaperLink
from cosim.scenario import load_scenario
from cosim.scenario.schema import Scenario
from cosim.scenario.topology import access_link, build_topology

WARM_UP_NS: Final = round(WARM_UP_S * 1e9)


class Table1Row(msgspec.Struct, frozen=True):
    """One link, the paper's figures and ours, in Mbps.

    Attributes
    ----------
    error_mbps
        Standard error of our mean, from the means of the seeds; none with one seed. Where line of
        sight and shadowing are drawn, a seed is one street: all of its reports share it.
    gap
        Our mean over the paper's, less 1.
    """

    scenario: str
    paper_index: str
    link: str
    paper_mean_mbps: float
    paper_std_mbps: float
    mean_mbps: float
    std_mbps: float
    error_mbps: float | None
    gap: float


def measure_table1(
    *, duration_s: float, seeds: Iterable[int], load: str = "mid"
) -> list[Table1Row]:
    """Run both networks of the paper without tasks, and compare.

    Parameters
    ----------
    duration_s
        Simulated time of each run, s; more than `WARM_UP_NS`.
    seeds
        One run of each network for each; their reports are put together.

    Raises
    ------
    NetworkError
        When ns-3 is missing or fails.
    """
    seeds = tuple(seeds)
    rows = []
    for name in dict.fromkeys(row.scenario for row in PAPER_LINKS):
        reports: dict[str, list[list[float]]] = {}
        for seed in seeds:
            overrides = [("seed", seed), ("load", load), ("duration", f"{duration_s} s")]
            for link, values in _reported_mbps(load_scenario(name, overrides)).items():
                reports.setdefault(link, []).append(values)
        rows += [
            _row(paper, reports[paper.link]) for paper in PAPER_LINKS if paper.scenario == name
        ]
    return rows


def _row(paper: PaperLink, by_seed: list[list[float]]) -> Table1Row:
    mbps = list(itertools.chain.from_iterable(by_seed))
    mean = statistics.fmean(mbps)
    means = [statistics.fmean(values) for values in by_seed]
    error = statistics.stdev(means) / math.sqrt(len(means)) if len(means) > 1 else None
    return Table1Row(
        scenario=paper.scenario,
        paper_index=paper.paper_index,
        link=paper.link,
        paper_mean_mbps=paper.mean_mbps,
        paper_std_mbps=paper.std_mbps,
        mean_mbps=mean,
        std_mbps=statistics.stdev(mbps),
        error_mbps=error,
        gap=mean / paper.mean_mbps - 1,
    )


def _reported_mbps(scenario: Scenario) -> dict[str, list[float]]:
    """Capacity of each link, upward, at each report after the warm-up, Mbps."""
    lower = {link.name: link.child for link in scenario.links}
    lower |= {access_link(ue): ue for ue in build_topology(scenario).ues}
    ends = MappingProxyType(lower)
    mbps: dict[str, list[float]] = {name: [] for name in ends}
    with tempfile.TemporaryDirectory() as folder:
        network = open_ns3(scenario, stderr_path=Path(folder) / "ns3-stderr.txt")
        try:
            step = network.start()
            while step.now_ns < scenario.duration:
                step = network.advance(scenario.duration, ())
                for report in _reports(step):
                    if report.transmitter == ends[report.link]:
                        mbps[report.link].append(report.capacity_bps / 1e6)
            network.finish()
        finally:
            network.close()
    return mbps


def _reports(step: Step) -> Iterable[LinkReport]:
    if step.now_ns >= WARM_UP_NS:
        for event in step.events:
            if isinstance(event, ReportTick):
                yield from event.links
