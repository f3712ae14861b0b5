"""Figure 13: three models; efficiency is the cost of UE-only over HiveMind's (VII.B.2)."""

from __future__ import annotations

from collections import Counter

import numpy as np
from matplotlib.figure import Figure as Canvas

from cosim.errors import CosimError
from cosim.models import layer_times_s, load_device_profile, load_model_profile
from cosim.reproduce.claim import Claim, close, shape
from cosim.reproduce.figure import OURS, PAPER, Figure, finish
from cosim.reproduce.lab import Lab, mean_j, mean_ms
from cosim.reproduce.loads import LOADS

MODELS = ("vgg11", "resnet18", "rcnn")
_GAINS = {"vgg11": 3.0 / 1.8, "resnet18": 1.0, "rcnn": 3.0}  # of efficiency, over ResNet18's
_LAYERS = {"vgg11": 16, "resnet18": 52}
_OUTPUT_KB = {"vgg11": 356.0, "resnet18": 80.0, "rcnn": 242.0}  # of a layer, on average
_SECONDS = 15.0


def reproduce(lab: Lab) -> Figure:
    """HiveMind and UE-only at each load, inference by latency and training by energy."""
    efficiency = {model: _efficiency(lab, model) for model in MODELS if _is_known(model)}
    claims = tuple(_claims(efficiency))

    def draw(canvas: Canvas) -> None:
        axes = canvas.subplots()
        place = np.arange(len(efficiency))
        base = _mean(efficiency["resnet18"]) if "resnet18" in efficiency else float("nan")
        ours = [_mean(pair) / base for pair in efficiency.values()]
        paper = [_GAINS[model] for model in efficiency]
        for offset, name, color, values in (
            (-0.2, "paper", PAPER, paper),
            (0.2, "ours", OURS, ours),
        ):
            bars = axes.bar(place + offset, values, 0.4, label=name, color=color)
            axes.bar_label(bars, fmt="%.2f", fontsize=8)
        axes.set_xticks(place, [f"{model}\n{_shown(efficiency[model])}" for model in efficiency])
        title = "Cost of UE-only over HiveMind's: relative efficiency, over ResNet18's"
        finish(
            axes,
            title=title,
            x="model, and our efficiency over UE-only",
            y="over ResNet18's",
            headroom=0.15,
        )

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
    mean = {model: _mean(pair) for model, pair in efficiency.items()}
    values = ", ".join(f"{model} {value:.2f}" for model, value in mean.items())
    why = (
        f"efficiencies are {values}: the UE sends the input, so that the gain follows from how "
        f"long it would compute for each kB of that ({_ue_ms_per_kb()}), not from the size of "
        "layers in between"
    )
    order = mean["rcnn"] > mean["vgg11"] > mean["resnet18"]
    return [
        close(
            "13", "efficiency of R-CNN over ResNet18's", 3.0, mean["rcnn"] / mean["resnet18"], why
        ),
        close("13", "efficiency of R-CNN over VGG11's", 1.8, mean["rcnn"] / mean["vgg11"], why),
        shape("13", "R-CNN gains most, then VGG11, then ResNet18", values, order, why),
        *_models(),
    ]


def _models() -> list[Claim]:
    """The sizes of the models that the paper tells."""
    profiles = {model: load_model_profile(model) for model in MODELS}
    why = {
        model: f"ours counts every operation, {len(profile.layer_names)} with "
        f"{Counter(profile.kinds)['relu']} ReLUs and {Counter(profile.kinds)['add']} additions, of "
        f"an input of {profile.live_bytes[0] / 1e3:.0f} kB; the paper does not tell its input"
        for model, profile in profiles.items()
    }
    layers = [
        close("13", f"layers of {model}", count, len(profiles[model].layer_names), why[model])
        for model, count in _LAYERS.items()
    ]
    sizes = [
        close(
            "13",
            f"mean output of a layer of {model} (kB)",
            kilobytes,
            float(profiles[model].layer_output_bytes.mean() / 1e3),
            why[model],
        )
        for model, kilobytes in _OUTPUT_KB.items()
    ]
    return [*layers, *sizes]


def _ue_ms_per_kb() -> str:
    device = load_device_profile("paper-ue")
    shown = []
    for model in MODELS:
        profile = load_model_profile(model)
        ms = 1e3 * float(layer_times_s(profile, device).sum())
        shown.append(f"{model} {ms / (profile.live_bytes[0] / 1e3):.2f} ms")
    return ", ".join(shown)


def _mean(pair: tuple[float, float]) -> float:
    return sum(pair) / 2


def _shown(pair: tuple[float, float]) -> str:
    return f"inference {pair[0]:.1f}\ntraining {pair[1]:.1f}"
