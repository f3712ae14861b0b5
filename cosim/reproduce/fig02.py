"""Figure 2: a toy with three layers and three nodes, where multi-split is never worse (III)."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure as Canvas

from cosim.reproduce.claim import Claim, shape
from cosim.reproduce.figure import Figure, finish
from cosim.reproduce.lab import Lab
from cosim.splitting import (
    CloudOnly,
    Policy,
    SingleSplit,
    SplitProblem,
    UeOnly,
    solve_chain,
    solve_sci,
)

_LOAD = np.array([0.5, 1.0, 4.0])  # of the layers
_SENT = np.array([1.2, 1.0, 4.0, 0.0])  # at each boundary; the result stays where it is
_SPEED = np.array([1.0, 3.0, 10.0])  # of UE, MEC and cloud
_ACCESS = 2.0  # capacity UE - MEC
_CAPACITY = np.linspace(1.0, 0.1, 37)  # MEC - cloud
_RIVALS: dict[str, type[Policy]] = {"UE": UeOnly, "cloud": CloudOnly, "single split": SingleSplit}


def reproduce(_lab: Lab) -> Figure:
    """Solve it at every capacity; nothing is simulated."""
    problems = [_problem(capacity) for capacity in _CAPACITY]
    cost = {
        name: np.array([solve_chain(rival(), problem).cost for problem in problems])
        for name, rival in _RIVALS.items()
    }
    cost["multi-split"] = np.array([solve_sci(problem).cost for problem in problems])
    plans = [solve_sci(problem).boundaries for problem in problems]

    def draw(canvas: Canvas) -> None:
        axes = canvas.subplots()
        for name, values in cost.items():
            axes.plot(_CAPACITY, values, label=name)
        axes.invert_xaxis()
        finish(axes, title="Toy of Fig. 2", x="MEC - cloud capacity", y="cost (units of time)")

    return Figure("2", "Cost of four split architectures", tuple(_claims(cost, plans)), draw)


def _problem(capacity: float) -> SplitProblem:
    links = np.array([_ACCESS, capacity])
    return SplitProblem(_LOAD / _SPEED[:, None], _SENT / links[:, None])


def _claims(cost: dict[str, np.ndarray], plans: list[tuple[int, ...]]) -> list[Claim]:
    multi, cloud, single = cost["multi-split"], cost["cloud"], cost["single split"]
    worst = max(float((multi - cost[name]).max()) for name in _RIVALS)
    gain = 1 - float((multi / single).min())
    begin, end = plans[0], plans[-1]
    moved = single[-1] == cost["UE"][-1]
    return [
        shape(
            "2",
            "multi-split is never worse than UE, cloud or single split",
            f"at most {worst:.3g} above any of them",
            worst <= 1e-9,
            "SCI is not optimal here",
        ),
        shape(
            "2",
            "cloud ML costs more and more as the MEC - cloud link gets slower",
            f"from {cloud[0]:.2f} to {cloud[-1]:.2f}",
            bool((np.diff(cloud) > 0).all()),
            "its cost does not rise",
        ),
        shape(
            "2",
            "single split begins with all layers in the cloud, and goes to the UE",
            f"equals cloud at capacity 1: {single[0] == cloud[0]}; UE at 1/10: {moved}",
            bool(single[0] == cloud[0] and moved),
            f"at capacity 1 it costs {single[0]:.3g} where cloud ML costs {cloud[0]:.3g}",
        ),
        shape(
            "2",
            "multi-split is below single split when the link is slow, by layers at the MEC",
            f"{gain:.0%} lower at most; boundaries {begin} at 1, {end} at 1/10",
            gain > 0 and end[2] > end[1],
            "no layer is worth the MEC",
        ),
    ]
