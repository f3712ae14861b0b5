"""Messages in the air when the tree changes: they are forwarded, or have no way any more.

As at a handover in the packet simulator: what waits downward at an old parent goes on from there,
what waits upward goes to the new parent, both when the interruption is over. What has crossed the
links that change is not touched.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from cosim.network.port import Send
from cosim.network.simplified.links import Link, Route


@dataclass(slots=True, eq=False)
class Flight:
    """A message on its way.

    Attributes
    ----------
    message, sent_ns
        What it is, and when it was sent.
    arrival_ns
        When it arrives; None as long as it is being sent, `NEVER_NS` while there is no way.
    """

    message: Send
    sent_ns: int
    arrival_ns: int | None = None


def latency_ns(route: Route) -> int:
    """One way over some links for a last packet, at their present state."""
    return sum(link.latency_ns + link.state.wait_ns for link in route)


def forwarded_ns(
    arrival_ns: int, now_ns: int, before: Route, after: Route, changed: Collection[Link]
) -> int | None:
    """When a message in the air arrives now.

    Parameters
    ----------
    arrival_ns
        When it was to arrive; of no matter where it had no way.
    now_ns
        The moment of the change.
    before, after
        Its way until then, and its way from now on; none where there is no way.
    changed
        The links that lead elsewhere from now on.

    Returns
    -------
    int or None
        None when it has no way and had not crossed all changed links.
    """
    left_ns = _ends_ns(arrival_ns, before)
    if not after:
        last_ns = max((left_ns[link] for link in before if link in changed), default=arrival_ns)
        return arrival_ns if last_ns <= now_ns else None
    if not before:
        arrival_ns = now_ns + latency_ns(after)
    for place, link in enumerate(after):
        if link.silent_until_ns > now_ns and left_ns.get(link, arrival_ns) > now_ns:
            arrival_ns = max(arrival_ns, link.silent_until_ns + latency_ns(after[place:]))
    return arrival_ns


def _ends_ns(arrival_ns: int, route: Route) -> dict[Link, int]:
    """When a message that arrives then leaves each of its links."""
    ends: dict[Link, int] = {}
    for link in reversed(route):
        ends[link] = arrival_ns
        arrival_ns -= link.latency_ns + link.state.wait_ns
    return ends
