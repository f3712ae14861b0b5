"""How many other people's UEs there are: the log-normal mixture of the paper's [48].

J. Ding et al., "Measurement-driven capability modeling for mobile network in large-scale urban
environment", IEEE MASS 2016: over the base stations of a city, how many connections each has and
what rate a user has are mixtures of log-normal distributions.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from cosim.scenario.schema import LoadSpec, LogNormalSpec, NodeSpec, Scenario


def with_mean(mixture: Sequence[LogNormalSpec], mean: float) -> tuple[LogNormalSpec, ...]:
    """The mixture with medians, which are relative to each other, such that this is its mean."""
    weight = math.fsum(part.weight for part in mixture)
    # E[exp(N(mu, sigma^2))] = exp(mu + sigma^2 / 2).
    means = [part.median * math.exp(part.sigma**2 / 2) for part in mixture]
    present = math.fsum(
        part.weight / weight * each for part, each in zip(mixture, means, strict=True)
    )
    return tuple(
        LogNormalSpec(
            weight=part.weight / weight, median=part.median / present * mean, sigma=part.sigma
        )
        for part in mixture
    )


def background_users(scenario: Scenario, node: NodeSpec) -> int:
    """Background UEs of a serving node's cell, at the scenario's load."""
    own = node.background_ues
    return _drawn(scenario, node, scenario.background.ues_per_cell if own is None else own)


def transit_users(scenario: Scenario, node: NodeSpec) -> int:
    """Users of an IAB node on other carriers, at the scenario's load."""
    return 0 if node.transit is None else _drawn(scenario, node, node.transit.ues)


def _drawn(scenario: Scenario, node: NodeSpec, mean: int) -> int:
    """A draw from the scenario's seed around the mean.

    A node that is crowded at one load is at all, and on all carriers.
    """
    load: LoadSpec = getattr(scenario.loads, scenario.load)
    chance = random.Random(f"{scenario.seed}/population/{node.name}")
    mixture = with_mean(scenario.background.population_mixture, mean * load.population)
    (part,) = chance.choices(mixture, [part.weight for part in mixture])
    return round(part.median * math.exp(part.sigma * chance.gauss(0, 1)))
