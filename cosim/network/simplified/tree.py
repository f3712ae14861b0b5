"""The tree of IAB nodes over time: which is whose parent, and which sleep.

The rules are those of the packet simulator's ``BackhaulManager``: child nodes of one that falls
asleep go to the best parents that are left and come back when it wakes. The best parent is the
nearest one, as Friis has it. All of it follows from the scenario alone, before the run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from cosim.errors import ScenarioError
from cosim.network.port import ParentChange
from cosim.scenario.schema import Scenario, TopologyChangeSpec
from cosim.scenario.topology import Topology


@dataclass(frozen=True)
class Stretch:
    """A time between two changes of the tree.

    Attributes
    ----------
    begin_ns
        When it begins.
    topology
        Who is whose parent.
    asleep
        The nodes that serve nobody.
    moved
        The nodes that have another parent from its begin on, or none, in order.
    """

    begin_ns: int
    topology: Topology
    asleep: frozenset[str] = frozenset()
    moved: tuple[ParentChange, ...] = ()


def stretches(scenario: Scenario, home: Topology) -> tuple[Stretch, ...]:
    """The tree over time; two changes at one time have a stretch of no length between them.

    Parameters
    ----------
    scenario
        With its ``topology_changes``.
    home
        Its tree at first, to which nodes belong.

    Raises
    ------
    ScenarioError
        When a node shall have a parent that it cannot have then.
    """
    found = [Stretch(0, home)]
    for index, change in sorted(
        enumerate(scenario.topology_changes), key=lambda item: item[1].time
    ):
        path = f"topology_changes[{index}].parent"
        after = _Change(home, found[-1], change, path).after()
        if after.moved or after.asleep != found[-1].asleep:
            found.append(after)
    return tuple(found)


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


class _Change:
    """One change of the tree, on top of a stretch."""

    def __init__(
        self, home: Topology, before: Stretch, change: TopologyChangeSpec, path: str
    ) -> None:
        self._home, self._path = home, path
        self._time_ns = int(change.time)
        self._topology, self._asleep = before.topology, before.asleep
        self._moved: list[ParentChange] = []
        if change.action == "sleep":
            self._sleep(change.node)
        elif change.action == "wake":
            self._wake(change.node)
        else:
            self._move(change.node, change.parent or "")

    def after(self) -> Stretch:
        """The tree with the change."""
        return Stretch(self._time_ns, self._topology, self._asleep, tuple(self._moved))

    def _sleep(self, node: str) -> None:
        if node in self._asleep:
            return
        self._asleep |= {node}
        for child in self._relays():
            if self._topology.parent_of(child) == node:
                self._move(child, self._best_parent(child))
        self._connect(node, "")

    def _wake(self, node: str) -> None:
        if node not in self._asleep:
            return
        self._asleep -= {node}
        self._move(node, self._best_parent(node))
        for child in self._relays():
            # One that its old parent is below by now stays where it is.
            belongs = self._home.parent_of(child) == node and child not in self._asleep
            if belongs and self._may_have(child, node):
                self._move(child, node)

    def _move(self, node: str, parent: str) -> None:
        if self._topology.parent_of(node) == parent:
            return
        if not self._may_have(node, parent):
            at = f"at {self._time_ns / 1e9:g} s"
            problem = f"{at} '{parent}' sleeps or is below '{node}', whose parent it cannot be"
            raise ScenarioError(self._path, problem, hint="name a node that is awake and not below")
        self._connect(node, parent)

    def _connect(self, node: str, parent: str) -> None:
        previous = self._topology.parent_of(node) or ""
        self._moved.append(ParentChange(self._time_ns, node, parent, previous))
        self._topology = self._topology.with_parent(node, parent)

    def _may_have(self, node: str, parent: str) -> bool:
        """Whether all the way up to a donor, everyone is awake and not the node."""
        above: str | None = parent
        while above is not None and self._home.nodes[above].kind == "iab":
            if above == node or above in self._asleep:
                return False
            above = self._topology.parent_of(above)
        return above is not None

    def _best_parent(self, node: str) -> str:
        """Its first parent, or else the nearest one; a donor never sleeps and is below nobody."""
        first = self._home.parent_of(node) or ""
        if self._may_have(node, first):
            return first
        able = [
            n for n in (*self._home.of_kind("donor"), *self._relays()) if self._may_have(node, n)
        ]
        return min(able, key=lambda name: math.hypot(*_offset_m(self._home, node, name)))

    def _relays(self) -> Iterator[str]:
        for donor in self._home.of_kind("donor"):
            yield from _below(self._home, donor)


def _below(topology: Topology, parent: str) -> Iterator[str]:
    """All IAB nodes below a node, in the order in which the packet simulator installs them."""
    for child in _children(topology, parent):
        yield child
        yield from _below(topology, child)


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
