"""How many background UEs each cell has: the log-normal model of the paper's [48]."""

from __future__ import annotations

import math
import random

from cosim.scenario.schema import LoadSpec, Scenario


def background_users(scenario: Scenario, cell: str) -> int:
    """Background UEs of a cell at the scenario's load: a draw from its seed around the mean.

    A load level scales the draw, so that a cell that is crowded at one is at all.
    """
    load: LoadSpec = getattr(scenario.loads, scenario.load)
    sigma = scenario.background.population_sigma
    normal = random.Random(f"{scenario.seed}/population/{cell}").gauss(0, 1)
    mean = scenario.background.ues_per_cell * load.population
    # E[exp(N(mu, sigma^2))] = exp(mu + sigma^2 / 2), so this keeps the mean.
    return round(mean * math.exp(sigma * normal - sigma**2 / 2))
