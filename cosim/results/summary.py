"""A run in numbers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from cosim.results.manifest import Manifest
from cosim.scenario import ACCESS_SUFFIX

_MAX_PLANS = 20  # a long run on a lively network tries hundreds; the table has them all


def summarise(
    manifest: Manifest,
    tasks: pd.DataFrame,
    links: pd.DataFrame,
    sci: pd.DataFrame,
    limit_s: float | None = None,
) -> dict[str, Any]:
    """Summarise a run, in a form that JSON can carry (no NaN: what has no value is None).

    Parameters
    ----------
    manifest
        What the run was made of.
    tasks, links, sci
        Its tables, columns as in `cosim.results.records`.
    limit_s
        The scenario's limit of latency, if it has one.

    Returns
    -------
    dict
        ``latency_s``, ``compute_s``, ``transfer_s``, ``queue_s`` and ``energy_j`` each have mean,
        p50, p95 and max over the tasks that are done. ``output_error`` has mean and max of the
        relative errors of the outputs that were checked, and how many those are; None where the
        model was not really run. ``expectation`` is about latency over what the UE expected: of how
        many ``tasks``, and ``p50``, ``p95`` and ``max`` of the ratio; None where no UE expected
        anything. ``limit`` has ``latency_s``, how many tasks were ``above`` it, and how many of
        those their UE ``expected_above`` it. ``plans`` lists what was done, most frequent first.
        ``serving`` says from when on which node served a UE, as the link reports show it.
        ``links`` has, by link and direction, the mean capacity and queue.
    """
    done = tasks[tasks["status"] == "done"]
    spread = ("latency_s", "compute_s", "transfer_s", "queue_s", "energy_j")
    return {
        "scenario": manifest.scenario,
        "policy": manifest.policy,
        "model": manifest.model,
        "load": manifest.load,
        "seed": manifest.seed,
        "backend": manifest.backend,
        "status": manifest.status,
        "reason": manifest.reason,
        "simulated_s": manifest.simulated_s,
        "wall_s": manifest.wall_s,
        "speed": _ratio(manifest.simulated_s, manifest.wall_s),
        "tasks": {
            "done": len(done),
            "unfinished": len(tasks) - len(done),
            "timed_out": (manifest.counts or {}).get("tasks_timed_out"),
        },
        **{column: _spread(done[column]) for column in spread},
        "output_error": _output_error(done),
        "expectation": _expectation(done),
        "limit": None if limit_s is None else _limit(done, limit_s),
        "plans": _plans(done),
        "handovers": (manifest.totals or {}).get("handovers"),
        "serving": _serving(links),
        "sci": _sci(sci),
        "links": _links(links),
        "network": manifest.totals,
        "engine": manifest.counts,
    }


def compare_summaries(summaries: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Put runs of different policies side by side.

    Parameters
    ----------
    summaries
        What `summarise` gave, by policy.

    Returns
    -------
    list of dict
        One row for each: ``policy``, ``tasks``, ``latency_s`` and ``energy_j`` as in the summary,
        and ``hivemind_latency_ratio`` and ``hivemind_energy_ratio``: HiveMind's mean divided by
        this policy's, below 1 where HiveMind is better; None without a run of HiveMind.
    """
    best = summaries.get("hivemind")
    rows = []
    for policy, summary in summaries.items():
        row = {key: summary[key] for key in ("tasks", "latency_s", "energy_j")}
        ratios = {
            f"hivemind_{key[:-2]}_ratio": None if best is None else _mean_ratio(best, summary, key)
            for key in ("latency_s", "energy_j")
        }
        rows.append({"policy": policy, **row, **ratios})
    return rows


def plan_text(route: Sequence[str], boundaries: Sequence[int]) -> str:
    """A plan as text: ``ue 4, iab3 40, cloud 16``, without the nodes that only relayed."""
    shares = [stop - begin for begin, stop in pairwise(boundaries)]
    return ", ".join(f"{node} {share}" for node, share in zip(route, shares, strict=True) if share)


