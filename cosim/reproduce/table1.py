"""Table I: the links' capacity, and what they leave to the UE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Canvas

from cosim.paper_links import PAPER_LINKS, RUN_S, SEEDS, PaperLink
from cosim.reproduce.claim import Claim, close
from cosim.reproduce.figure import OURS, PAPER, Figure, finish
from cosim.reproduce.lab import Lab, Override, uplink_mbps
from cosim.scenario import Scenario, load_scenario
from cosim.scenario.topology import SERVING_KINDS

_IDLE_S = 1.0
_WHY_CAPACITY = "the rate of the top MCS in the carrier and the TDD pattern of the scenario"
_WHY_MEAN = {
    "radio": "each cell shares 200 Mbps among its users and all that is relayed through it, and "
    "the paper's populations and rates are not public; ours were calibrated on the packet "
    "simulator, whose reports count the UE's own traffic in a cell as other people's",
    "sub6": "calibrated on the packet simulator's first seconds of the drive, while the UE is near "
    "the gNB; the farther it drives, the less the link leaves",
    "wire": "cross traffic is calibrated to the paper's mean; what is left is the sample of a run",
}
_WAYS = (("A", "C", "E"), ("B", "D"))  # each link carries what the one before it carries


class Measured(NamedTuple):
    """A link of ours, Mbps: idle, and what is left of it."""

    capacity: float
    mean: float
    std: float


def reproduce(lab: Lab) -> Figure:
    """The runs of `cosim table1`, UE-only, so that nothing but others' traffic is on them."""
    ours: dict[PaperLink, Measured] = {}
    for name in dict.fromkeys(row.scenario for row in PAPER_LINKS):
        results = [
            lab.run(name, policy="ue-only", duration_s=RUN_S, seed=seed + 1)
            for seed in range(SEEDS)
        ]
        idle = lab.run(
            name, policy="ue-only", duration_s=_IDLE_S, overrides=_empty(load_scenario(name))
        )
        for row in PAPER_LINKS:
            if row.scenario == name:
                left = pd.concat([uplink_mbps(result, row.link) for result in results])
                capacity = float(uplink_mbps(idle, row.link).max())
                ours[row] = Measured(capacity, float(left.mean()), float(left.std()))

    def draw(canvas: Canvas) -> None:
        axes = canvas.subplots()
        place = np.arange(len(ours))
        for shift, label, color, values in (
            (-0.2, "paper", PAPER, [(row.mean_mbps, row.std_mbps) for row in ours]),
            (0.2, "ours", OURS, [(each.mean, each.std) for each in ours.values()]),
        ):
            mean, std = np.array(values).T
            axes.bar(place + shift, mean, 0.4, yerr=std, label=label, color=color)
        short = {"mmwave-iab": "IAB", "sub6": "sub6"}
        axes.set_xticks(
            place, [f"{row.paper_index}\n{short[row.scenario]}" for row in ours], fontsize=8
        )
        finish(axes, title="Table I: mean and std of what is left", x="link", y="Mbps")

    claims = [claim for row in ours for claim in _claims(row, ours)]
    return Figure("table1", "What the links leave to the UE", tuple(claims), draw)


def _empty(scenario: Scenario) -> list[Override]:
    """Nobody else on the network."""
    transit = [f"nodes.{node.name}.transit.ues" for node in scenario.nodes if node.transit]
    cells = [f"nodes.{x.name}.background_ues" for x in scenario.nodes if x.kind in SERVING_KINDS]
    cross = [f"links.{x.name}.cross_traffic.rate" for x in scenario.links if x.cross_traffic]
    return [*((path, 0) for path in (*transit, *cells)), *((path, "1 kbps") for path in cross)]


def _claims(row: PaperLink, ours: Mapping[PaperLink, Measured]) -> list[Claim]:
    kind = _kind(row)
    where = f"{row.scenario} link {row.paper_index}"
    here = ours[row]
    return [
        close(
            "table1",
            f"{where}: capacity (Mbps)",
            row.capacity_mbps,
            here.capacity,
            _WHY_CAPACITY,
        ),
        close("table1", f"{where}: mean (Mbps)", row.mean_mbps, here.mean, _WHY_MEAN[kind]),
        close("table1", f"{where}: std (Mbps)", row.std_mbps, here.std, _why_std(kind, row, ours)),
    ]


def _kind(row: PaperLink) -> str:
    """Whose traffic is on a link: a wire's, that of the IAB tree, or of the one cell of sub6."""
    links = load_scenario(row.scenario).links
    if any(link.name == row.link and link.kind == "wired" for link in links):
        return "wire"
    return "sub6" if row.scenario == "sub6" else "radio"


def _why_std(kind: str, row: PaperLink, ours: Mapping[PaperLink, Measured]) -> str:
    if kind == "radio":
        way = next(way for way in _WAYS if row.link in way)
        on_it = [each for each in ours if each.scenario == row.scenario and each.link in way]
        papers = ", ".join(f"{each.link} {each.std_mbps:.1f}" for each in on_it)
        here = ", ".join(f"{each.link} {ours[each].std:.1f}" for each in on_it)
        return (
            "calibrated on the packet simulator, where reports are averages over 0.1 s and queues "
            "hand on later what a full link did not carry, which narrows what is left; the "
            f"simplified one tells what is left at the moment (paper {papers}; here {here})"
        )
    if kind == "sub6":
        return (
            "the sum of independent users; the paper's trace [48] is not public, nor "
            "how its users depend on each other"
        )
    return (
        "the drawn rates have the paper's spread; to it comes what a full wire cuts off and, of "
        "packets, how many happen to come between two reports"
    )
