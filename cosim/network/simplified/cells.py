"""How proportional fairness divides the cells of the radio network among everybody's traffic.

Uplink traffic is followed from the leaves to the donor, downlink traffic the other way, each part
of it by its way where nodes have several parents. In every cell it competes with the cell's own
users; a backhaul channel weighs as many as the users it carries. With sectors, backhaul channels
have cells of the parent to themselves. All arrays have one row for each epoch, a time in which
nothing changes.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np

from cosim.network.simplified.radio import DIRECTIONS, Direction
from cosim.network.simplified.tables import FloatArray
from cosim.network.simplified.traffic import IntArray, MixtureRate, fair_level
from cosim.scenario.topology import Topology

_TASK_WEIGHT = 1.0  # a task is one user's

Way = tuple[str, ...]  # further links of nodes with several parents that it takes
ByWay = dict[Way, FloatArray]  # bit/s over time


class User(Protocol):
    """A background user as its cell sees it."""

    def at(self, times_ns: IntArray) -> FloatArray:
        """Uplink demand, shape ``(T,)``, bit/s."""
        ...

    def rate_bps(self, times_ns: IntArray, direction: Direction) -> FloatArray:
        """Rate of the whole cell for it, shape ``(T,)`` or one for all times."""
        ...


@dataclass(frozen=True, eq=False)
class FixedUser:
    """A user that stays where it is, with what it wants and the cell's rates for it."""

    demand: MixtureRate
    rates_bps: dict[Direction, float]

    def at(self, times_ns: IntArray) -> FloatArray:
        """See `User.at`."""
        return self.demand.at(times_ns)

    def rate_bps(self, times_ns: IntArray, direction: Direction) -> FloatArray:
        """See `User.rate_bps`."""
        return np.full(times_ns.size, self.rates_bps[direction])


@dataclass(frozen=True, eq=False)
class Cell:
    """A serving node, its background users, and its place in the tree.

    Attributes
    ----------
    name
        The node.
    users
        Whoever it serves at one time or another.
    weight
        How many it serves.
    transit
        What its users on other carriers want, who load the backhaul alone.
    transit_way
        That it takes; background users take the first one.
    children
        The backhaul links to nodes below it, each with the name of the cell that serves it: this
        one, or a sector.
    is_asleep
        Whether its users and its transit pause.
    """

    name: str
    users: tuple[User, ...]
    weight: int
    transit: tuple[MixtureRate, ...]
    transit_way: Way = ()
    children: Mapping[str, str] = field(default_factory=dict)
    is_asleep: bool = False

    def pools(self) -> dict[str, list[int]]:
        """Who shares the time of what: columns of its users and, after them, its children."""
        shared = {self.name: list(range(len(self.users)))}
        for column, serving in enumerate(self.children.values(), start=len(self.users)):
            shared.setdefault(serving, []).append(column)
        return shared


class CellShare(NamedTuple):
    """One cell and direction over time, each of shape ``(T,)``.

    Attributes
    ----------
    share
        Part of the cell's time that a task can have.
    busy
        Part that others take while there is no task.
    """

    share: FloatArray
    busy: FloatArray


