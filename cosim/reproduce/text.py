"""What the paper says outside its figures (abstract, III, IV.C, VII)."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure as Canvas

from cosim.nodes.messages import SciMessage, encode
from cosim.reproduce.claim import Claim, at_least, at_most, close
from cosim.reproduce.figure import Figure, finish
from cosim.reproduce.lab import Lab, mean_ms
from cosim.reproduce.loads import LOADS, inference_runs
from cosim.splitting import plan_count

_RESNET152_LAYERS = 514  # leaf calls and additions of its graph


def reproduce(lab: Lab) -> Figure:
    """From the runs of Fig. 11, and from counting."""
    runs = inference_runs(lab, "mmwave-iab")
    update_ms = float(runs["mid", "hivemind"].sci["duration_s"].mean() * 1e3)
    message = SciMessage(1, 0, 0, 0, np.ones(_RESNET152_LAYERS + 1))
    gains = {
        rival: [
            100 * (1 - mean_ms(runs[load, "hivemind"]) / mean_ms(runs[load, rival]))
            for load in LOADS
        ]
        for rival in ("cloud-only", "single-split")
    }
    claims = [
        close(
            "text",
            "an SCI update takes (ms, IV.C)",
            27.0,
            update_ms,
            f"{update_ms:.1f} ms are the delays of the links that it crosses: the wires' are ours, "
            "solving takes microseconds (`make bench`)",
        ),
        at_most(
            "text", "an SCI message of ResNet152 (bytes, IV.C)", 4096.0, len(encode(message)), ""
        ),
        close("text", "plans of ResNet50 on five nodes (IV.B)", 4.0e7, plan_count(174, 5), ""),
        *_range("cloud-only", 37.0, 90.0, gains["cloud-only"]),
        *_range("single split", 32.0, 55.0, gains["single-split"]),
    ]

    def draw(canvas: Canvas) -> None:
        axes = canvas.subplots()
        for rival, values in gains.items():
            axes.plot(LOADS, values, marker="o", label=f"below {rival}")
        finish(axes, title="Mean latency of HiveMind", x="load", y="lower by (%)")

    return Figure("text", "Claims of the text", tuple(claims), draw)


def _range(rival: str, least: float, most: float, gains: list[float]) -> list[Claim]:
    values = ", ".join(f"{load} {gain:.0f} %" for load, gain in zip(LOADS, gains, strict=True))
    why = (
        f"{values}: at load high the links leave so little that HiveMind and the better rivals "
        "all stay on "
        "the UE, at load low a rival may be as good as the optimum"
    )
    return [
        at_least(
            "text", f"latency below {rival}, least of all loads (%, III)", least, min(gains), why
        ),
        close("text", f"latency below {rival}, most of all loads (%, III)", most, max(gains), why),
    ]
