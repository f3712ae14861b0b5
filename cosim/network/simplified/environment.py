"""What the network leaves to tasks, epoch by epoch: everything that is not the tasks' own doing.

An epoch is a time in which nothing of it changes. Epochs are worked out in blocks, so that numpy
does many at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from cosim.network.demand import (
    LARGEST_CROSS_FRACTION,
    cross_rate_bps,
    demand_bps,
    load_of,
)
from cosim.network.simplified.agenda import NEVER_NS
from cosim.network.simplified.cells import Cell, CellShare, FixedUser, RadioGraph, User
from cosim.network.simplified.moving import UE_HEIGHT_M, MovingUser, RandomWaypoint, Visit
from cosim.network.simplified.radio import DIRECTIONS, Direction, Radio
from cosim.network.simplified.tables import FloatArray
from cosim.network.simplified.traffic import IntArray, MixtureRate, md1_wait_s, named_stream
from cosim.network.simplified.tree import Stretch, backhaul_snr_db, serving_sector
from cosim.scenario.population import background_users, transit_users, with_mean
from cosim.scenario.schema import CrossTrafficSpec, LinkSpec, LogNormalSpec, Scenario, TransitSpec

_BLOCK_EPOCHS: Final = 256
_CROSS_FRAME_BITS: Final = 8 * 9000  # a jumbo frame
_LEAST_WIRE_SHARE: Final = 0.01  # of the capacity: FIFO never starves anyone fully


class LinkState(NamedTuple):
    """A fixed directed link in one epoch.

    Attributes
    ----------
    capacity_bps
        What a task can have.
    busy
        Share that others take.
    wait_ns
        Mean wait of a packet behind other people's.
    mcs, snr_db
        -1 and NaN on a wire.
    """

    capacity_bps: float
    busy: float
    wait_ns: int
    mcs: int
    snr_db: float


_NO_WAY: Final = LinkState(0.0, 0.0, 0, -1, math.nan)  # the link of a node without a parent


class Epoch(NamedTuple):
    """The state from `time_ns` on; `links` in the order of `Environment.link_keys`."""

    time_ns: int
    cells: dict[tuple[str, Direction], tuple[float, float]]  # share, busy; sectors have their own
    links: list[LinkState]
    background_bps: float


class Environment:
    """The scenario's background.

    Parameters
    ----------
    scenario
        What is simulated.
    stretches
        The ways up over time.
    radio
        Its radio.
    """

    def __init__(self, scenario: Scenario, stretches: Sequence[Stretch], radio: Radio) -> None:
        self._scenario, self._stretches, self._radio = scenario, stretches, radio
        self._home = stretches[0].topology
        self._load = load_of(scenario)
        self._periods_ns: set[int] = set()
        self._moving = self._moving_users() if scenario.background.speed > 0 else ()
        uplinks = self._home.uplinks.values()
        # Where a path names a node's first link, it is as if it named none.
        self._further = {link.name for own in uplinks for link in own[1:]}
        self._cells = {name: self._cell(name) for name in self._home.serving_nodes}
        links = self._home.links.values()
        self._wireless = [link for link in links if link.kind == "wireless"]
        self._wires = [link for link in links if link.kind == "wired"]
        self._cross = {
            (link.name, direction): self._drawn(
                link.cross_traffic, f"cross traffic/{link.name}/{direction}"
            )
            for link in self._wires
            for direction in DIRECTIONS
        }

    @property
    def link_keys(self) -> list[tuple[LinkSpec, Direction]]:
        """The directed fixed links: radio, then wires."""
        links = (*self._wireless, *self._wires)
        return [(link, direction) for link in links for direction in DIRECTIONS]

    def epochs(self) -> Iterator[Epoch]:
        """All epochs from time 0 on, without end while anything varies; some may have no length."""
        ends = [*(stretch.begin_ns for stretch in self._stretches[1:]), NEVER_NS]
        for stretch, end_ns in zip(self._stretches, ends, strict=True):
            graph = RadioGraph(
                self._cells_in(stretch),
                stretch.topology,
                self._scenario.background.downlink_share,
            )
            begin_ns = stretch.begin_ns
            while True:
                times = self._change_times(begin_ns, end_ns)
                yield from self._block(times[:-1], stretch, graph)
                begin_ns = int(times[-1])
                if begin_ns == end_ns:
                    break

    def _change_times(self, begin_ns: int, end_ns: int) -> IntArray:
        """When something changes, from `begin_ns` on; the last one is where the next block begins.

        That is `end_ns` where nothing changes any more.
        """
        if self._periods_ns:
            end_ns = min(end_ns, begin_ns + _BLOCK_EPOCHS * min(self._periods_ns))
        edges = (time for b in self._scenario.blockages for time in (b.start, b.end))
        once = [time for time in edges if begin_ns < time < end_ns]
        periodic = [np.arange(-(-begin_ns // p) * p, end_ns, p) for p in self._periods_ns]
        times = np.unique(np.concatenate([[begin_ns], *periodic, once]).astype(np.int64))
        return np.append(times, end_ns)

    def _block(self, times: IntArray, stretch: Stretch, graph: RadioGraph) -> Iterator[Epoch]:
        links = {link.name: stretch.attached(link.name) for link in self._wireless}
        snr = {
            link.name: self._backhaul_snr_db(link, times)
            for link in links.values()
            if link is not None
        }
        rates = {
            (name, direction): self._radio.rate_bps(snr_db, direction)
            for name, snr_db in snr.items()
            for direction in DIRECTIONS
        }
        shares, carried = graph.divide(times, rates)
        columns = [
            self._radio_column(shares[self._sector(link), d], rates[link.name, d], snr[link.name])
            if link is not None
            else [_NO_WAY] * times.size
            for link in links.values()
            for d in DIRECTIONS
        ]
        columns += [self._wire_column(link, d, times) for link in self._wires for d in DIRECTIONS]
        cells = {
            key: list(zip(cell.share.tolist(), cell.busy.tolist(), strict=True))
            for key, cell in shares.items()
        }
        for row, time_ns in enumerate(times.tolist()):
            yield Epoch(
                time_ns,
                {key: values[row] for key, values in cells.items()},
                [column[row] for column in columns],
                float(carried[row]) if carried.size else 0.0,
            )

    def _cells_in(self, stretch: Stretch) -> dict[str, Cell]:
        """The cells as they hang below each other in a stretch."""
        served: dict[str, dict[str, str]] = {name: {} for name in self._cells}
        for home in self._wireless:
            link = stretch.attached(home.name)
            if link is not None:
                served[link.parent][link.name] = self._sector(link)
        asleep = frozenset(
            index for index, name in enumerate(self._cells) if name in stretch.asleep
        )
        cells = {}
        for index, (name, cell) in enumerate(self._cells.items()):
            visits = tuple(Visit(user, index, asleep) for user in self._moving)
            cells[name] = replace(
                cell,
                users=cell.users or visits,
                children=served[name],
                is_asleep=name in stretch.asleep,
            )
        return cells

    def _sector(self, link: LinkSpec) -> str:
        has_sectors = self._scenario.radio.backhaul_sectors
        return serving_sector(self._home, link.parent, link.child, has_sectors=has_sectors)

    def _radio_column(
        self, cell: CellShare, rate_bps: FloatArray, snr_db: FloatArray
    ) -> list[LinkState]:
        capacity = (cell.share * rate_bps).tolist()
        mcs = self._radio.adaptation.mcs(snr_db).tolist()
        rows = zip(capacity, cell.busy.tolist(), mcs, snr_db.tolist(), strict=True)
        return [LinkState(bps, busy, 0, index, snr) for bps, busy, index, snr in rows]

    def _wire_column(
        self, link: LinkSpec, direction: Direction, times: IntArray
    ) -> list[LinkState]:
        capacity = float(link.capacity or 0)
        drawn = self._cross[link.name, direction]
        cross = np.zeros(times.size) if drawn is None else drawn.at(times)
        load = np.minimum(cross / capacity, LARGEST_CROSS_FRACTION)
        left = np.maximum(1 - load, _LEAST_WIRE_SHARE) * capacity
        wait_ns = np.rint(md1_wait_s(load, _CROSS_FRAME_BITS / capacity) * 1e9).astype(np.int64)
        rows = zip(left.tolist(), load.tolist(), wait_ns.tolist(), strict=True)
        return [LinkState(bps, busy, wait, -1, math.nan) for bps, busy, wait in rows]

    def _backhaul_snr_db(self, link: LinkSpec, times: IntArray) -> FloatArray:
        snr_db = backhaul_snr_db(self._home, link, self._radio)
        return snr_db - blockage_loss_db(self._scenario, link.name, times)

    def _cell(self, name: str) -> Cell:
        users = () if self._moving else self._fixed_users(name)
        node = self._home.nodes[name]
        transit = tuple(
            self._user_demand(f"transit/{name}/{user}", node.transit)
            for user in range(transit_users(self._scenario, node))
        )
        way = tuple(sorted(set(node.path) & self._further))
        return Cell(name, users, background_users(self._scenario, node), transit, way)

    def _fixed_users(self, cell: str) -> tuple[User, ...]:
        """Those that stay with a cell, uniform in a disc around it."""
        spec, radio = self._scenario.background, self._radio
        place = named_stream(self._scenario.seed, f"positions/{cell}")
        count = background_users(self._scenario, self._home.nodes[cell])
        ground_m = spec.radius_m * np.sqrt(place.uniform(0.01, 1, count))
        height_m = (self._home.nodes[cell].position_m or (0, 0, 0))[2] - UE_HEIGHT_M
        distance_m = np.hypot(ground_m, height_m)
        rates = {d: radio.rate_bps(radio.access_snr_db(distance_m, d), d) for d in DIRECTIONS}
        return tuple(
            FixedUser(
                self._user_demand(f"background/{cell}/{user}"),
                {d: float(rates[d][user]) for d in DIRECTIONS},
            )
            for user in range(count)
        )

    def _moving_users(self) -> tuple[MovingUser, ...]:
        """All UEs, for any may come to any cell."""
        spec, seed = self._scenario.background, self._scenario.seed
        names = self._home.serving_nodes
        cells_m = np.array([self._home.nodes[name].position_m for name in names])
        return tuple(
            MovingUser(
                RandomWaypoint(
                    cells_m[:, :2],
                    spec.radius_m,
                    first,
                    float(spec.speed),
                    named_stream(seed, f"positions/{name}/{user}"),
                ),
                self._user_demand(f"background/{name}/{user}"),
                cells_m,
                self._radio,
            )
            for first, name in enumerate(names)
            for user in range(background_users(self._scenario, self._home.nodes[name]))
        )

    def _user_demand(self, name: str, transit: TransitSpec | None = None) -> MixtureRate:
        spec = self._scenario.background
        return self._process(demand_bps(spec, self._load, transit), int(spec.coherence), name)

    def _drawn(self, traffic: CrossTrafficSpec | None, name: str) -> MixtureRate | None:
        if traffic is None:
            return None
        alone = (LogNormalSpec(sigma=traffic.sigma),)
        mixture = with_mean(alone, cross_rate_bps(traffic, self._load))
        return self._process(mixture, int(traffic.coherence), name)

    def _process(
        self, mixture: Sequence[LogNormalSpec], coherence_ns: int, name: str
    ) -> MixtureRate:
        self._periods_ns.add(coherence_ns)
        return MixtureRate(mixture, coherence_ns, named_stream(self._scenario.seed, name))


def blockage_loss_db(scenario: Scenario, link: str, times_ns: IntArray) -> FloatArray:
    """Extra loss of a link by obstacles at these times, one behind the other."""
    loss = np.zeros(times_ns.size)
    for blockage in scenario.blockages:
        if blockage.link == link:
            during = (times_ns >= blockage.start) & (times_ns < blockage.end)
            loss[during] += float(blockage.loss)
    return loss
