"""The ways up over time: which node is whose parent, which sleep, and which backhaul links fail.

The rules are those of the packet simulator's ``BackhaulManager``: child nodes of one that falls
asleep take their other parents, or go to the best ones that are left, and come back when it wakes.
The best parent is the nearest one, as Friis has it. Where a node has several parents, a link that
is unusable for a time is given up for another one, until it has been usable for as long. All of it
follows from the scenario alone, before the run.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from cosim.errors import ScenarioError
from cosim.network.port import ParentChange
from cosim.network.simplified.radio import DIRECTIONS, Radio
from cosim.scenario.schema import LinkSpec, Scenario, TopologyChangeSpec
from cosim.scenario.topology import Topology


@dataclass(frozen=True)
class Stretch:
    """A time between two changes of the ways.

    Attributes
    ----------
    begin_ns
        When it begins.
    topology
        Who is whose parent, by the links that packets can take.
    asleep
        The nodes that serve nobody.
    detached
        The backhaul links without an upper end; one that fails keeps its.
    moved
        What is told at its begin, in order: nodes that have another parent over a link, or none.
    interrupted
        The backhaul links that have another upper end from its begin on.
    """

    begin_ns: int
    topology: Topology
    asleep: frozenset[str] = frozenset()
    detached: frozenset[str] = frozenset()
    moved: tuple[ParentChange, ...] = ()
    interrupted: tuple[str, ...] = ()

    def attached(self, link: str) -> LinkSpec | None:
        """A backhaul link with its present parent; None while it has none."""
        return None if link in self.detached else self.topology.links[link]


def stretches(scenario: Scenario, home: Topology, radio: Radio) -> tuple[Stretch, ...]:
    """The ways over time; two changes at one time have a stretch of no length between them.

    Parameters
    ----------
    scenario
        With its ``topology_changes`` and ``blockages``.
    home
        Its graph at first, to which nodes belong.
    radio
        Which says what link is usable.

    Raises
    ------
    ScenarioError
        When a node shall have a parent that it cannot have then.
    """
    backhaul = _Backhaul(scenario, home, radio)
    backhaul.run()
    return tuple(backhaul.found)


def backhaul_snr_db(home: Topology, link: LinkSpec, radio: Radio) -> float:
    """SNR of a backhaul link without obstacles."""
    ends = [home.nodes[name].position_m for name in (link.child, link.parent)]
    child, parent = (np.array(end) for end in ends)
    return float(radio.backhaul_snr_db(float(np.linalg.norm(child - parent))))


def serving_sector(home: Topology, parent: str, child: str, *, has_sectors: bool) -> str:
    """The cell of `parent` that serves the backhaul of `child`.

    With sectors, each of the parent's first child nodes has one; another node is served by the one
    that points nearest to it, or by the parent's own cell where there is none.
    """
    first = _children(home, parent) if has_sectors else ()
    if not first:
        return parent
    target = _azimuth(home, parent, child)
    # A child of the first has a sector of its own: of all, it points exactly there.
    nearest = max(first, key=lambda name: math.cos(_azimuth(home, parent, name) - target))
    return sector_name(parent, child if child in first else nearest)


def sector_name(parent: str, child: str) -> str:
    """The cell of `parent` that was made for `child`."""
    return f"{parent} towards {child}"


class _Backhaul:
    """The links between IAB nodes, from one change to the next.

    Parameters
    ----------
    scenario, home, radio
        As of `stretches`.

    Attributes
    ----------
    found
        The stretches so far.
    """

    def __init__(self, scenario: Scenario, home: Topology, radio: Radio) -> None:
        self._home, self._radio = home, radio
        self._failure_ns = int(scenario.radio.backhaul_failure)
        self._own = {
            name: [link for link in home.uplinks[name] if link.kind == "wireless"]
            for name in _relays(home)
        }
        links = [link for own in self._own.values() for link in own]
        self._donors = home.of_kind("donor")
        self._has_choice = any(len(own) > 1 for own in self._own.values())
        self._parents = {link.name: link.parent for link in links}  # empty: detached
        self._in_service = {link.name: True for link in links}
        self._loss_db = {link.name: 0.0 for link in links}
        self._decisions = {link.name: 0 for link in links}  # how many were made or dropped
        self._asleep: frozenset[str] = frozenset()
        self._topology = home
        self._moved: list[ParentChange] = []
        self._interrupted: list[str] = []
        self._now_ns = 0
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self.found = [Stretch(0, home)]
        for link in links:
            self._watch(link)
        for blockage in scenario.blockages:
            if blockage.link in self._loss_db:
                loss_db = float(blockage.loss)
                self._at(blockage.start, partial(self._block, blockage.link, loss_db))
                self._at(blockage.end, partial(self._block, blockage.link, -loss_db))
        for index, change in enumerate(scenario.topology_changes):
            path = f"topology_changes[{index}].parent"
            self._at(change.time, partial(self._change, change, path))

    def run(self) -> None:
        """Let everything happen, and keep what it comes to."""
        while self._agenda:
            self._now_ns, _, act = heapq.heappop(self._agenda)
            asleep = self._asleep
            act()
            if self._moved or self._asleep != asleep:
                self.found.append(self._stretch())
                self._moved.clear()
                self._interrupted.clear()

    def _stretch(self) -> Stretch:
        return Stretch(
            self._now_ns,
            self._topology,
            self._asleep,
            frozenset(name for name, parent in self._parents.items() if not parent),
            tuple(self._moved),
            tuple(self._interrupted),
        )

    def _at(self, time_ns: int, act: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (int(time_ns), self._count, act))

    def _change(self, change: TopologyChangeSpec, path: str) -> None:
        if change.action == "sleep":
            self._sleep(change.node)
        elif change.action == "wake":
            self._wake(change.node)
        else:
            self._reparent(change.node, change.parent or "", path)

    def _sleep(self, node: str) -> None:
        if node in self._asleep:
            return
        self._asleep |= {node}
        for child, link in self._all_links():
            if self._parents[link.name] != node:
                continue
            parent = "" if self._is_reachable(child) else self._best_parent(link)
            self._move(link, parent) if parent else self._detach(link)
        for link in self._own[node]:
            self._detach(link)

    def _wake(self, node: str) -> None:
        if node not in self._asleep:
            return
        self._asleep -= {node}
        first, *others = self._own[node]
        self._move(first, self._best_parent(first))
        for link in others:
            if self._may_have(link, link.parent):
                self._move(link, link.parent)
        for child, link in self._all_links():
            # One that its old parent is below by now stays where it is.
            belongs = link.parent == node or not self._parents[link.name]
            if belongs and child not in self._asleep and self._may_have(link, link.parent):
                self._move(link, link.parent)

    def _reparent(self, node: str, parent: str, path: str) -> None:
        link = self._own[node][0]
        if self._parents[link.name] == parent:
            return
        if not self._may_have(link, parent):
            problem = (
                f"at {self._now_ns / 1e9:g} s '{parent}' sleeps or is below '{node}', or its "
                "parent by another link: it cannot be its parent"
            )
            raise ScenarioError(path, problem, hint="name a node that is awake and not below")
        self._move(link, parent)

    def _move(self, link: LinkSpec, parent: str) -> None:
        """Connect a link to a parent, unless it is."""
        previous = self._parents[link.name]
        if previous == parent:
            return
        self._parents[link.name] = parent
        self._in_service[link.name] = True  # until it is known to fail at this parent, too
        self._interrupted.append(link.name)
        self._tell(link, parent, previous)
        self._watch(link)

    def _detach(self, link: LinkSpec) -> None:
        previous = self._parents[link.name]
        if not previous:
            return
        self._parents[link.name] = ""
        self._decisions[link.name] += 1
        self._tell(link, "", previous)

    def _block(self, name: str, loss_db: float) -> None:
        self._loss_db[name] += loss_db
        self._watch(self._home.links[name])

    def _watch(self, link: LinkSpec) -> None:
        """Where packets have a choice, decide in a while whether a link fails, or is back."""
        name = link.name
        self._decisions[name] += 1
        is_usable = self._is_usable(link)
        if self._has_choice and self._parents[name] and is_usable != self._in_service[name]:
            decision = self._decisions[name]
            self._at(
                self._now_ns + self._failure_ns, partial(self._decide, link, decision, is_usable)
            )

    def _is_usable(self, link: LinkSpec) -> bool:
        if not self._parents[link.name]:
            return False
        ends = self._topology.links[link.name]
        snr_db = backhaul_snr_db(self._home, ends, self._radio) - self._loss_db[link.name]
        return all(self._radio.rate_and_mcs(snr_db, d)[1] >= 0 for d in DIRECTIONS)

    def _decide(self, link: LinkSpec, decision: int, is_usable: bool) -> None:
        if decision != self._decisions[link.name]:
            return  # the link has changed since
        parent = self._parents[link.name]
        self._in_service[link.name] = is_usable
        self._tell(link, parent if is_usable else "", "" if is_usable else parent)

    def _tell(self, link: LinkSpec, parent: str, previous: str) -> None:
        told = ParentChange(self._now_ns, link.child, parent, previous, link.name)
        self._moved.append(told)
        self._topology = self._topology.with_parent(link.child, parent, link.name)

    def _may_have(self, link: LinkSpec, parent: str) -> bool:
        """Whether a way leads up from a node that is not the link's, below it or its parent."""
        others = (other.name for other in self._own[link.child] if other.name != link.name)
        is_parent = parent in {self._parents[name] for name in others}
        is_below = link.child in self._above(parent, lambda _: True)
        return not is_parent and not is_below and self._is_reachable(parent)

    def _is_reachable(self, node: str) -> bool:
        """Whether a way of links in service leads to a donor, with everyone on it awake."""
        return not self._above(node, self._carries).isdisjoint(self._donors)

    def _carries(self, link: LinkSpec) -> bool:
        return self._in_service[link.name] and link.child not in self._asleep

    def _above(self, node: str, takes: Callable[[LinkSpec], bool]) -> set[str]:
        """A node and all above it, by links of a kind that have an upper end."""
        found = [node]
        for name in found:  # grows while it is walked
            ends = (self._parents[link.name] for link in self._own.get(name, ()) if takes(link))
            found += dict.fromkeys(end for end in ends if end and end not in found)
        return set(found)

    def _best_parent(self, link: LinkSpec) -> str:
        """Its first parent, or else the nearest one; none where a donor is by another link."""
        if self._may_have(link, link.parent):
            return link.parent
        able = [n for n in (*self._donors, *self._own) if self._may_have(link, n)]

        def distance_m(name: str) -> float:
            return math.hypot(*_offset_m(self._home, link.child, name))

        return min(able, key=distance_m, default="")

    def _all_links(self) -> list[tuple[str, LinkSpec]]:
        return [(name, link) for name, own in self._own.items() for link in own]


def _relays(home: Topology) -> Iterator[str]:
    """All IAB nodes, in the order in which the packet simulator installs them."""
    for donor in home.of_kind("donor"):
        yield from _below(home, donor)


def _below(home: Topology, parent: str) -> Iterator[str]:
    """The IAB nodes below a node by their first links."""
    for child in _children(home, parent):
        if home.parent_links[child].parent == parent:
            yield child
            yield from _below(home, child)


def _children(topology: Topology, parent: str) -> list[str]:
    """The IAB nodes whose parent a node is."""
    relays = topology.of_kind("iab")
    return [n for n in topology.children_of(parent) if n in relays]


def _azimuth(topology: Topology, origin: str, name: str) -> float:
    east_m, north_m, _ = _offset_m(topology, origin, name)
    return math.atan2(north_m, east_m)


def _offset_m(topology: Topology, origin: str, name: str) -> tuple[float, ...]:
    ends = [topology.nodes[end].position_m or (0.0, 0.0, 0.0) for end in (origin, name)]
    return tuple(there - here for here, there in zip(*ends, strict=True))
