"""Both networks on one scenario: what differs, by how much, and whether that is allowed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import pandas as pd
from msgspec.structs import replace

from cosim.api import COMPARED_POLICIES
from cosim.backends import BACKENDS
from cosim.errors import InputError
from cosim.paper_links import PAPER_LINKS
from cosim.scenario import Scenario
from cosim.scenario.topology import access_link
from cosim.validation.attribution import Cause, attribute, attributed
from cosim.validation.pairs import Made, Pairs, make_pairs
from cosim.validation.probe import SIZES_BYTES, probe
from cosim.validation.statistics import (
    HopGroup,
    Interval,
    bootstrap,
    disagreement,
    hop_groups,
    hop_time_difference,
    hop_time_error,
    ranking,
    relative_mean,
    relative_quantile,
)

QUANTILES: Final = (0.5, 0.95)
_IDLE = "ue-only"  # leaves the network to the others, so that capacities can be compared
_MAIN = "hivemind"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison.

    Attributes
    ----------
    metric
        ``capacity``, ``transfer`` (of chosen sizes, without tasks), ``hop time`` (of what tasks
        sent), ``latency``, ``plans`` or ``ranking``.
    what
        Of which link, hop, quantile.
    unit
        Of `ns3` and `simplified`.
    ns3, simplified
        The values, or None where one number stands for both.
    ns3_std, simplified_std, paper, paper_std
        Of capacities: standard deviations, and the paper's Table I.
    difference, low, high
        Relative difference, share of the time, or tau, with its 95 % confidence interval.
    margin
        What the scenario allows; None when it is not judged.
    holds
        Whether it is within the margin.
    """

    metric: str
    what: str
    unit: str = ""
    ns3: float | None = None
    simplified: float | None = None
    ns3_std: float | None = None
    simplified_std: float | None = None
    paper: float | None = None
    paper_std: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    margin: float | None = None
    holds: bool = True


@dataclass(frozen=True, eq=False)
class Validation:
    """What `validate` found.

    Attributes
    ----------
    scenario, rows, causes
        What was compared, how far apart it is, and what makes the hop times differ.
    pairs, groups
        The runs, and the transfers that both networks have.
    probes
        Transfers of chosen sizes, hop by hop, without tasks.
    """

    scenario: Scenario
    rows: tuple[Row, ...]
    causes: tuple[Cause, ...]
    pairs: Pairs
    groups: tuple[HopGroup, ...]
    probes: tuple[HopGroup, ...]

    @property
    def attributed(self) -> tuple[str, ...]:
        """The policies whose transfers `causes` are about."""
        return attributed(self.pairs)

    @property
    def is_judged(self) -> bool:
        """Whether the scenario declares any margin."""
        return any(row.margin is not None for row in self.rows)

    @property
    def holds(self) -> bool:
        """Whether every margin is kept."""
        return all(row.holds for row in self.rows)


def validate(
    scenario: Scenario,
    *,
    seeds: int = 3,
    policies: Sequence[str] = COMPARED_POLICIES,
    directory: Path,
    tell: Callable[[str], None],
) -> Validation:
    """Run a scenario on both networks, and compare them.

    Parameters
    ----------
    scenario
        With the margins in its ``validation``.
    seeds
        How many, from the scenario's on.
    policies
        To be ranked; `hivemind` and `ue-only` are always among them.
    directory
        Where the runs lie.
    tell
        Called with what is done.

    Raises
    ------
    InputError
        When no task of HiveMind is finished on one of the networks.
    """
    names = tuple(dict.fromkeys((_MAIN, _IDLE, *policies)))
    numbers = tuple(range(scenario.seed, scenario.seed + seeds))
    pairs = make_pairs(scenario, names, numbers, directory, tell)
    for backend in BACKENDS:
        if not sum(len(made.done) for made in pairs.of(backend, _MAIN)):
            raise InputError(
                f"{scenario.name}: no task of {_MAIN} was finished on {backend} in "
                f"{scenario.duration / 1e9:g} s, so that there is nothing to compare",
                hint="simulate longer: --duration",
            )
    groups = tuple(
        hop_groups(*(pd.concat(pairs.transfers(backend)) for backend in ("ns3", "simplified")))
    )
    overall = hop_time_difference(groups)
    probes = _probes(scenario, numbers, directory, tell)
    rows = (
        *_capacity_rows(scenario, pairs),
        *_group_rows("transfer", probes),
        *_hop_rows(scenario, groups, overall),
        *_latency_rows(scenario, pairs),
        _plan_row(scenario, pairs),
        _ranking_row(scenario, pairs),
    )
    causes: tuple[Cause, ...] = ()
    if scenario.topology_changes or any(node.waypoints_m for node in scenario.nodes):
        causes = attribute(scenario, pairs, directory, tell)
    return Validation(scenario, rows, causes, pairs, groups, probes)


def _probes(
    scenario: Scenario, seeds: Sequence[int], directory: Path, tell: Callable[[str], None]
) -> tuple[HopGroup, ...]:
    found = []
    for backend in BACKENDS:
        tell(f"{backend}, transfers of {len(SIZES_BYTES)} sizes over each hop")
        place = directory / backend / "probe"
        found.append(pd.concat(probe(replace(scenario, seed=x), backend, place) for x in seeds))
    return tuple(hop_groups(*found))


