"""TCP connections as fluid: bytes flow along a route at the rate of its slowest link.

A connection carries one message after the other. On each link the connections share what there is
equally; one gets the least of its shares. The last byte arrives after the links' latencies.
Simplified: no handshake, slow start, loss or retransmission.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from cosim.network.port import Send
from cosim.network.simplified.agenda import NEVER_NS
from cosim.network.simplified.links import Link, Pool, Route

# Ethernet-sized packets: 1448 bytes of data to 1500 with IPv4, TCP and its time stamps (RFC 7323).
_SEGMENT_BYTES: Final = 1448
_SEGMENT_HEADER_BYTES: Final = 52
_FRAME_BYTES: Final = 12  # a message's own length and number in the stream


ScheduleFinish = Callable[[int, "Stream"], None]


def stream_bits(size_bytes: int) -> float:
    """What a message of a connection takes of a link."""
    size = size_bytes + _FRAME_BYTES
    return 8.0 * (size + _SEGMENT_HEADER_BYTES * math.ceil(size / _SEGMENT_BYTES))


class Stream:
    """One connection.

    Attributes
    ----------
    source, destination, route
        Its ends, and the links between; none while one of the ends sleeps.
    waiting
        Messages and when they were sent, the one under way first.
    finish_ns
        When the one under way will be sent at the present rate.
    last_ns
        When the message before arrives: a later one may not overtake it.
    """

    __slots__ = (
        "destination",
        "finish_ns",
        "last_ns",
        "left_bits",
        "rate_bps",
        "route",
        "since_ns",
        "source",
        "waiting",
    )

    def __init__(self, source: str, destination: str) -> None:
        self.source, self.destination = source, destination
        self.route: Route = ()
        self.waiting: deque[tuple[Send, int]] = deque()
        self.finish_ns = NEVER_NS
        self.last_ns = 0
        self.left_bits = 0.0
        self.rate_bps = 0.0
        self.since_ns = 0

    @property
    def head_ns(self) -> int:
        """When the message under way was sent."""
        return self.waiting[0][1]

    def backlog_bits(self, now_ns: int) -> float:
        """What is still to be sent."""
        left = max(0.0, self.left_bits - self.rate_bps * (now_ns - self.since_ns) / 1e9)
        if len(self.waiting) == 1:
            return left
        later = itertools.islice(self.waiting, 1, None)
        return left + sum([stream_bits(message.size_bytes) for message, _ in later])


class StreamTable:
    """All connections that ever carried something.

    Parameters
    ----------
    route
        The way between two nodes now.
    schedule
        Called with a time at which `finished` is to be asked about a stream.
    """

    def __init__(self, route: Callable[[str, str], Route], schedule: ScheduleFinish) -> None:
        self._route, self._schedule = route, schedule
        self._streams: dict[tuple[str, str], Stream] = {}
        self._active: list[Stream] = []

    def send(self, now_ns: int, message: Send) -> None:
        """Put a message on its connection."""
        key = (message.source, message.destination)
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = Stream(*key)
        stream.waiting.append((message, now_ns))
        if len(stream.waiting) == 1:
            self._active.append(stream)
            self._occupy(stream)
            self._begin(now_ns, stream)
            self.share(now_ns)

    def finished(self, now_ns: int, stream: Stream) -> tuple[Send, int] | None:
        """The message whose last bit leaves now, and when it arrives."""
        if stream.finish_ns != now_ns:
            return None  # the rate changed since this was foreseen
        message, _ = stream.waiting.popleft()
        arrival = now_ns
        for link in stream.route:
            arrival += link.latency_ns + link.state.wait_ns
        stream.last_ns = max(stream.last_ns, arrival)
        if stream.waiting:
            self._begin(now_ns, stream)
        else:
            stream.finish_ns = NEVER_NS
            self._active.remove(stream)
            self._vacate(stream)
        self.share(now_ns)
        return message, stream.last_ns

    def reroute(self, now_ns: int, change: Callable[[], None]) -> None:
        """Let `change` change the ways: what is under way goes on along the new ones."""
        for stream in self._active:
            self._vacate(stream)
        change()
        for stream in self._active:
            self._occupy(stream)
        self.share(now_ns)

    def delay(self, message: Send, arrival_ns: int) -> None:
        """Let no later message of a connection overtake one that now arrives later."""
        stream = self._streams[message.source, message.destination]
        stream.last_ns = max(stream.last_ns, arrival_ns)

    def share(self, now_ns: int) -> None:
        """Give every active stream the rate that it has from now on."""
        for stream in self._active:
            rate = min([_share_bps(link, now_ns) for link in stream.route], default=0.0)
            if rate == stream.rate_bps and stream.finish_ns != NEVER_NS:
                continue
            sent = stream.rate_bps * (now_ns - stream.since_ns) / 1e9
            stream.left_bits = max(0.0, stream.left_bits - sent)
            stream.since_ns, stream.rate_bps = now_ns, rate
            stream.finish_ns = NEVER_NS
            if rate > 0:
                # At least 1 ns: a finish must lie in the future.
                stream.finish_ns = now_ns + max(1, math.ceil(stream.left_bits / rate * 1e9))
                self._schedule(stream.finish_ns, stream)

    def _begin(self, now_ns: int, stream: Stream) -> None:
        stream.left_bits = stream_bits(stream.waiting[0][0].size_bytes)
        stream.rate_bps, stream.since_ns, stream.finish_ns = 0.0, now_ns, NEVER_NS

    def _occupy(self, stream: Stream) -> None:
        stream.route = self._route(stream.source, stream.destination)
        for link in stream.route[:1]:
            link.enter(stream)
        for pool in _pools(stream.route):
            pool.streams += 1

    def _vacate(self, stream: Stream) -> None:
        for link in stream.route[:1]:
            link.leave(stream)
        for pool in _pools(stream.route):
            pool.streams -= 1


def _pools(route: Route) -> Iterator[Pool]:
    return itertools.chain.from_iterable(link.pools for link in route)


def _share_bps(link: Link, now_ns: int) -> float:
    if now_ns < link.silent_until_ns:
        return 0.0
    return link.state.capacity_bps / link.streams
