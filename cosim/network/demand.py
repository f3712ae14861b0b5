"""How a load level scales everybody else's traffic, whoever simulates it."""

from __future__ import annotations

from typing import Final

from cosim.scenario.population import with_mean
from cosim.scenario.schema import (
    BackgroundSpec,
    CrossTrafficSpec,
    LoadSpec,
    LogNormalSpec,
    Scenario,
    TransitSpec,
)

LARGEST_CROSS_FRACTION: Final = 0.95  # of a wire's capacity, so that a trickle is always left


def load_of(scenario: Scenario) -> LoadSpec:
    """The multipliers of the scenario's load level."""
    load: LoadSpec = getattr(scenario.loads, scenario.load)
    return load


def cross_rate_bps(traffic: CrossTrafficSpec, load: LoadSpec) -> float:
    """Mean rate of a crowd: more people, each of whom wants more."""
    return float(traffic.rate) * load.population * load.demand


def demand_bps(
    background: BackgroundSpec, load: LoadSpec, transit: TransitSpec | None = None
) -> tuple[LogNormalSpec, ...]:
    """Uplink demand of one background UE, or of one user on other carriers."""
    mean_bps = background.ue_rate if transit is None else transit.ue_rate
    return with_mean(background.rate_mixture, float(mean_bps) * load.demand)
