"""How proportional fairness divides the cells of the radio tree among everybody's traffic.

Uplink traffic is followed from the leaves to the donor, downlink traffic the other way. In every
cell it competes with the cell's own users; a backhaul channel weighs as many as the users it
carries. With sectors, backhaul channels have cells of the parent to themselves. All arrays have one
row for each epoch, a time in which nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np

from cosim.network.simplified.radio import DIRECTIONS, Direction
from cosim.network.simplified.tables import FloatArray
from cosim.network.simplified.traffic import IntArray, LogNormalRate, fair_level

_TASK_WEIGHT = 1.0  # a task is one user's


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

    demand: LogNormalRate
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
        Traffic that enters here to load the backhaul alone.
    children
        The nodes below it by a wireless link, each with the name of the cell that serves it: this
        one, or a sector.
    is_asleep
        Whether its users and its transit pause.
    """

    name: str
    users: tuple[User, ...]
    weight: int
    transit: LogNormalRate | None
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


class RadioTree:
    """The cells below the donors.

    Parameters
    ----------
    cells
        By name.
    downlink_share
        Downlink demand over uplink demand.
    """

    def __init__(self, cells: dict[str, Cell], downlink_share: float) -> None:
        self._cells = cells
        self._down_share = downlink_share
        below = {child for cell in cells.values() for child in cell.children}
        self._top_down = [name for name in cells if name not in below]
        self._roots = tuple(self._top_down)
        for name in self._top_down:  # grows while it is walked: parents come before children
            self._top_down += cells[name].children
        self._users = {name: self._count(name) for name in cells}

    def _count(self, name: str) -> int:
        cell = self._cells[name]
        own = cell.weight + (cell.transit is not None)
        return own + sum(map(self._count, cell.children))

    def divide(
        self, times_ns: IntArray, backhaul_bps: dict[tuple[str, Direction], FloatArray]
    ) -> tuple[dict[tuple[str, Direction], CellShare], FloatArray]:
        """Who gets what at these times.

        Parameters
        ----------
        times_ns
            Starts of the epochs, shape ``(T,)``.
        backhaul_bps
            Rate of the parent's whole cell for the backhaul of a node, shape ``(T,)``.

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
                    *(backhaul_bps[child, d] for child in cell.children),
                ],
                rows,
            )
            for name, cell in self._cells.items()
            for d in DIRECTIONS
        }
        demand, transit = {}, {}
        for name, cell in self._cells.items():
            wanted = _columns([user.at(times_ns) for user in cell.users], rows)
            entering = None if cell.transit is None else cell.transit.at(times_ns)
            # Their demand is drawn on while they pause.
            demand[name] = np.zeros_like(wanted) if cell.is_asleep else wanted
            if entering is None or cell.is_asleep:
                entering = np.zeros(rows)
            transit[name] = entering
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
        offered: dict[str, FloatArray] = {}  # to the backhaul of a node
        for name in reversed(self._top_down):
            cell = self._cells[name]
            wanted_bps = np.column_stack([demand[name], *(offered[c] for c in cell.children)])
            parts, got = self._divide_cell(cell, "up", wanted_bps, rates)
            shares.update(parts)
            offered[name] = got.sum(axis=1) + transit[name]
        return shares, np.sum([offered[root] for root in self._roots], axis=0)

    def _downlink(
        self,
        demand: dict[str, FloatArray],
        transit: dict[str, FloatArray],
        rates: dict[tuple[str, Direction], FloatArray],
    ) -> tuple[dict[tuple[str, Direction], CellShare], FloatArray]:
        wanted: dict[str, FloatArray] = {}  # of a node and all below it
        for name in reversed(self._top_down):
            below = [wanted[child] for child in self._cells[name].children]
            own = (demand[name].sum(axis=1) + transit[name]) * self._down_share
            wanted[name] = np.sum([own, *below], axis=0)
        shares: dict[tuple[str, Direction], CellShare] = {}
        arrives = {root: np.ones_like(wanted[root]) for root in self._roots}  # part of the wanted
        carried = np.zeros_like(wanted[self._roots[0]]) if self._roots else np.zeros(0)
        for name in self._top_down:
            cell, part = self._cells[name], arrives[name]
            own = demand[name] * self._down_share * part[:, None]
            wanted_bps = np.column_stack([own, *(wanted[c] * part for c in cell.children)])
            parts, got = self._divide_cell(cell, "down", wanted_bps, rates)
            shares.update(parts)
            users = len(cell.users)
            carried = carried + got[:, :users].sum(axis=1)
            for column, child in enumerate(cell.children, start=users):
                ratio = np.ones_like(part)
                np.divide(got[:, column], wanted[child], out=ratio, where=wanted[child] > 0)
                arrives[child] = ratio
        return shares, carried

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
            [1.0] * len(cell.users) + [max(1.0, self._users[child]) for child in cell.children]
        )
        wanted = np.zeros_like(wanted_bps)  # who is out of range takes nothing
        np.divide(wanted_bps, own_bps, out=wanted, where=own_bps > 0)
        shares: dict[tuple[str, Direction], CellShare] = {}
        got = np.zeros_like(wanted)
        for pool, columns in cell.pools().items():
            shares[pool, direction], got[:, columns] = _share(wanted[:, columns], weights[columns])
        return shares, got * own_bps


def _columns(values: list[FloatArray], rows: int) -> FloatArray:
    """One column for each, also when there is none."""
    return np.array(values, dtype=np.float64).reshape(-1, rows).T


def _share(wanted: FloatArray, weights: FloatArray) -> tuple[CellShare, FloatArray]:
    """Divide a cell's time among users who want these parts of it; also the part of each."""
    alone = fair_level(wanted, weights, 0.0)
    got = np.minimum(wanted, alone[:, None] * weights)
    share = np.minimum(fair_level(wanted, weights, _TASK_WEIGHT) * _TASK_WEIGHT, 1.0)
    return CellShare(share, np.minimum(got.sum(axis=1), 1.0)), got
