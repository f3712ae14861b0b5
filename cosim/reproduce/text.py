"""What the paper says outside its figures (abstract, III, IV.B, IV.C, VII)."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure as Canvas

from cosim.nodes.messages import SciMessage, encode
from cosim.reproduce.claim import Claim, at_least, at_most, close
from cosim.reproduce.figure import Figure, finish
from cosim.reproduce.lab import Lab, mean_ms
from cosim.reproduce.loads import LOADS, inference_runs
from cosim.splitting.signalling import RESNET152_LAYERS, paper_figures

_MESSAGE = "SCI message, ResNet152"
_RANGES = {"cloud-only": (37.0, 90.0), "single-split": (32.0, 55.0)}  # % below, by load (III)


def reproduce(lab: Lab) -> Figure:
    """From the runs of Fig. 11, and from counting."""
    runs = inference_runs(lab, "mmwave-iab")
    update_ms = float(runs["mid", "hivemind"].sci["duration_s"].mean() * 1e3)
    gains = {
        rival: [
            100 * (1 - mean_ms(runs[load, "hivemind"]) / mean_ms(runs[load, rival]))
            for load in LOADS
        ]
        for rival in _RANGES
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
        *_counts(),
        *(claim for rival, values in gains.items() for claim in _range(rival, values)),
    ]

    def draw(canvas: Canvas) -> None:
        axes = canvas.subplots()
        for number, (rival, values) in enumerate(gains.items()):
            axes.plot(LOADS, values, marker="o", color=f"C{number}", label=f"below {rival}")
            least, most = _RANGES[rival]
            label = f"paper: below {rival}"
            axes.axhspan(least, most, color=f"C{number}", alpha=0.15, label=label)
        axes.set_ylim(0, 100)
        finish(axes, title="Mean latency of HiveMind", x="load", y="lower by (%)")

    return Figure("text", "Claims of the text", tuple(claims), draw)


def _counts() -> list[Claim]:
    """What plans, graphs and messages come to; the message itself is a real one."""
    claims = [
        close("text", f"{each.what} ({each.unit}, IV.B, IV.C)", each.paper, each.ours, each.note)
        for each in paper_figures()
        if each.what != _MESSAGE
    ]
    message = encode(SciMessage(1, 0, 0, 0, np.ones(RESNET152_LAYERS + 1)))
    return [*claims, at_most("text", f"{_MESSAGE} (bytes, IV.C)", 4096.0, len(message), "")]


def _range(rival: str, gains: list[float]) -> list[Claim]:
    least, most = _RANGES[rival]
    values = ", ".join(f"{load} {gain:.0f} %" for load, gain in zip(LOADS, gains, strict=True))
    why = (
        f"{values}: at load high the links leave so little that HiveMind and the better rivals "
        "all stay on the UE, at load low a rival may be as good as the optimum"
    )
    return [
        at_least(
            "text", f"latency below {rival}, least of all loads (%, III)", least, min(gains), why
        ),
        close("text", f"latency below {rival}, most of all loads (%, III)", most, max(gains), why),
    ]
