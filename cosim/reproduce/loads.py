"""Figures 11 and 12: latency of inference and energy of training by load (VII.B.1).

Training is aimed at the energy of the UE and the IAB MECs, as the paper's; HiveMind then is SCI in
joules (`opt-energy`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from matplotlib.figure import Figure as Canvas

from cosim.curves import draw_distribution
from cosim.models import load_device_profile, load_model_profile, radio_energy_j
from cosim.reproduce.claim import Claim, at_least, at_most, close, shape
from cosim.reproduce.figure import Figure, finish, label_plainly, mark_paper, share_legend
from cosim.reproduce.lab import Lab, done, mean_j, mean_ms, uplink_mbps
from cosim.results import RunResult

LOADS = ("low", "mid", "high")
POLICIES = ("hivemind", "ue-only", "cloud-only", "single-split")
SPLIT_POLICIES = ("cloud-only", "single-split")
_COUNTED = ("energy.count", ["ue", "iab", "donor"])
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
    access = uplink_mbps(high["hivemind"], "ue-access").mean()
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
        close("11", "HiveMind's training energy at most (J)", 400.0, energy["hivemind"], step),
        at_least(
            "11",
            "cloud-only over HiveMind, training energy at high load",
            890 / 400,
            energy["cloud-only"] / energy["hivemind"],
            f"{left}, at which sending the input takes little: cloud-only spends "
            f"{energy['cloud-only']:.2f} J, HiveMind {energy['hivemind']:.2f} J, UE-only "
            f"{energy['ue-only']:.2f} J",
        ),
    ]
    marks = {"cloud-only above, load high": 300.0, "HiveMind at most, load high": 79.0}
    draw = _draw(inference, training, marks)
    return Figure("11", "mmWave IAB, ResNet18, by load", tuple(claims), draw)


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
    access = uplink_mbps(inference["high", "hivemind"], "ue-access").mean()
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
    draw = _draw(inference, training, {})
    return Figure("12", "Sub-6 GHz, ResNet18, by load", tuple(claims), draw)


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
                _why_training(runs[load, "hivemind"])
                if measure is mean_j
                else f"{left}; told costs are up to a period old",
            )
        )
    return claims


def _converges(figure: str, runs: Runs, left: str) -> Claim:
    ratio = mean_ms(runs["high", "single-split"]) / mean_ms(runs["high", "ue-only"])
    claim = "single split over UE-only, latency at high load"
    return close(figure, claim, 1.0, ratio, left)


def _why_training(run: RunResult) -> str:
    """How often the UE trained layers itself, and what leaving that costs."""
    tasks = done(run)
    on_ue = tasks["boundaries"].map(lambda ends: ends[1] > 0)
    spent, others = tasks.loc[on_ue, "energy_j"].mean(), tasks.loc[~on_ue, "energy_j"].mean()
    return (
        f"{on_ue.sum()} of {len(tasks)} steps ran layers on the UE, which took {spent:.2f} J on "
        f"average, the others {others:.2f} J: its link was poor or, after a handover, unknown. "
        f"By Eq. 9 a step pays for all parameters that move, {_radio_j(run):.0f} J to send all of "
        "them back, more than it saves in that one step"
    )


def _radio_j(run: RunResult) -> float:
    """What the UE's radio spends on all parameters at the mean rate of its link."""
    scenario = run.scenario
    (ue,) = (node for node in scenario.nodes if node.kind == "ue")
    bits = 8.0 * float(load_model_profile(scenario.task.model).param_bytes.sum())
    seconds = bits / float(uplink_mbps(run, f"{ue.name}-access").mean() * 1e6)
    return radio_energy_j(load_device_profile(ue.device or ""), bits, seconds, "uplink")


def _draw(
    inference: Runs, training: Runs, marks_ms: Mapping[str, float]
) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        canvas.set_size_inches(10, 6)
        axes = canvas.subplots(2, len(LOADS))
        for column, load in enumerate(LOADS):
            for policy in POLICIES:
                latency = done(inference[load, policy])["latency_s"] * 1e3
                draw_distribution(axes[0, column], latency, policy)
                draw_distribution(axes[1, column], done(training[load, policy])["energy_j"], policy)
            for row in axes[:, column]:
                row.set_xscale("log")
                label_plainly(row.xaxis)
            finish(
                axes[0, column], title=f"inference, {load}", x="latency (ms)", y="CDF", legend=False
            )
            finish(
                axes[1, column], title=f"training, {load}", x="energy (J)", y="CDF", legend=False
            )
        for (says, limit_ms), dash in zip(marks_ms.items(), (":", "-."), strict=False):
            mark_paper(axes[0, -1], says, x=limit_ms, dash=dash)
        share_legend(canvas)

    return draw
