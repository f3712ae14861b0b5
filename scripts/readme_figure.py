"""Draw the README's picture from the run directory of a `cosim compare`.

    cosim compare --out runs/readme
    python scripts/readme_figure.py runs/readme docs/images/mmwave-iab.png

Needs matplotlib (`pip install matplotlib`), which cosim itself does not.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from cosim.results import RunResult
from cosim.scenario import Scenario

COLOURS = {"ue": "#d1495b", "iab": "#30638e", "donor": "#003d5b", "radio": "#8d99ae"}


def draw(directory: Path, picture: Path) -> None:
    """Map of the network, and latency by policy."""
    runs = {
        path.name: RunResult.open(path) for path in sorted(directory.iterdir()) if path.is_dir()
    }
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), width_ratios=(1, 1.15))
    draw_map(left, next(iter(runs.values())).scenario)
    draw_latency(right, runs)
    figure.tight_layout()
    figure.savefig(picture, dpi=160)


def draw_map(axes: Axes, scenario: Scenario) -> None:
    """Positions, radio links and the trajectory."""
    placed = {node.name: node for node in scenario.nodes if node.position_m is not None}
    for link in scenario.links:
        if link.kind == "wireless":
            ends = np.array([placed[n].position_m[:2] for n in (link.child, link.parent)])
            axes.plot(*ends.T, color=COLOURS["radio"], linewidth=2, zorder=1)
            axes.annotate(link.name, ends.mean(axis=0), xytext=(5, 5), textcoords="offset points")
    for node in placed.values():
        x_m, y_m = node.position_m[:2]
        if node.waypoints_m:
            way = np.array([(x_m, y_m), *node.waypoints_m])
            axes.plot(*way.T, "--", color=COLOURS["ue"], linewidth=1.5, zorder=2)
        axes.scatter(x_m, y_m, s=70, color=COLOURS[node.kind], zorder=3)
        axes.annotate(node.name, (x_m, y_m), xytext=(7, -13), textcoords="offset points")
    axes.set(xlim=(0, 1000), ylim=(0, 1000), aspect="equal", xlabel="x (m)", ylabel="y (m)")
    axes.set_title("mmWave IAB network, UE at 40 km/h", fontsize=10)


def draw_latency(axes: Axes, runs: dict[str, RunResult]) -> None:
    """Empirical distribution of task latency for each policy."""
    for policy, run in sorted(runs.items(), key=lambda item: item[1].tasks.latency_s.mean()):
        latency_ms = np.sort(run.tasks.latency_s.dropna().to_numpy()) * 1e3
        share = np.arange(latency_ms.size + 1) / latency_ms.size
        latency_ms = np.concatenate([latency_ms[:1], latency_ms])
        style: dict[str, object] = {"linewidth": 2.6 if policy == "hivemind" else 1.4}
        if policy == "ue-only":  # under single-split where that keeps all on the UE
            style = {"linewidth": 3.5, "alpha": 0.5}
        axes.step(latency_ms, share, where="post", label=policy, **style)
    axes.set(xlabel="task latency (ms)", ylabel="share of tasks", ylim=(0, 1.02))
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    load = next(iter(runs.values())).scenario.load
    axes.set_title(f"ResNet18, load {load}: distribution of latency", fontsize=10)


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(sys.argv[2]))
