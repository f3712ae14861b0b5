"""Figure 14: the MECs of one tier at a time made faster or slower (VII.B.3)."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from matplotlib.figure import Figure as Canvas

from cosim.models.files import find_profile
from cosim.reproduce.claim import Claim, at_least, close, shape
from cosim.reproduce.figure import Figure, finish, mark_paper
from cosim.reproduce.lab import Lab, Override, done, mean_ms, uplink_mbps
from cosim.results import RunResult
from cosim.scenario import load_scenario

SCALES = (0.1, 0.5, 1.0, 2.0, 10.0, 20.0)
_FLAT_MS = {"single-split": 115.0, "cloud-only": 181.0}
TIERS = {"IAB": ("iab", "donor"), "CN": ("core",), "cloud": ("cloud",)}
_SECONDS = 15.0
Curves = dict[str, list[float]]


def reproduce(lab: Lab) -> Figure:
    """Curves of mean latency over the scale."""
    curves: Curves = {
        f"improved {tier}": [_latency(lab, "hivemind", tier, scale) for scale in SCALES]
        for tier in TIERS
    }
    for policy in ("single-split", "cloud-only"):
        curves[policy] = [_latency(lab, policy, "cloud", scale) for scale in SCALES]
    base = lab.run("mmwave-iab", duration_s=_SECONDS)
    links = {link: float(uplink_mbps(base, link).mean()) for link in ("ue-access", "F", "G", "H")}
    claims = tuple(_claims(curves, links, _transfer_part(base)))

    def draw(canvas: Canvas) -> None:
        axes = canvas.subplots()
        for name, values in curves.items():
            axes.plot(SCALES, values, marker="o", label=name)
        for policy, dash in (("single-split", ":"), ("cloud-only", "-.")):
            mark_paper(axes, f"{policy} flattens", y=_FLAT_MS[policy], dash=dash)
        axes.set_xscale("log")
        axes.set_xticks(SCALES, [f"{scale:g}" for scale in SCALES])
        axes.minorticks_off()
        finish(
            axes,
            title="One tier made faster",
            x="scale of its speed",
            y="mean latency (ms)",
            headroom=0.35,
        )

    return Figure("14", "Capability of MECs by tier", claims, draw)


def _transfer_part(run: RunResult) -> float:
    """Which part of all tasks' time they are under way between nodes."""
    tasks = done(run)
    return float(tasks["transfer_s"].sum() / tasks["latency_s"].sum())


def _latency(lab: Lab, policy: str, tier: str, scale: float) -> float:
    overrides = _scaled(lab.directory / "devices", tier, scale)
    run = lab.run("mmwave-iab", policy=policy, duration_s=_SECONDS, overrides=overrides)
    return mean_ms(run)


def _scaled(folder: Path, tier: str, scale: float) -> list[Override]:
    """The tier's devices, so many times as fast."""
    if scale == 1.0:
        return []
    nodes = [n for n in load_scenario("mmwave-iab").nodes if n.kind in TIERS[tier] and n.device]
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for device in {node.device for node in nodes if node.device}:
        text = find_profile("device", "devices", device).read_text(encoding="utf-8")
        was = tomllib.loads(text)["compute"]["reference_latency_s"]["value"]
        head, mark, tail = text.partition("[compute.reference_latency_s]")
        tail = re.sub(r"value = \S+", f"value = {was / scale!r}", tail, count=1)
        paths[device] = folder / f"{device}-x{scale:g}.toml"
        paths[device].write_text(head + mark + tail, encoding="utf-8")
    return [(f"nodes.{n.name}.device", str(paths[n.device])) for n in nodes if n.device]


def _claims(curves: Curves, links: dict[str, float], transfer_part: float) -> list[Claim]:
    at20 = {name: values[-1] for name, values in curves.items()}
    iab, core, cloud = (at20[f"improved {tier}"] for tier in TIERS)
    left = ", ".join(f"{name} {value:.0f}" for name, value in links.items())
    why = (
        f"links leave {left} Mbps; at scale 1 {transfer_part:.0%} of the tasks' time goes to "
        f"transfers. At x20 the first MEC, one hop from the UE, finishes a task in {iab:.0f} ms; "
        "to one that is as fast in the core or the cloud a task still has to cross F, or F, G and H"
    )
    best = min(("improved IAB", "improved CN", "improved cloud"), key=at20.__getitem__)
    tiers = {name: values for name, values in curves.items() if "improved" in name}
    flat = max(abs(values[-1] / values[-2] - 1) for values in tiers.values())
    steps = ", ".join(
        f"{name} {values[-2]:.1f} to {values[-1]:.1f} ms" for name, values in tiers.items()
    )
    fit = (
        f"the way to the cloud is bound by the wire H with {links['H']:.0f} Mbps and by relaying "
        "at every MEC, whatever the server does; the paper's delays are not public"
    )
    return [
        close("14", "improved IAB below improved CN at x20 (%)", 14.5, (1 - iab / core) * 100, why),
        close(
            "14", "improved IAB below improved cloud at x20 (%)", 47.2, (1 - iab / cloud) * 100, why
        ),
        shape(
            "14",
            "faster IAB MECs help most",
            f"{best}: {at20[best]:.1f} ms",
            best == "improved IAB",
            why,
        ),
        *(
            close("14", f"{policy} flattens at (ms)", paper, at20[policy], fit)
            for policy, paper in _FLAT_MS.items()
        ),
        at_least(
            "14",
            "cloud-only over HiveMind at scale 1",
            1.0,
            curves["cloud-only"][2] / curves["improved IAB"][2],
            why,
        ),
        shape(
            "14",
            "the MECs' x10 and x20 are close (within 5 %)",
            steps,
            flat <= 0.05,
            f"with IAB MECs at x10 a task takes only {tiers['improved IAB'][-2]:.1f} ms, one hop "
            "from the UE; of that, computing is still a part that is halved at x20",
        ),
        shape(
            "14",
            "single split and cloud-only are bound by links: x1 and x20 are close (within 5 %)",
            ", ".join(f"{name} {curves[name][2]:.1f} to {at20[name]:.1f} ms" for name in _FLAT_MS),
            all(abs(at20[name] / curves[name][2] - 1) <= 0.05 for name in _FLAT_MS),
            fit,
        ),
    ]