def _group_rows(metric: str, groups: Sequence[HopGroup]) -> list[Row]:
    """Of each hop and size, without a margin."""
    return [
        Row(
            metric=metric,
            what=f"{group.hop}, {group.size_bytes / 1e3:.0f} kB",
            unit="ms",
            ns3=float(group.ns3_s.mean() * 1e3),
            simplified=float(group.simplified_s.mean() * 1e3),
            **_judged(hop_time_difference([group]), None),
        )
        for group in groups
    ]


def _capacity_rows(scenario: Scenario, pairs: Pairs) -> list[Row]:
    paper = {row.link: row for row in PAPER_LINKS if row.scenario == scenario.name}
    margin = scenario.validation.capacity
    uplinks = {link.name: link.child for link in scenario.links}
    uplinks |= {access_link(node.name): node.name for node in scenario.nodes if node.kind == "ue"}
    rows = []
    for link, child in uplinks.items():
        both = [_capacities(pairs.of(backend, _IDLE), link, child) for backend in BACKENDS]
        ends = [end for end in both[0] if end in both[1]]
        for end in ends:
            ns3, simplified = (found[end] for found in both)
            difference = bootstrap(relative_mean, _blocks(ns3), _blocks(simplified))
            table = paper.get(link)
            rows.append(
                Row(
                    metric="capacity",
                    what=link if len(ends) == 1 else f"{link} to {end}",
                    unit="Mbps",
                    ns3=float(ns3.mean()),
                    simplified=float(simplified.mean()),
                    ns3_std=float(ns3.std()),
                    simplified_std=float(simplified.std()),
                    paper=None if table is None else table.mean_mbps,
                    paper_std=None if table is None else table.std_mbps,
                    **_judged(difference, margin),
                )
            )
    return rows


def _capacities(runs: Sequence[Made], link: str, child: str) -> dict[str, npt.NDArray[np.float64]]:
    """Of a link upward, Mbps, by its upper end: a handover gives another one."""
    links = pd.concat([made.result.links for made in runs])
    chosen = (links["link"] == link) & (links["transmitter"] == child) & (links["time_s"] > 0)
    groups = links[chosen & (links["receiver"] != "")].groupby("receiver", sort=False)
    return {str(end): part["capacity_bps"].to_numpy() / 1e6 for end, part in groups}


def _blocks(values: np.ndarray) -> list[float]:
    """Means of some 0.2 s, the coherence time of the traffic: what is about independent."""
    count = min(values.size, max(2, values.size // 20))
    return [float(part.mean()) for part in np.array_split(values, count)]


def _hop_rows(scenario: Scenario, groups: Sequence[HopGroup], overall: Interval) -> list[Row]:
    rows = _group_rows("hop time", groups)
    judged = _judged(overall, scenario.validation.hop_time)
    return [
        *rows,
        Row(metric="hop time", what="all hops", **judged),
        # The mean of all may agree because hops differ in opposite directions.
        Row(metric="hop time", what="each hop", **_judged(hop_time_error(groups), None)),
    ]


def _latency_rows(scenario: Scenario, pairs: Pairs) -> list[Row]:
    ns3, simplified = (
        np.concatenate([made.done["latency_s"].to_numpy() for made in pairs.of(backend, _MAIN)])
        for backend in ("ns3", "simplified")
    )
    return [
        Row(
            metric="latency",
            what=f"{_MAIN} p{share * 100:.0f}",
            unit="ms",
            ns3=float(np.quantile(ns3, share) * 1e3),
            simplified=float(np.quantile(simplified, share) * 1e3),
            **_judged(
                bootstrap(relative_quantile(share), ns3.tolist(), simplified.tolist()),
                scenario.validation.latency,
            ),
        )
        for share in QUANTILES
    ]


def _plan_row(scenario: Scenario, pairs: Pairs) -> Row:
    runs = zip(pairs.of("ns3", _MAIN), pairs.of("simplified", _MAIN), strict=True)
    duration_s = scenario.duration / 1e9
    differ = [x for a, b in runs for x in disagreement(a.done, b.done, duration_s)]
    blocks = _blocks(np.array(differ)) if differ else [float("nan")] * 2
    interval = bootstrap(lambda a, _: float(np.mean(a)), blocks, blocks)
    judged = _judged(interval, scenario.validation.plans)
    return Row(metric="plans", what=f"{_MAIN} differ", **judged)


def _ranking_row(scenario: Scenario, pairs: Pairs) -> Row:
    ns3, simplified = (
        [
            np.array(
                [pairs.runs[backend, p, seed].done["latency_s"].mean() for p in pairs.policies]
            )
            for seed in pairs.seeds
        ]
        for backend in ("ns3", "simplified")
    )
    interval = bootstrap(ranking, ns3, simplified)
    margin = scenario.validation.ranking
    return Row(
        metric="ranking",
        what="Kendall tau",
        difference=interval.value,
        low=interval.low,
        high=interval.high,
        margin=margin,
        holds=margin is None or interval.value >= margin,
    )


def _judged(interval: Interval, margin: float | None) -> dict[str, Any]:
    value = interval.value
    return {
        "difference": value,
        "low": interval.low,
        "high": interval.high,
        "margin": margin,
        "holds": margin is None or abs(value) <= margin,
    }
