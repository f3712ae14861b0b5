"""How proportional fairness divides the cells of the radio tree among everybody's traffic.

Uplink traffic is followed from the leaves to the donor, downlink traffic the other way. In every
cell it competes with the cell's own users; a backhaul channel weighs as many as the users it
carries. With sectors, backhaul channels have cells of the parent to themselves. All arrays have one
row for each epoch, a time in which nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from cosim.network.simplified.radio import Direction
from cosim.network.simplified.tables import FloatArray
from cosim.network.simplified.traffic import IntArray, LogNormalRate, fair_level

_TASK_WEIGHT = 1.0  # a task is one user's


@dataclass(frozen=True, eq=False)
class Cell:
    """A serving node, its background users, and its place in the tree.

    Attributes
    ----------
    name
        The node.
    demand
        Uplink demand of each background user.
    rates_bps
        By direction, shape ``(n,)``: rate of the whole cell for each of them.
    transit
        Traffic that enters here to load the backhaul alone.
    children
        The nodes below it by a wireless link, each with the name of the cell that serves it: this
        one, or a sector.
    is_asleep
        Whether its users and its transit pause.
    """

    name: str
    demand: tuple[LogNormalRate, ...]
    rates_bps: dict[Direction, FloatArray]
    transit: LogNormalRate | None
    children: Mapping[str, str] = field(default_factory=dict)
    is_asleep: bool = False

    def pools(self) -> dict[str, list[int]]:
        """Who shares the time of what: columns of its users and, after them, its children."""
        shared = {self.name: list(range(len(self.demand)))}
        for column, serving in enumerate(self.children.values(), start=len(self.demand)):
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
        own = len(cell.demand) + (cell.transit is not None)
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
        demand, transit = {}, {}
        for name, cell in self._cells.items():
            rates = np.array([user.at(times_ns) for user in cell.demand]).reshape(-1, times_ns.size)
            entering = None if cell.transit is None else cell.transit.at(times_ns)
            # Their demand is drawn on while they pause.
            demand[name] = np.zeros_like(rates.T) if cell.is_asleep else rates.T
            if entering is None or cell.is_asleep:
                entering = np.zeros(times_ns.size)
            transit[name] = entering
        up, got_up = self._uplink(demand, transit, backhaul_bps)
        down, got_down = self._downlink(demand, transit, backhaul_bps)
        return {**up, **down}, got_up + got_down

    def _uplink(
        self,
        demand: dict[str, FloatArray],
        transit: dict[str, FloatArray],
        backhaul_bps: dict[tuple[str, Direction], FloatArray],
    ) -> tuple[dict[tuple[str, Direction], CellShare], FloatArray]:
        shares: dict[tuple[str, Direction], CellShare] = {}
        offered: dict[str, FloatArray] = {}  # to the backhaul of a node
        for name in reversed(self._top_down):
            cell = self._cells[name]
            wanted_bps = np.column_stack([demand[name], *(offered[c] for c in cell.children)])
            parts, got = self._divide_cell(cell, "up", wanted_bps, backhaul_bps)
            shares.update(parts)
            offered[name] = got.sum(axis=1) + transit[name]
        return shares, np.sum([offered[root] for root in self._roots], axis=0)

    def _downlink(
        self,
        demand: dict[str, FloatArray],
        transit: dict[str, FloatArray],
        backhaul_bps: dict[tuple[str, Direction], FloatArray],
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
            parts, got = self._divide_cell(cell, "down", wanted_bps, backhaul_bps)
            shares.update(parts)
            users = len(cell.demand)
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
        backhaul_bps: dict[tuple[str, Direction], FloatArray],
    ) -> tuple[dict[tuple[str, Direction], CellShare], FloatArray]:
        """Divide a node's cell, or its sectors; also what each of its channels gets, bit/s."""
        rows = len(wanted_bps)
        rates = np.column_stack(
            [
                np.broadcast_to(cell.rates_bps[direction], (rows, len(cell.demand))),
                *(backhaul_bps[child, direction] for child in cell.children),
            ]
        )
        weights = np.array(
            [1.0] * len(cell.demand) + [max(1.0, self._users[child]) for child in cell.children]
        )
        wanted = np.zeros_like(wanted_bps)  # who is out of range takes nothing
        np.divide(wanted_bps, rates, out=wanted, where=rates > 0)
        shares: dict[tuple[str, Direction], CellShare] = {}
        got = np.zeros_like(wanted)
        for pool, columns in cell.pools().items():
            shares[pool, direction], got[:, columns] = _share(wanted[:, columns], weights[columns])
        return shares, got * rates


def _share(wanted: FloatArray, weights: FloatArray) -> tuple[CellShare, FloatArray]:
    """Divide a cell's time among users who want these parts of it; also the part of each."""
    alone = fair_level(wanted, weights, 0.0)
    got = np.minimum(wanted, alone[:, None] * weights)
    share = np.minimum(fair_level(wanted, weights, _TASK_WEIGHT) * _TASK_WEIGHT, 1.0)
    return CellShare(share, np.minimum(got.sum(axis=1), 1.0)), got
