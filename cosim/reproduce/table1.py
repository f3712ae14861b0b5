"""Table I: what the links leave to the UE."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure as Canvas

from cosim.reproduce.claim import Claim, close
from cosim.reproduce.figure import Figure, finish
from cosim.reproduce.lab import Lab, uplink_mbps

# (scenario, link here, name there, mean and standard deviation in Mbps)
PAPER = (
    ("mmwave-iab", "A", "A", 66.49, 19.47),
    ("mmwave-iab", "B", "B", 71.89, 19.72),
    ("mmwave-iab", "C", "C", 47.06, 8.95),
    ("mmwave-iab", "D", "D", 54.03, 11.61),
    ("mmwave-iab", "E", "E", 48.59, 9.41),
    ("mmwave-iab", "F", "F", 54.05, 12.94),
    ("mmwave-iab", "G", "G", 36.03, 8.63),
    ("mmwave-iab", "H", "H", 18.12, 4.43),
    ("sub6", "ue-access", "A&B", 33.94, 8.45),
    ("sub6", "C", "C", 18.78, 3.66),
)
_WHY_MEAN = {
    "radio": "each cell shares 200 Mbps among its users and all that is relayed through it, and "
    "the "
    "paper's populations and rates are not public; ours were calibrated on the packet simulator, "
    "whose "
    "reports count the UE's own traffic in a cell as other people's",
    "sub6": "the loss beyond Friis that is calibrated on the UE's way applies to the background "
    "users "
    "as well, who so take more of the cell than in the packet simulator",
    "wire": "cross traffic is calibrated to the paper's mean; what is left is the sample of a run",
}
_WHY_STD = {
    "radio": "in one tree C and E carry what A carries and more, D what B does: what A "
    "and B are left with varies no more than theirs, where the paper's varies twice as much; the "
    "calibrated spread is between the two",
    "sub6": "the sum of independent log-normal users varies less than the paper's trace [48] "
    "does, whose parameters are not public",
    "wire": "a normal-like spread, but cut off where the wire is full",
}


def reproduce(lab: Lab) -> Figure:
    """Two runs, one on each network; UE-only, so that nothing but others' traffic is on them."""
    results = {
        name: lab.run(name, policy="ue-only", duration_s=40.0) for name in ("mmwave-iab", "sub6")
    }
    claims: list[Claim] = []
    ours = []
    for scenario, link, name, mean, std in PAPER:
        measured = uplink_mbps(results[scenario], link)
        ours.append(measured)
        wired = {spec.name for spec in results[scenario].scenario.links if spec.kind == "wired"}
        kind = "wire" if link in wired else "radio"
        cause = "sub6" if (kind, scenario) == ("radio", "sub6") else kind
        where = f"{scenario} link {name}"
        claims += [
            close("table1", f"{where}: mean (Mbps)", mean, measured[0], _WHY_MEAN[cause]),
            close("table1", f"{where}: std (Mbps)", std, measured[1], _WHY_STD[cause]),
        ]

    def draw(canvas: Canvas) -> None:
        axes = canvas.subplots()
        place = np.arange(len(PAPER))
        paper = np.array([row[3:] for row in PAPER])
        mine = np.array(ours)
        axes.bar(place - 0.2, paper[:, 0], 0.4, yerr=paper[:, 1], label="paper", color="#8d99ae")
        axes.bar(place + 0.2, mine[:, 0], 0.4, yerr=mine[:, 1], label="ours", color="#30638e")
        names = [f"{row[2]}\n{'IAB' if row[0] == 'mmwave-iab' else 'sub6'}" for row in PAPER]
        axes.set_xticks(place, names, fontsize=8)
        finish(axes, title="Table I: mean and std of what is left", x="link", y="Mbps")

    return Figure("table1", "What the links leave to the UE", tuple(claims), draw)
