"""What it costs to send a tensor on, from the newest reports of a node's own links."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from cosim.network.port import LinkReport
from cosim.splitting.problem import FloatArray

# A task's own header in front of its tensors (see messages.py): about this for a route of 4 nodes.
# The exact size depends on the route, which the node that plans cannot know.
TASK_HEADER_BYTES: Final = 200


class UplinkHop(msgspec.Struct, frozen=True):
    """One directed link of an `Uplink`."""

    link: str
    transmitter: str
    receiver: str


class Uplink(msgspec.Struct, frozen=True):
    """The way from a node to the next computing node downstream (towards the cloud).

    It is several links when nodes without a computer lie between.
    """

    destination: str
    hops: tuple[UplinkHop, ...]


class LinkTable:
    """The newest reports of a node's links, and what they mean for its transfers."""

    def __init__(self, uplink: Uplink | None) -> None:
        self.uplink = uplink
        self._reports: dict[tuple[str, str], LinkReport] = {}

    @property
    def destination(self) -> str | None:
        """The next computing node downstream, if there is a way to one."""
        return None if self.uplink is None else self.uplink.destination

    def update(self, reports: Iterable[LinkReport]) -> None:
        """Take over the newest reports."""
        for report in reports:
            self._reports[report.link, report.transmitter] = report

    def transfer_s(self, live_bytes: npt.NDArray[np.int64]) -> FloatArray:
        """Time to send what is live at each boundary: shape ``(L + 1,)``, s (Eq. 10).

        Over several links the slowest one's capacity counts, and everyone's delay and queue. At
        boundary L nothing is sent, so it costs nothing. Infinite where a link is unknown (as after
        a handover, until the new link's first report) or has no capacity.
        """
        transfer = np.full(live_bytes.size, math.inf)
        reports = self._uplink_reports()
        if reports:
            rate = min(report.capacity_bps for report in reports)
            wait = sum(_waiting_s(report) for report in reports)
            transfer = (live_bytes + TASK_HEADER_BYTES) * (8 / rate) + wait
        transfer[-1] = 0.0
        return transfer

    def _uplink_reports(self) -> list[LinkReport]:
        """Reports of the uplink's links; none unless all of them are known and alive."""
        found = []
        for hop in self.uplink.hops if self.uplink else ():
            report = self._reports.get((hop.link, hop.transmitter))
            if report is None or report.receiver != hop.receiver or report.capacity_bps <= 0:
                return []
            found.append(report)
        return found


def _waiting_s(report: LinkReport) -> float:
    return (report.latency_ns + report.queue_delay_ns) / 1e9
