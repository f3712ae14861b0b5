"""Figure 6: spikes of latency when decisions go stale, on a lively chain (IV.F)."""

from __future__ import annotations

from matplotlib.figure import Figure as Canvas

from cosim.reproduce.claim import at_least, shape
from cosim.reproduce.figure import Figure, finish
from cosim.reproduce.lab import DYNAMIC_CHAIN, Lab, done


def reproduce(lab: Lab) -> Figure:
    """One run on the lively chain, and the worst half second of it."""
    tasks = done(lab.run(DYNAMIC_CHAIN, duration_s=60.0))
    latency_ms = tasks["latency_s"] * 1e3
    worst, median = float(latency_ms.max()), float(latency_ms.median())
    centre_s = float(tasks["start_s"].iloc[int(latency_ms.to_numpy().argmax())])
    window = tasks[(tasks["start_s"] - centre_s).abs() < 0.4]
    why = (
        f"the median task takes {median:.0f} ms: the first MEC finishes it when a link is poor, "
        "and what "
        "is sent on is the input of 151 kB, which even the trickle of 5 % that a wire keeps carries"
    )
    claims = (
        at_least("6", "largest spike of latency above (ms)", 500.0, worst, why),
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
        axes.plot(window["start_s"] * 1e3, window["latency_s"] * 1e3, marker=".")
        finish(axes, title="Latency over time", x="start (ms)", y="latency (ms)", legend=False)

    return Figure("6", "Latency over time on a lively chain", claims, draw)
