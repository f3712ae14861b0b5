"""``cosim list``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from cosim.errors import InputError


@click.command("list")
@click.argument(
    "what", type=click.Choice(["scenarios", "policies", "models", "devices", "device-sets"])
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def list_command(what: str, as_json: bool) -> None:
    """List what there is to choose from."""
    from cosim.cli.output import print_json, print_table

    headings, text_columns, find = _LISTS[what]
    rows = find()
    if as_json:
        print_json({what: rows})
    else:
        cells = [[_cell(value) for value in row.values()] for row in rows]
        print_table(headings, cells, text_columns=text_columns)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,.6g}" if isinstance(value, int | float) else str(value)


def _scenarios() -> list[dict[str, Any]]:
    from cosim.scenario import list_scenarios, load_scenario

    rows = []
    for name in list_scenarios():
        scenario = load_scenario(name)
        rows.append(
            {
                "name": name,
                "nodes": len(scenario.nodes),
                "duration_s": scenario.duration / 1e9,
                "description": scenario.description,
            }
        )
    return rows


def _policies() -> list[dict[str, Any]]:
    from cosim.splitting import policy_names

    return [{"name": name, "description": _description(name)} for name in policy_names()]


def _description(policy: str) -> str:
    from cosim.splitting import policy_description

    try:
        return policy_description(policy)
    except InputError as error:  # an installed package that is broken hides none of the others
        return error.message


def _models() -> list[dict[str, Any]]:
    from cosim.models import list_model_profiles, load_model_profile

    rows = []
    for name in list_model_profiles():
        model = load_model_profile(name)
        rows.append(
            {
                "name": name,
                "layers": len(model.layer_names),
                "gflop": float(model.flops.sum()) / 1e9,
                "param_megabytes": float(model.param_bytes.sum()) / 1e6,
                "input_kilobytes": float(model.live_bytes[0]) / 1e3,
                "measured_ms": float(model.forward_s.sum()) * 1e3,
            }
        )
    return rows


def _devices() -> list[dict[str, Any]]:
    from cosim.models import list_device_profiles, load_device_profile

    rows = []
    for name in list_device_profiles():
        device = load_device_profile(name)
        latency_s = device.reference_latency_s
        rows.append(
            {
                "name": name,
                "kind": device.kind,
                "reference_model": device.reference_model,
                "latency_ms": None if latency_s is None else latency_s * 1e3,
                "busy_watts": device.busy_watts,
                "description": device.description,
            }
        )
    return rows


def _device_sets() -> list[dict[str, Any]]:
    from cosim.models import list_device_sets, load_device_set

    sets = [load_device_set(name) for name in list_device_sets()]
    return [
        {"name": each.name, "ue": each.devices.get("ue"), "description": each.description}
        for each in sets
    ]


_LISTS: dict[str, tuple[tuple[str, ...], int, Callable[[], list[dict[str, Any]]]]] = {
    "scenarios": (("name", "nodes", "seconds", "description"), 1, _scenarios),
    "policies": (("name", "description"), 2, _policies),
    "models": (
        ("name", "layers", "GFLOP", "parameters MB", "input KB", "measured ms"),
        1,
        _models,
    ),
    "device-sets": (("name", "UE", "description"), 3, _device_sets),
    "devices": (("name", "kind", "model", "takes ms", "busy W", "description"), 3, _devices),
}
