"""What `cosim run` and `cosim compare` print of their results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cosim.cli.output import number, print_table, short_path
from cosim.results import compare_summaries, plan_text

if TYPE_CHECKING:
    from cosim.api import Comparison
    from cosim.results import RunResult

_SHOWN_HANDOVERS = 8
_SPREAD = ("mean", "p50", "p95", "max")
_SHOWN_PLANS = 5


def print_run(result: RunResult) -> None:
    """Print a run's summary."""
    summary = result.summary()
    speed = number(summary["speed"], 2)
    click.echo(
        f"{summary['scenario']}, {summary['policy']}, {summary['model']}, "
        f"load {summary['load']}, seed {summary['seed']}: "
        f"{number(summary['simulated_s'], 2)} s simulated in {number(summary['wall_s'])} s "
        f"(speed {speed})\n"
    )
    tasks = summary["tasks"]
    click.echo(f"{_counted(tasks['done'], 'task')} done, {tasks['unfinished']} unfinished\n")
    if tasks["done"]:
        _print_tasks(summary)
        _print_expectation(summary)
        _print_output_error(summary["output_error"])
        _print_plans(summary["plans"])
    _print_uplinks(summary["links"], result)
    _print_signalling(summary)
    click.echo(f"Results: {short_path(result.directory)}")


def print_comparison(comparison: Comparison) -> None:
    """Print the policies side by side."""
    summaries = {name: result.summary() for name, result in comparison.results.items()}
    first = next(iter(summaries.values()))
    click.echo(
        f"{first['scenario']}, {first['model']}, load {first['load']}, seed {first['seed']}, "
        f"{number(first['simulated_s'], 2)} s simulated\n"
    )
    headings = ["policy", "tasks", *(f"{name} ms" for name in _SPREAD), "J/task", "HiveMind/it"]
    rows = compare_summaries(summaries)
    print_table(headings, map(_comparison_row, rows))
    click.echo("\nms: latency of a task; HiveMind/it: HiveMind's mean latency over this policy's")
    click.echo(f"Results: {short_path(comparison.directory)}")


def _comparison_row(row: dict[str, Any]) -> list[str]:
    latency = [number(row["latency_s"][name], 1, 1e3) for name in _SPREAD]
    ratio = number(row["hivemind_latency_ratio"], 2)
    energy = number(row["energy_j"]["mean"], 3)
    return [row["policy"], str(row["tasks"]["done"]), *latency, energy, ratio]


def _print_tasks(summary: dict[str, Any]) -> None:
    rows = [
        [f"{name} (ms)", *(number(summary[f"{name}_s"][column], 1, 1e3) for column in _SPREAD)]
        for name in ("latency", "compute", "transfer", "queue")
    ]
    rows.append(["energy (J)", *(number(summary["energy_j"][column], 3) for column in _SPREAD)])
    print_table(["per task", *_SPREAD], rows)
    click.echo()


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _print_expectation(summary: dict[str, Any]) -> None:
    """How the tasks' latency compares with what their UE expected, and with the limit."""
    expectation, limit = summary["expectation"], summary["limit"]
    if expectation is not None:
        ratios = [f"{name} {number(expectation[name], 2)}" for name in ("p50", "p95", "max")]
        click.echo(f"latency / what the UE expected as it began: {', '.join(ratios)}")
    if limit is not None:
        click.echo(
            f"limit {number(limit['latency_s'], 1, 1e3)} ms: {limit['above']} above it, "
            f"{limit['expected_above']} of which their UE expected to be"
        )
    if expectation is not None or limit is not None:
        click.echo()


def _print_output_error(error: dict[str, Any] | None) -> None:
    """What the comparison with the unsplit model gave, where the model was really run."""
    if error is None:
        return
    differ = "bit by bit the same"
    if error["max"] > 0:
        differ = f"relative error {error['mean']:.2g} on average, at most {error['max']:.2g}"
    click.echo(f"{error['checked']} outputs compared with the unsplit model: {differ}\n")


def _print_plans(plans: list[dict[str, Any]]) -> None:
    rows = [
        [plan_text(plan["route"], plan["boundaries"]), str(plan["tasks"])]
        for plan in plans[:_SHOWN_PLANS]
    ]
    print_table(["plan: layers run at each node", "tasks"], rows)
    if len(plans) > _SHOWN_PLANS:
        more = sum(plan["tasks"] for plan in plans[_SHOWN_PLANS:])
        others = _counted(len(plans) - _SHOWN_PLANS, "more plan")
        click.echo(f"and {others} for {_counted(more, 'task')}")
    click.echo()


def _print_uplinks(links: list[dict[str, Any]], result: RunResult) -> None:
    """Towards the cloud only: that is where tasks go."""
    children = {link.name: link.child for link in result.scenario.links}
    rows = []
    for link in links:
        if link["transmitter"] != children.get(link["link"]) and link["receiver"] != "*":
            continue
        receiver = "serving node" if link["receiver"] == "*" else link["receiver"] or "(asleep)"
        way = f"{link['transmitter']} -> {receiver}"
        capacity = number(link["mean_capacity_bps"], 1, 1e-6)
        rows.append([link["link"], way, capacity, number(link["mean_queue_bytes"], 1, 1e-3)])
    if rows:
        print_table(["link", "direction", "mean Mbps", "mean queue kB"], rows, text_columns=2)
        click.echo()


def _print_signalling(summary: dict[str, Any]) -> None:
    sci, network = summary["sci"], summary["network"]
    if sci["updates"]:
        click.echo(
            f"SCI: {sci['updates']} updates, {number(sci['mean_duration_s'], 1, 1e3)} ms and "
            f"{number(sci['mean_messages'])} messages of {number(sci['message_bytes'], 0)} bytes "
            "on average"
        )
    handovers = [f"{s['ue']} to {s['node']} at {s['time_s']:.2f} s" for s in summary["serving"]]
    if handovers:
        more = len(handovers) - _SHOWN_HANDOVERS
        shown = handovers[:_SHOWN_HANDOVERS] + ([f"and {more} more"] if more > 0 else [])
        click.echo(f"Served: {', '.join(shown)}")
    if network is not None:
        parts = [
            f"{network[f'{what}_messages']} messages "
            f"({number(network[f'{what}_bytes'], 1, 1e-6)} MB) {what}"
            for what in ("sent", "delivered")
        ]
        click.echo(f"Network: {', '.join(parts)}")
