"""Table I: what the links leave to the UE."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure as Canvas

from cosim.paper_links import PAPER_LINKS, PaperLink
from cosim.reproduce.claim import Claim, close
from cosim.reproduce.figure import Figure, finish
from cosim.reproduce.lab import Lab, uplink_mbps
from cosim.scenario.schema import Scenario

_WHY_MEAN = {
    "radio": "each cell shares 200 Mbps among its users and all that is relayed through it, and "
    "the paper's populations and rates are not public; ours were calibrated on the packet "
    "simulator, whose reports count the UE's own traffic in a cell as other people's",
    "sub6": "the loss beyond Friis that is calibrated on the UE's way applies to the background "
    "users as well, who so take more of the cell than in the packet simulator",
    "wire": "cross traffic is calibrated to the paper's mean; what is left is the sample of a run",
}
_WAYS = (("A", "C", "E"), ("B", "D"))  # each link carries what the one before it carries


def reproduce(lab: Lab) -> Figure:
    """Two runs, one on each network; UE-only, so that nothing but others' traffic is on them."""
    names = dict.fromkeys(row.scenario for row in PAPER_LINKS)
    results = {name: lab.run(name, policy="ue-only", duration_s=40.0) for name in names}
    ours = {row: uplink_mbps(results[row.scenario], row.link) for row in PAPER_LINKS}
    claims: list[Claim] = []
    for row, (mean, std) in ours.items():
        kind = _kind(results[row.scenario].scenario, row)
        where = f"{row.scenario} link {row.paper_index}"
        claims += [
            close("table1", f"{where}: mean (Mbps)", row.mean_mbps, mean, _WHY_MEAN[kind]),
            close("table1", f"{where}: std (Mbps)", row.std_mbps, std, _why_std(kind, row, ours)),
        ]

    def draw(canvas: Canvas) -> None:
        axes = canvas.subplots()
        place = np.arange(len(ours))
        for shift, label, color, values in (
            (-0.2, "paper", "#8d99ae", [(row.mean_mbps, row.std_mbps) for row in ours]),
            (0.2, "ours", "#30638e", list(ours.values())),
        ):
            mean, std = np.array(values).T
            axes.bar(place + shift, mean, 0.4, yerr=std, label=label, color=color)
        short = {"mmwave-iab": "IAB", "sub6": "sub6"}
        axes.set_xticks(
            place, [f"{row.paper_index}\n{short[row.scenario]}" for row in ours], fontsize=8
        )
        finish(axes, title="Table I: mean and std of what is left", x="link", y="Mbps")

    return Figure("table1", "What the links leave to the UE", tuple(claims), draw)


def _kind(scenario: Scenario, row: PaperLink) -> str:
    """Whose traffic is on a link: a wire's, that of the IAB tree, or of the one cell of sub6."""
    if any(link.name == row.link and link.kind == "wired" for link in scenario.links):
        return "wire"
    return "sub6" if row.scenario == "sub6" else "radio"


def _why_std(kind: str, row: PaperLink, ours: Mapping[PaperLink, tuple[float, float]]) -> str:
    if kind == "radio":
        way = next(way for way in _WAYS if row.link in way)
        on_it = [each for each in ours if each.scenario == row.scenario and each.link in way]
        papers = ", ".join(f"{each.link} {each.std_mbps:.1f}" for each in on_it)
        here = ", ".join(f"{each.link} {ours[each][1]:.1f}" for each in on_it)
        return (
            f"what {way[0]} carries goes over {' and '.join(way[1:])} too, which so cannot vary "
            f"much less, as the paper's do ({papers}): the traffic's spread lies between ({here})"
        )
    if kind == "sub6":
        return (
            "the sum of independent log-normal users; the paper's trace [48] is not public, nor "
            "how its users depend on each other"
        )
    return "a normal-like spread, but cut off where the wire is full"