class RadioGraph:
    """The cells below the donors.

    Parameters
    ----------
    cells
        By name.
    topology
        The links, and which of them leads up from a node by a way.
    downlink_share
        Downlink demand over uplink demand.
    """

    def __init__(self, cells: dict[str, Cell], topology: Topology, downlink_share: float) -> None:
        self._cells = cells
        self._down_share = downlink_share
        self._donors = topology.of_kind("donor")
        links = [link for cell in cells.values() for link in cell.children]
        self._child = {link: topology.links[link].child for link in links}
        self._ways = tuple(dict.fromkeys([(), *(cell.transit_way for cell in cells.values())]))
        self._up: dict[tuple[str, Way], str | None] = {}  # the link of a node
        for name, way in itertools.product(cells, self._ways):
            link = None if name in self._donors else topology.uplink_of(name, way)
            self._up[name, way] = None if link is None else link.name
        self._top_down = self._sorted()
        self._parent = {link: name for name, cell in cells.items() for link in cell.children}
        self._users = dict.fromkeys(links, 0)
        for cell in cells.values():
            self._count(cell, (), cell.weight)
            self._count(cell, cell.transit_way, len(cell.transit))

    def _sorted(self) -> list[str]:
        """Parents before children."""
        above = Counter(
            self._child[link] for cell in self._cells.values() for link in cell.children
        )
        order = [name for name in self._cells if not above[name]]
        for name in order:  # grows while it is walked
            for link in self._cells[name].children:
                above[self._child[link]] -= 1
                if not above[self._child[link]]:
                    order.append(self._child[link])
        return order

    def _count(self, cell: Cell, way: Way, users: int) -> None:
        for link in self._links_up(cell.name, way):
            self._users[link] += users

    def _links_up(self, name: str, way: Way) -> Iterator[str]:
        while (link := self._up[name, way]) is not None:
            yield link
            name = self._parent[link]

    def _leads_up(self, name: str, way: Way) -> bool:
        """Whether a way ends at a donor."""
        ends = [name, *(self._parent[link] for link in self._links_up(name, way))]
        return ends[-1] in self._donors

    def divide(
        self, times_ns: IntArray, backhaul_bps: dict[tuple[str, Direction], FloatArray]
    ) -> tuple[dict[tuple[str, Direction], CellShare], FloatArray]:
        """Who gets what at these times.

        Parameters
        ----------
        times_ns
            Starts of the epochs, shape ``(T,)``.
        backhaul_bps
            Rate of the parent's whole cell for a backhaul link, shape ``(T,)``.

        Returns
        -------
        shares, carried_bps
            By cell and direction; and what all background users get, shape ``(T,)``.
        """
        rows = times_ns.size
        rates = {
            (name, d): _columns(
                [
                    *(user.rate_bps(times_ns, d) for user in cell.users),
                    *(backhaul_bps[link, d] for link in cell.children),
                ],
                rows,
            )
            for name, cell in self._cells.items()
            for d in DIRECTIONS
        }
        demand, transit = {}, {}
        for name, cell in self._cells.items():
            wanted = _columns([user.at(times_ns) for user in cell.users], rows)
            entering = _columns([user.at(times_ns) for user in cell.transit], rows).sum(axis=1)
            # Their demand is drawn on while they pause.
            pause = cell.is_asleep or not self._leads_up(name, ())
            demand[name] = np.zeros_like(wanted) if pause else wanted
            pause = cell.is_asleep or not self._leads_up(name, cell.transit_way)
            transit[name] = np.zeros(rows) if pause else entering
        up, got_up = self._uplink(demand, transit, rates)
        down, got_down = self._downlink(demand, transit, rates)
        return {**up, **down}, got_up + got_down

    def _uplink(
        self,
        demand: dict[str, FloatArray],
        transit: dict[str, FloatArray],
        rates: dict[tuple[str, Direction], FloatArray],
    ) -> tuple[dict[tuple[str, Direction], CellShare], FloatArray]:
        shares: dict[tuple[str, Direction], CellShare] = {}
        offered: dict[str, ByWay] = {link: {} for link in self._child}
        carried = []
        for name in reversed(self._top_down):
            cell, entering = self._cells[name], transit[name]
            totals = [_total(offered[link], entering.size) for link in cell.children]
            wanted_bps = np.column_stack([demand[name], *totals])
            parts, got = self._divide_cell(cell, "up", wanted_bps, rates)
            shares.update(parts)
            columns: dict[Way, list[FloatArray]] = {way: [] for way in self._ways}
            columns[()].append(got[:, : len(cell.users)])
            for link, bps in zip(cell.children, got.T[len(cell.users) :], strict=True):
                for way, part_bps in _parts(bps, offered[link]).items():
                    columns[way].append(part_bps)
            for way, together in columns.items():
                leaving = np.column_stack([np.empty((entering.size, 0)), *together]).sum(axis=1)
                if way == cell.transit_way:
                    leaving = leaving + entering
                link_up = self._up[name, way]
                if link_up is not None:
                    offered[link_up][way] = leaving
                elif name in self._donors:
                    carried.append(leaving)
        return shares, np.sum(carried, axis=0)

    def _downlink(
        self,
        demand: dict[str, FloatArray],
        transit: dict[str, FloatArray],
        rates: dict[tuple[str, Direction], FloatArray],
    ) -> tuple[dict[tuple[str, Direction], CellShare], FloatArray]:
        wanted = self._wanted_down(demand, transit)
        shares: dict[tuple[str, Direction], CellShare] = {}
        arrives = {key: np.ones_like(bps) for key, bps in wanted.items()}  # part of the wanted
        carried = np.zeros(0)
        for name in self._top_down:
            cell = self._cells[name]
            own = demand[name] * self._down_share * arrives[name, ()][:, None]
            offered: dict[str, ByWay] = {
                link: {
                    way: wanted[self._child[link], way] * arrives[name, way]
                    for way in self._ways
                    if self._up[self._child[link], way] == link
                }
                for link in cell.children
            }
            totals = [_total(by_way, len(own)) for by_way in offered.values()]
            wanted_bps = np.column_stack([own, *totals])
            parts, got = self._divide_cell(cell, "down", wanted_bps, rates)
            shares.update(parts)
            carried = got[:, : len(cell.users)].sum(axis=1) + (carried if carried.size else 0.0)
            for (link, by_way), bps in zip(offered.items(), got.T[len(cell.users) :], strict=True):
                for way, part_bps in _parts(bps, by_way).items():
                    below = self._child[link], way
                    np.divide(part_bps, wanted[below], out=arrives[below], where=wanted[below] > 0)
        return shares, carried

    def _wanted_down(
        self, demand: dict[str, FloatArray], transit: dict[str, FloatArray]
    ) -> dict[tuple[str, Way], FloatArray]:
        """By node and way: what is wanted there and at all nodes below it."""
        wanted: dict[tuple[str, Way], FloatArray] = {}
        for name, way in itertools.product(reversed(self._top_down), self._ways):
            cell, own = self._cells[name], np.zeros(len(demand[name]))
            if not way:
                own = demand[name].sum(axis=1)
            if way == cell.transit_way:
                own = own + transit[name]
            children = ((self._child[link], link) for link in cell.children)
            below = [wanted[c, way] for c, link in children if self._up[c, way] == link]
            wanted[name, way] = np.sum([own * self._down_share, *below], axis=0)
        return wanted

    def _divide_cell(
        self,
        cell: Cell,
        direction: Direction,
        wanted_bps: FloatArray,
        rates: dict[tuple[str, Direction], FloatArray],
    ) -> tuple[dict[tuple[str, Direction], CellShare], FloatArray]:
        """Divide a node's cell, or its sectors; also what each of its channels gets, bit/s."""
        own_bps = rates[cell.name, direction]
        weights = np.array(
            [1.0] * len(cell.users) + [max(1.0, self._users[link]) for link in cell.children]
        )
        wanted = np.zeros_like(wanted_bps)  # who is out of range takes nothing
        np.divide(wanted_bps, own_bps, out=wanted, where=own_bps > 0)
        shares: dict[tuple[str, Direction], CellShare] = {}
        got = np.zeros_like(wanted)
        for pool, columns in cell.pools().items():
            shares[pool, direction], got[:, columns] = _share(wanted[:, columns], weights[columns])
        return shares, got * own_bps


def _total(by_way: ByWay, rows: int) -> FloatArray:
    return np.asarray(np.sum([np.zeros(rows), *by_way.values()], axis=0))


def _parts(bps: FloatArray, offered: ByWay) -> ByWay:
    """How a rate is divided among ways: as what they offered."""
    total = _total(offered, bps.size)
    parts = {}
    for way, wanted in offered.items():
        part = np.ones_like(bps)
        np.divide(wanted, total, out=part, where=total > 0)
        parts[way] = bps * part
    return parts


def _columns(values: list[FloatArray], rows: int) -> FloatArray:
    """One column for each, also when there is none."""
    return np.array(values, dtype=np.float64).reshape(-1, rows).T


def _share(wanted: FloatArray, weights: FloatArray) -> tuple[CellShare, FloatArray]:
    """Divide a cell's time among users who want these parts of it; also the part of each."""
    alone = fair_level(wanted, weights, 0.0)
    got = np.minimum(wanted, alone[:, None] * weights)
    share = np.minimum(fair_level(wanted, weights, _TASK_WEIGHT) * _TASK_WEIGHT, 1.0)
    return CellShare(share, np.minimum(got.sum(axis=1), 1.0)), got
