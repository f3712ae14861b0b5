"""Network A of the HiveMind paper as one line of nodes, for solvers without a simulation.

UE, five IAB nodes, two core MECs and the cloud: nine nodes, with the mean rates of Table I on the
links A, A (the UE's own, of which the paper says nothing), C, E, F, F, G and H.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cosim.models import load_device_profile, load_model_profile
from cosim.problems import Chain, energy_problem, latency_problem
from cosim.splitting import SplitProblem
from cosim.splitting.study import Case, threshold_between

_DEVICES = ("paper-ue", *["paper-iab-mec"] * 5, *["paper-core-mec"] * 2, "paper-cloud")
_RATES_MBPS = (66.5, 66.5, 47.1, 48.6, 54.1, 54.1, 36.0, 18.1)  # Table I, mmWave IAB
_DELAY_S = 0.002  # of each link, ours: the paper gives none


def paper_chain(rate_factor: float = 1.0) -> Chain:
    """The line, all links `rate_factor` times as fast as Table I says."""
    devices = [load_device_profile(name) for name in _DEVICES]
    rates = [rate * 1e6 * rate_factor for rate in _RATES_MBPS]
    return Chain(devices, rates, [_DELAY_S] * len(rates))


def paper_problems(model: str, rate_factor: float = 1.0) -> tuple[SplitProblem, SplitProblem]:
    """Latency in s and energy in J of a shipped model on that line."""
    profile, chain = load_model_profile(model), paper_chain(rate_factor)
    return latency_problem(profile, chain), energy_problem(profile, chain)


def profile_cases(model: str, count: int, *, seed: int = 7) -> Iterator[Case]:
    """Cases of `cosim.splitting.study`: links from 0.3 to 10 times Table I's, random limits."""
    rng = np.random.default_rng(seed)
    for factor in np.geomspace(0.3, 10.0, count):
        latency, energy = paper_problems(model, float(factor))
        limit = threshold_between(latency, energy, float(rng.uniform(0.0, 1.0)))
        yield Case(latency, energy, limit)
