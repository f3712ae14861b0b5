"""What makes the hop times of the two networks differ, where something moves or the tree changes.

Each cause is taken out of both networks in turn; what the difference then changes by is its part.
TCP's start-up needs no run of its own: it is in the first transfers of a connection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec
import pandas as pd

from cosim.scenario import Scenario
from cosim.validation.pairs import Override, Pairs, make_pairs
from cosim.validation.statistics import hop_groups, hop_time_difference

_FIRST: Final = 3  # transfers of a connection in which its window grows
_POLICIES: Final = ("hivemind", "cloud-only", "edge-only")


class Cause(msgspec.Struct, frozen=True):
    """A cause of the difference of mean hop time, which may act against the others.

    Attributes
    ----------
    cause
        Its name, and how it was taken out.
    without
        The relative difference that is left without it.
    part
        What it adds to the difference: that with everything less `without`.
    """

    cause: str
    without: float
    part: float


def attribute(
    scenario: Scenario,
    pairs: Pairs,
    directory: Path,
    tell: Callable[[str], None],
) -> tuple[Cause, ...]:
    """Causes of what `pairs` show; of one seed and the policies that send most, for time's sake."""
    policies = attributed(pairs)
    some = Pairs(pairs.runs, policies, pairs.seeds[:1])
    difference = _difference(some)
    start_up = f"TCP start-up: without a connection's first {_FIRST} transfers"
    causes = [_cause(start_up, difference, _settled(some))]
    for name, overrides in _ablations(scenario).items():
        tell(f"attribution: {name}")
        place = directory / "attribution" / name.partition(":")[0].replace(" ", "-")
        made = make_pairs(scenario, policies, some.seeds, place, tell, overrides)
        causes.append(_cause(name, difference, _difference(made)))
    return tuple(causes)


def attributed(pairs: Pairs) -> tuple[str, ...]:
    """The policies that causes are looked for with."""
    return tuple(name for name in pairs.policies if name in _POLICIES)


def _ablations(scenario: Scenario) -> dict[str, list[Override]]:
    still: list[Override] = []
    for node in scenario.nodes:
        if node.waypoints_m:
            still += [(f"nodes.{node.name}.waypoints_m", []), (f"nodes.{node.name}.speed", "0 m/s")]
    causes: dict[str, list[Override]] = {
        "HARQ and link adaptation: line of sight, where no block fails": [
            ("radio.access_condition", "los"),
            ("radio.shadowing", "false"),
            ("simplified.access_loss", "0 dB"),
        ],
        "half duplex: all cells in all slots": [("radio.half_duplex", "none")],
        "motion and handover: the UE stands still": still,
        "interference: no link hears another": [("radio.interference", "false")],
        "FIFO wires: a burst waits only for what came before it; no cross traffic": [
            (f"links.{link.name}.cross_traffic.rate", "1 kbps")
            for link in scenario.links
            if link.cross_traffic is not None
        ],
    }
    if scenario.topology_changes:
        causes["changes of the tree: it stays as it is"] = [("topology_changes", [])]
    return {cause: overrides for cause, overrides in causes.items() if overrides}


def _settled(pairs: Pairs) -> float:
    tables = [pd.concat(pairs.transfers(backend)) for backend in ("ns3", "simplified")]
    return _of(*(table[table["ordinal"] >= _FIRST] for table in tables))


def _difference(pairs: Pairs) -> float:
    return _of(*(pd.concat(pairs.transfers(backend)) for backend in ("ns3", "simplified")))


def _of(ns3: pd.DataFrame, simplified: pd.DataFrame) -> float:
    return hop_time_difference(hop_groups(ns3, simplified)).value


def _cause(name: str, difference: float, without: float) -> Cause:
    return Cause(name, without, difference - without)


def names(causes: Sequence[Cause]) -> list[str]:
    """What the causes are called, for a picture."""
    return [cause.cause.partition(":")[0] for cause in causes]
