"""Figures 11 and 12: latency of inference and energy of training by load (VII.B.1).

Training is aimed at the energy of the UE and the IAB MECs, as the paper's; HiveMind then is SCI in
joules (`opt-energy`).
"""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure as Canvas

from cosim.curves import draw_distribution
from cosim.reproduce.claim import Claim, at_least, at_most, close, shape
from cosim.reproduce.figure import Figure, finish
from cosim.reproduce.lab import Lab, done, mean_j, mean_ms, uplink_mbps
from cosim.results import RunResult

LOADS = ("low", "mid", "high")
POLICIES = ("hivemind", "ue-only", "cloud-only", "single-split")
SPLIT_POLICIES = ("cloud-only", "single-split")
_COUNTED = ("energy.count", ["ue", "iab", "donor"])
_WHY_TRAINING = (
    "when the split moves (a handover, a task that ran on the UE), 47 MB of parameters follow "
    "over the "
    "radio link, and their energy is not among the costs that nodes tell"
)
Runs = dict[tuple[str, str], RunResult]


def inference_runs(lab: Lab, scenario: str) -> Runs:
    """By load and policy."""
    return {(x, p): lab.run(scenario, policy=p, load=x) for x in LOADS for p in POLICIES}


def training_runs(lab: Lab, scenario: str) -> Runs:
    """By load and policy; HiveMind is the one that looks at energy."""
    overrides = [("task.kind", "training"), _COUNTED]
    names = {p: "opt-energy" if p == "hivemind" else p for p in POLICIES}
    return {
        (load, policy): lab.run(scenario, policy=names[policy], load=load, overrides=overrides)
        for load in LOADS
        for policy in POLICIES
    }


def figure11(lab: Lab) -> Figure:
    """The mmWave network."""
    inference, training = inference_runs(lab, "mmwave-iab"), training_runs(lab, "mmwave-iab")
    high = {policy: inference["high", policy] for policy in POLICIES}
    access, _ = uplink_mbps(high["hivemind"], "ue-access")
    left = f"at load high the UE's radio link is left {access:.1f} Mbps on average"
    hivemind_max = float(done(high["hivemind"])["latency_s"].max() * 1e3)
    energy = {policy: mean_j(training["high", policy]) for policy in POLICIES}
    step = (
        f"ours is of a step of one sample, {energy['hivemind']:.2f} J with HiveMind: the paper "
        "must add up many steps and does not say how many"
    )
    claims = [
        *_wins("11", "inference latency (a)", inference, mean_ms, left),
        *_wins("11", "training energy (b)", training, mean_j, left),
        at_least(
            "11",
            "cloud-only latency at high load above (ms)",
            300.0,
            mean_ms(high["cloud-only"]),
            f"{left}, more than the paper's",
        ),
        at_most(
            "11",
            "HiveMind's latency at high load at most (ms)",
            79.0,
            hivemind_max,
            _late(high["hivemind"], 0.079),
        ),
        _converges("11", inference, left),
        close(
            "11", "cloud-only training energy at high load (J)", 890.0, energy["cloud-only"], step
        ),
        at_most("11", "HiveMind's training energy at most (J)", 400.0, energy["hivemind"], step),
        at_least(
            "11",
            "cloud-only over HiveMind, training energy at high load",
            890 / 400,
            energy["cloud-only"] / energy["hivemind"],
            f"{left}; cloud-only spends {energy['cloud-only']:.2f} J, HiveMind "
            f"{energy['hivemind']:.2f} J, UE-only {energy['ue-only']:.2f} J",
        ),
    ]
    return Figure("11", "mmWave IAB, ResNet18, by load", tuple(claims), _draw(inference, training))


def _late(run: RunResult, limit_s: float) -> str:
    """Which tasks were above a limit, and whether a handover came while they were under way."""
    tasks = done(run)
    late = tasks[tasks["latency_s"] > limit_s]
    handovers = [entry["time_s"] for entry in run.summary()["serving"][1:]]
    spans = zip(late["start_s"], late["start_s"] + late["latency_s"], strict=True)
    broken = sum(any(begin <= at <= end for at in handovers) for begin, end in spans)
    return (
        f"{len(late)} of {len(tasks)} tasks are above it, {broken} of them with a handover under "
        f"way, where the UE had expected {late['expected_s'].mean() * 1e3:.0f} ms; the mean of all "
        f"is {mean_ms(run):.0f} ms"
    )


def figure12(lab: Lab) -> Figure:
    """The network below 6 GHz."""
    inference, training = inference_runs(lab, "sub6"), training_runs(lab, "sub6")
    high = {policy: mean_ms(inference["high", policy]) for policy in POLICIES}
    access, _ = uplink_mbps(inference["high", "hivemind"], "ue-access")
    left = f"at load high the UE's radio link is left {access:.1f} Mbps on average"
    claims = [
        *_wins("12", "inference latency (a)", inference, mean_ms, left),
        *_wins("12", "training energy (b)", training, mean_j, left),
        close(
            "12",
            "HiveMind over UE-only, latency at high load",
            1.0,
            high["hivemind"] / high["ue-only"],
            f"{left}: enough to be worth a MEC that is 50 times as fast as the UE",
        ),
    ]
    return Figure("12", "Sub-6 GHz, ResNet18, by load", tuple(claims), _draw(inference, training))


def _wins(
    figure: str, what: str, runs: Runs, measure: Callable[[RunResult], float], left: str
) -> list[Claim]:
    claims = []
    for load in LOADS:
        values = {policy: measure(runs[load, policy]) for policy in POLICIES}
        best = min(values[policy] for policy in POLICIES[1:])
        # What is measured along a drive differs by the moments at which tasks start.
        holds = values["hivemind"] <= best * 1.02
        claims.append(
            shape(
                figure,
                f"{what}, load {load}: HiveMind costs least",
                ", ".join(f"{name} {value:.3g}" for name, value in values.items()),
                holds,
                _WHY_TRAINING
                if measure is mean_j
                else f"{left}; told costs are up to a period old",
            )
        )
    return claims


def _converges(figure: str, runs: Runs, left: str) -> Claim:
    ratio = mean_ms(runs["high", "single-split"]) / mean_ms(runs["high", "ue-only"])
    claim = "single split over UE-only, latency at high load"
    return close(figure, claim, 1.0, ratio, left)


def _draw(inference: Runs, training: Runs) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        canvas.set_size_inches(10, 6)
        axes = canvas.subplots(2, len(LOADS))
        for column, load in enumerate(LOADS):
            for policy in POLICIES:
                latency = done(inference[load, policy])["latency_s"] * 1e3
                draw_distribution(axes[0, column], latency, policy)
                draw_distribution(axes[1, column], done(training[load, policy])["energy_j"], policy)
            finish(axes[0, column], title=f"inference, {load}", x="latency (ms)", y="CDF")
            finish(
                axes[1, column], title=f"training, {load}", x="energy (J)", y="CDF", legend=False
            )

    return draw
