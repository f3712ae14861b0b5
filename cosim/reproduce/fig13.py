"""Figure 13: three models; efficiency is the cost of UE-only over HiveMind's (VII.B.2)."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure as Canvas

from cosim.errors import CosimError
from cosim.models import load_model_profile
from cosim.reproduce.claim import Claim, close, shape
from cosim.reproduce.figure import Figure, finish
from cosim.reproduce.lab import Lab, mean_j, mean_ms
from cosim.reproduce.loads import LOADS

MODELS = ("vgg11", "resnet18", "rcnn")
_SECONDS = 15.0


def reproduce(lab: Lab) -> Figure:
    """HiveMind and UE-only at each load, inference by latency and training by energy."""
    efficiency = {model: _efficiency(lab, model) for model in MODELS if _is_known(model)}
    claims = tuple(_claims(efficiency))

    def draw(canvas: Canvas) -> None:
        axes = canvas.subplots()
        place = np.arange(len(efficiency))
        for offset, (kind, index) in zip(
            (-0.2, 0.2), (("inference", 0), ("training", 1)), strict=True
        ):
            values = [pair[index] for pair in efficiency.values()]
            axes.bar(place + offset, values, 0.4, label=kind)
        axes.set_xticks(place, list(efficiency))
        axes.axhline(1.0, color="grey", linewidth=0.8)
        finish(axes, title="Cost of UE-only over HiveMind's", x="model", y="relative efficiency")

    return Figure("13", "Relative efficiency by model", claims, draw)


def _is_known(model: str) -> bool:
    try:
        load_model_profile(model)
    except CosimError:
        return False
    return True


def _efficiency(lab: Lab, model: str) -> tuple[float, float]:
    """Mean over the loads of UE-only's cost over HiveMind's: inference, training."""
    training = [("task.kind", "training"), ("energy.count", ["ue", "iab", "donor"])]
    inference_ratios, training_ratios = [], []
    for load in LOADS:
        timed = {
            policy: mean_ms(
                lab.run("mmwave-iab", policy=policy, model=model, load=load, duration_s=_SECONDS)
            )
            for policy in ("hivemind", "ue-only")
        }
        spent = {
            policy: mean_j(
                lab.run(
                    "mmwave-iab",
                    policy=policy,
                    model=model,
                    load=load,
                    duration_s=_SECONDS,
                    overrides=training,
                )
            )
            for policy in ("opt-energy", "ue-only")
        }
        inference_ratios.append(timed["ue-only"] / timed["hivemind"])
        training_ratios.append(spent["ue-only"] / spent["opt-energy"])
    return float(np.nanmean(inference_ratios)), float(np.nanmean(training_ratios))


def _claims(efficiency: dict[str, tuple[float, float]]) -> list[Claim]:
    missing = [model for model in MODELS if model not in efficiency]
    if missing:
        reason = f"no profile of {', '.join(missing)} is installed"
        return [
            shape("13", "R-CNN gains most, then VGG11, then ResNet18", "no value", False, reason),
        ]
    mean = {model: sum(pair) / 2 for model, pair in efficiency.items()}
    values = ", ".join(f"{model} {value:.2f}" for model, value in mean.items())
    why = (
        f"efficiencies are {values}: with calibrated device speeds the gain follows from how long "
        "the UE "
        "computes for each byte of input, not from the size of layers in between, where nothing "
        "is cut"
    )
    order = mean["rcnn"] > mean["vgg11"] > mean["resnet18"]
    return [
        close(
            "13", "efficiency of R-CNN over ResNet18's", 3.0, mean["rcnn"] / mean["resnet18"], why
        ),
        close("13", "efficiency of R-CNN over VGG11's", 1.8, mean["rcnn"] / mean["vgg11"], why),
        shape("13", "R-CNN gains most, then VGG11, then ResNet18", values, order, why),
    ]
