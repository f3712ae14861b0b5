"""Figure 6: spikes of latency when decisions go stale, on a lively chain (IV.F)."""

from __future__ import annotations

from typing import Any, Final

from matplotlib.figure import Figure as Canvas

from cosim.models import load_model_profile
from cosim.network.demand import LARGEST_CROSS_FRACTION
from cosim.reproduce.claim import at_least, shape
from cosim.reproduce.figure import Figure, finish, mark_paper
from cosim.reproduce.lab import DYNAMIC_CHAIN, Lab, done
from cosim.scenario import load_scenario

_SPIKE_MS: Final = 500.0


def reproduce(lab: Lab) -> Figure:
    """One run on the lively chain, and the worst half second of it."""
    tasks = done(lab.run(DYNAMIC_CHAIN, duration_s=60.0))
    latency_ms = tasks["latency_s"] * 1e3
    worst, median = float(latency_ms.max()), float(latency_ms.median())
    centre_s = float(tasks["start_s"].iloc[int(latency_ms.to_numpy().argmax())])
    window = tasks[(tasks["start_s"] - centre_s).abs() < 0.4]
    why = _why(tasks.nlargest(1, "latency_s").iloc[0])
    claims = (
        at_least("6", "largest spike of latency above (ms)", _SPIKE_MS, worst, why),
        shape(
            "6",
            "latency is low but for spikes (largest over median at least 2)",
            f"{worst / median:.1f}",
            worst >= 2 * median,
            why,
        ),
    )

    def draw(canvas: Canvas) -> None:
        axes = canvas.subplots()
        axes.plot(window["start_s"] * 1e3, window["latency_s"] * 1e3, marker=".", label="ours")
        mark_paper(axes, "spikes above", y=_SPIKE_MS)
        axes.set_ylim(bottom=0)
        finish(axes, title="Latency around the largest spike", x="start (ms)", y="latency (ms)")

    return Figure("6", "Latency over time on a lively chain", claims, draw)


def _why(task: Any) -> str:
    """What the worst task waited for, and how long a hop can take at most."""
    hop = max(range(len(task["route"])), key=task["hop_transfer_s"].__getitem__)
    scenario = load_scenario(DYNAMIC_CHAIN)
    input_bytes = int(load_model_profile(scenario.task.model).live_bytes[0])
    slowest = min((x for x in scenario.links if x.capacity), key=lambda x: x.capacity or 0)
    least_bps = (1 - LARGEST_CROSS_FRACTION) * float(slowest.capacity or 0)
    longest_ms = 8e3 * input_bytes / least_bps
    return (
        f"the worst task takes {task['hop_transfer_s'][hop] * 1e3:.0f} ms to {task['route'][hop]}, "
        f"where the UE had expected {task['expected_s'] * 1e3:.0f} ms in all. No plan sends more "
        f"than the input of {input_bytes / 1e3:.0f} kB, which takes {longest_ms:.0f} ms over "
        f"{slowest.name} at the {1 - LARGEST_CROSS_FRACTION:.0%} that are always left of a wire"
    )
