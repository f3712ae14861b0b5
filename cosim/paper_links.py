"""The paper's Table I: what its links leave to the target UE."""

from __future__ import annotations

from typing import Final

import msgspec

from cosim.scenario.topology import access_link

# How ours are measured: on the stretch of the drive that the scenarios are calibrated on.
RUN_S: Final = 10.0
SEEDS: Final = 5
WARM_UP_S: Final = 0.5  # until the reports' averages have forgotten the empty start


class PaperLink(msgspec.Struct, frozen=True):
    """A row of the paper's Table I, in Mbps, and the link of ours that it stands for."""

    scenario: str
    paper_index: str
    link: str
    capacity_mbps: float
    mean_mbps: float
    std_mbps: float


PAPER_LINKS: Final = (
    PaperLink("mmwave-iab", "A", "A", 200, 66.49, 19.47),
    PaperLink("mmwave-iab", "B", "B", 200, 71.89, 19.72),
    PaperLink("mmwave-iab", "C", "C", 200, 47.06, 8.95),
    PaperLink("mmwave-iab", "D", "D", 200, 54.03, 11.61),
    PaperLink("mmwave-iab", "E", "E", 200, 48.59, 9.41),
    PaperLink("mmwave-iab", "F", "F", 400, 54.05, 12.94),
    PaperLink("mmwave-iab", "G", "G", 200, 36.03, 8.63),
    PaperLink("mmwave-iab", "H", "H", 50, 18.12, 4.43),
    PaperLink("sub6", "A & B", access_link("ue"), 50, 33.94, 8.45),
    PaperLink("sub6", "C", "C", 50, 18.78, 3.66),
)