def _mean_ratio(one: Mapping[str, Any], other: Mapping[str, Any], key: str) -> float | None:
    part, whole = one[key]["mean"], other[key]["mean"]
    return None if part is None or whole is None else _ratio(part, whole)


def _spread(values: pd.Series[float]) -> dict[str, float | None]:
    return {
        "mean": _number(values.mean()),
        "p50": _number(values.quantile(0.50)),
        "p95": _number(values.quantile(0.95)),
        "max": _number(values.max()),
    }


def _expectation(done: pd.DataFrame) -> dict[str, float | int | None] | None:
    """Latency over what was expected."""
    if "expected_s" not in done:
        return None  # a run of an earlier version
    told = done[done["expected_s"] > 0]
    if told.empty:
        return None
    spread = _spread(told["latency_s"] / told["expected_s"])
    return {"tasks": len(told), **{name: spread[name] for name in ("p50", "p95", "max")}}


def _limit(done: pd.DataFrame, limit_s: float) -> dict[str, float | int]:
    """Which tasks were above the limit, and of how many of them that was to be expected."""
    above = done[done["latency_s"] > limit_s]
    expected = int((above["expected_s"] > limit_s).sum()) if "expected_s" in above else 0
    return {"latency_s": limit_s, "above": len(above), "expected_above": expected}


def _output_error(done: pd.DataFrame) -> dict[str, float | int | None] | None:
    """Of the outputs that were compared with the unsplit model's."""
    if "output_error" not in done:
        return None  # a run of an earlier version
    errors = done["output_error"].dropna().astype(float)
    if errors.empty:
        return None
    return {"checked": len(errors), "mean": _number(errors.mean()), "max": _number(errors.max())}


def _plans(done: pd.DataFrame) -> list[dict[str, Any]]:
    counts = Counter(zip(done["route"], done["boundaries"], strict=True))
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [
        {"route": list(route), "boundaries": list(boundaries), "tasks": count}
        for (route, boundaries), count in ordered[:_MAX_PLANS]
    ]


def _sci(sci: pd.DataFrame) -> dict[str, Any]:
    messages, size = int(sci["messages"].sum()), int(sci["bytes"].sum())
    return {
        "updates": len(sci),
        "heard": int(sci["duration_s"].notna().sum()),
        "mean_duration_s": _number(sci["duration_s"].mean()),
        "mean_messages": _number(sci["messages"].mean()),
        "mean_bytes": _number(sci["bytes"].mean()),
        "message_bytes": _ratio(size, messages),
        "mean_compute_wall_s": _number(sci["compute_wall_s"].mean()),
    }


def _serving(links: pd.DataFrame) -> list[dict[str, Any]]:
    """When a UE's uplink led to another node than before."""
    uplinks = links[_from_ue(links)]
    previous = uplinks.groupby("link")["receiver"].shift()
    changes = uplinks[uplinks["receiver"] != previous]
    return [
        {"time_s": float(time_s), "ue": str(ue), "node": str(node)}
        for time_s, ue, node in zip(
            changes["time_s"], changes["transmitter"], changes["receiver"], strict=True
        )
    ]


def _links(links: pd.DataFrame) -> list[dict[str, Any]]:
    """By link and direction. A UE's access link is one link, whichever node it leads to: ``*``."""
    to_ue = links["link"] == links["receiver"] + ACCESS_SUFFIX
    ends = links.assign(
        transmitter=links["transmitter"].mask(to_ue, "*"),
        receiver=links["receiver"].mask(_from_ue(links), "*"),
    )
    keys, values = ["link", "transmitter", "receiver"], ["capacity_bps", "queue_bytes"]
    means = ends.groupby(keys, sort=True)[values].mean().reset_index()
    return [
        {
            **{key: str(row[key]) for key in keys},
            **{f"mean_{value}": _number(row[value]) for value in values},
        }
        for row in means.to_dict("records")
    ]


def _from_ue(links: pd.DataFrame) -> pd.Series[bool]:
    return links["link"] == links["transmitter"] + ACCESS_SUFFIX


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _number(value: Any) -> float | None:
    return None if value is None or math.isnan(value) else float(value)
