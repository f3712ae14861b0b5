"""What it costs to send a tensor on, from the newest reports of a node's own links."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Final

import msgspec
import numpy as np

from cosim.forecasting import Forecaster
from cosim.network.port import LinkReport
from cosim.splitting.problem import FloatArray

# A task's own header in front of its tensors (see messages.py): about this for a route of 4 nodes.
# The exact size depends on the route, which the node that plans cannot know.
TASK_HEADER_BYTES: Final = 200


# A forecast of less than this part of the present capacity is taken for a fault of the forecaster.
_LEAST_FORECAST: Final = 0.01


ForecasterFactory = Callable[[str, str], Forecaster]
"""Makes a forecaster of the capacity of a link, given its name and its transmitter."""


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
    """The newest reports of a node's links, and what they mean for its transfers.

    Attributes
    ----------
    version
        Changes whenever the cost of a transfer may have changed.
    destination
        The next computing node downstream, if there is a way to one.
    """

    def __init__(
        self, uplink: Uplink | None, make_forecaster: ForecasterFactory | None = None
    ) -> None:
        self.version = 0
        self.uplink = uplink
        self._make_forecaster = make_forecaster
        self._forecasters: dict[UplinkHop, Forecaster] = {}
        self._reports: dict[tuple[str, str], LinkReport] = {}

    @property
    def uplink(self) -> Uplink | None:
        """The way downstream, if there is one."""
        return self._uplink

    @uplink.setter
    def uplink(self, uplink: Uplink | None) -> None:
        self._uplink = uplink
        self.destination = None if uplink is None else uplink.destination
        self._crossed = {hop.link for hop in uplink.hops} if uplink else set()
        self._way: list[LinkReport] | None = None
        self.version += 1

    @property
    def is_open(self) -> bool:
        """Whether something gets through on the way downstream, as far as is known."""
        return bool(self._uplink_reports())

    def update(self, reports: Iterable[LinkReport], now_ns: int = 0) -> None:
        """Take over the newest reports."""
        for report in reports:
            key = (report.link, report.transmitter)
            before = self._reports.get(key)
            if before is not report:
                self._reports[key] = report
                if report.link in self._crossed:
                    self._way = None
                    self.version += before is None or _differ(before, report)
            if self._make_forecaster is not None:
                self._observe(report, now_ns, self._make_forecaster)

    def _observe(self, report: LinkReport, now_ns: int, make: ForecasterFactory) -> None:
        """Tell the forecaster of a link on the way downstream."""
        hop = UplinkHop(report.link, report.transmitter, report.receiver)
        if self._uplink is None or hop not in self._uplink.hops:
            return
        if hop not in self._forecasters:
            self._forecasters[hop] = make(hop.link, hop.transmitter)
        self._forecasters[hop].observe(now_ns / 1e9, report.capacity_bps)
        self.version += 1

    def rate_bps(self) -> int:
        """Capacity of the way downstream now; 0 when it is unknown or shut."""
        return min((report.capacity_bps for report in self._uplink_reports()), default=0)

    def return_s_per_byte(self) -> float:
        """What a byte takes on the way back from the next computing node; infinite if unknown."""
        hops = self.uplink.hops if self.uplink else ()
        rates = [self._reports.get((hop.link, hop.receiver)) for hop in hops]
        slowest = min((0 if r is None else r.capacity_bps for r in rates), default=0)
        return 8 / slowest if slowest > 0 else math.inf

    def return_latency_s(self) -> float:
        """Delay of a small message on that way; 0 when unknown, for then its rate is, too."""
        hops = self.uplink.hops if self.uplink else ()
        reports = [self._reports.get((hop.link, hop.receiver)) for hop in hops]
        return sum(_waiting_s(report) for report in reports if report is not None)

    def transfer_s(self, sent_bytes: FloatArray, ahead_ns: int = 0) -> FloatArray:
        """Time to send so many bytes at each boundary: shape ``(L + 1,)``, s (Eq. 10).

        Over several links the slowest one's capacity counts, and everyone's delay and queue. At
        boundary L nothing is sent, so it costs nothing. Infinite where a link is unknown (as after
        a handover, until the new link's first report) or has no capacity. With `ahead_ns`, the
        capacity is that which is forecast for then.
        """
        reports = self._uplink_reports()
        if reports:
            rate = min([self._capacity(report, ahead_ns) for report in reports])
            wait = sum([_waiting_s(report) for report in reports])
            transfer = sent_bytes * (8 / rate)
            transfer += wait
        else:
            transfer = np.full(sent_bytes.size, math.inf)
        transfer[-1] = 0.0
        return transfer

    def forecasts(self, ahead_ns: int) -> list[tuple[str, float]]:
        """Each link of the way downstream, and its capacity so much later, bit/s."""
        return [(r.link, self._capacity(r, ahead_ns)) for r in self._uplink_reports()]

    def _capacity(self, report: LinkReport, ahead_ns: int) -> float:
        """Of one link, bit/s; never forecast to be dead, for a way that works is not shut."""
        if ahead_ns == 0:
            return report.capacity_bps
        hop = UplinkHop(report.link, report.transmitter, report.receiver)
        forecaster = self._forecasters.get(hop)
        if forecaster is None:
            return report.capacity_bps
        return max(forecaster.forecast(ahead_ns / 1e9), report.capacity_bps * _LEAST_FORECAST)

    def _uplink_reports(self) -> list[LinkReport]:
        """Reports of the uplink's links; none unless all of them are known and alive."""
        if self._way is None:
            self._way = self._find_way()
        return self._way

    def _find_way(self) -> list[LinkReport]:
        found = []
        for hop in self.uplink.hops if self.uplink else ():
            report = self._reports.get((hop.link, hop.transmitter))
            if report is None or report.receiver != hop.receiver or report.capacity_bps <= 0:
                return []
            found.append(report)
        return found


def _differ(before: LinkReport, after: LinkReport) -> bool:
    """Whether a transfer would take another time."""
    return (
        before.capacity_bps != after.capacity_bps
        or before.queue_delay_ns != after.queue_delay_ns
        or before.latency_ns != after.latency_ns
        or before.receiver != after.receiver
    )


def _waiting_s(report: LinkReport) -> float:
    return (report.latency_ns + report.queue_delay_ns) / 1e9
