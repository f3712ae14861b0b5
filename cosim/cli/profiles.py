"""``cosim profiles``: looking at profiles, comparing them, checking them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from cosim.cli.cost_model import cost_model_command, predict_command
from cosim.errors import ProfileError

if TYPE_CHECKING:
    from cosim.models import ModelProfile
    from cosim.models.compare import LayerDifference

_json = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object and nothing else."
)


@click.group("profiles")
def profiles_group() -> None:
    """Look at model profiles, compare them, check them.

    NAME is a shipped profile, or the path of a profile's TOML file.
    """


profiles_group.add_command(cost_model_command)
profiles_group.add_command(predict_command)


@profiles_group.command("list")
@_json
def list_profiles(as_json: bool) -> None:
    """List the shipped profiles of models: what, how large, how measured."""
    from cosim.cli.output import print_json, print_table
    from cosim.models import list_model_profiles, load_model_profile

    rows = [_row(load_model_profile(name)) for name in list_model_profiles()]
    if as_json:
        print_json({"profiles": rows})
        return
    headings = ("name", "layers", "GFLOP", "params MB", "input KB", "ms", "+-", "date")
    print_table(
        headings,
        [
            (
                row["name"],
                str(row["layers"]),
                f"{row['flops'] / 1e9:.3f}",
                f"{row['param_bytes'] / 1e6:.2f}",
                f"{row['input_bytes'] / 1e3:.1f}",
                f"{row['forward_s'] * 1e3:.3f}",
                f"{row['spread']:.0%}",
                row["date"],
            )
            for row in rows
        ],
    )
    click.echo("\nms: forward, all layers; +-: how much longer the median repeat took")


@profiles_group.command("show")
@click.argument("name")
@click.option("--layers", is_flag=True, help="Every layer, not only the sums by kind.")
@_json
def show_profile(name: str, layers: bool, as_json: bool) -> None:
    """Show what a profile says, and where it comes from."""
    from cosim.cli.output import print_json, print_table
    from cosim.models import load_model_profile

    profile = load_model_profile(name)
    if as_json:
        print_json({**_row(profile), "provenance": profile.provenance, "layer": _layers(profile)})
        return
    provenance = msgspec.to_builtins(profile.provenance)
    click.echo(f"{profile.name}: {profile.description}\n")
    click.echo(f"inputs: {', '.join(map(str, profile.provenance.inputs))}")
    skipped = {"inputs", "versions", "atomic", "energy"}
    for key, value in provenance.items():
        if key not in skipped and value not in ("", None):
            click.echo(f"{key}: {value}")
    click.echo(f"versions: {', '.join(f'{k} {v}' for k, v in provenance['versions'].items())}")
    energy = profile.provenance.energy
    if energy is not None:
        click.echo(f"energy: {energy.forward_j:.4g} J an inference, {energy.meter}")
    for part in profile.provenance.atomic:
        click.echo(f"one layer, for it could not be traced: {part}")
    click.echo(f"sha256: {profile.digest}\n")
    rows = _layers(profile) if layers else _by_kind(profile)
    print_table(
        ("layer" if layers else "kind", "count", "MFLOP", "params KB", "us", "+-", "live KB"),
        [
            (
                row["name"],
                str(row["count"]),
                f"{row['flops'] / 1e6:.3f}",
                f"{row['param_bytes'] / 1e3:.1f}",
                f"{row['forward_s'] * 1e6:.1f}",
                f"{row['spread']:.0%}",
                f"{row['live_bytes'] / 1e3:.1f}",
            )
            for row in rows
        ],
    )
    what = "after the layer" if layers else "after its layers, mean"
    click.echo(f"\nlive KB: what crosses the boundary {what}")


@profiles_group.command("diff")
@click.argument("one")
@click.argument("other")
@_json
def diff_profiles(one: str, other: str, as_json: bool) -> None:
    """Compare two profiles: the model that they describe, and times within their spreads."""
    from cosim.cli.output import print_json, print_table
    from cosim.models import load_model_profile
    from cosim.models.compare import compare_profiles

    found = compare_profiles(load_model_profile(one), load_model_profile(other))
    if as_json:
        print_json({"agreeing": found.agreeing, **msgspec.structs.asdict(found)})
        return
    if found.fields:
        click.echo(f"They describe different models: {', '.join(found.fields)} differ.")
    else:
        click.echo("They describe the same model, layer by layer.")
    odd = [layer for layer in found.layers if not layer.agrees]
    print_table(
        ("", "one us", "other us", "other/one", "may differ", "agrees"),
        [_difference_row(layer) for layer in (found.whole, *odd)],
    )
    if found.layers:
        click.echo(f"\n{found.agreeing} of {len(found.layers)} layers agree within their spreads")


@profiles_group.command("verify")
@click.argument("names", nargs=-1)
@click.option("--trace", is_flag=True, help="Build and trace each model too (needs torch).")
@_json
def verify_profiles(names: tuple[str, ...], trace: bool, as_json: bool) -> None:
    """Check profiles: readable, complete, consistent, unchanged. Default: all that ship."""
    from cosim.cli.output import print_json
    from cosim.models import list_model_profiles

    problems = {name: _problem(name, trace) for name in names or list_model_profiles()}
    refused = [name for name, problem in problems.items() if problem is not None]
    if as_json:
        print_json({"profiles": problems, "refused": len(refused)})
    else:
        for name, problem in problems.items():
            click.echo(f"{name}: {problem or 'ok'}")
    if refused:
        raise ProfileError(f"{len(refused)} of {len(problems)} profiles are refused")


@profiles_group.command("paper")
@click.argument("name")
@_json
def paper_differences(name: str, as_json: bool) -> None:
    """Show where the paper's count of what crosses, the last output only, is not the live set."""
    from cosim.cli.output import print_json, print_table
    from cosim.models import load_model_profile
    from cosim.models.compare import crossings_that_differ

    profile = load_model_profile(name)
    found = crossings_that_differ(profile)
    if as_json:
        print_json({"name": profile.name, "boundaries": profile.layer_count, "differ": found})
        return
    rows = [
        (
            str(crossing.boundary),
            crossing.layer,
            f"{crossing.last_output_bytes / 1e3:,.1f}",
            f"{crossing.live_bytes / 1e3:,.1f}",
            f"{crossing.live_bytes / crossing.last_output_bytes:.2f}"
            if crossing.last_output_bytes
            else "-",
        )
        for crossing in found
    ]
    if rows:
        print_table(("after", "layer", "last output KB", "live KB", "ratio"), rows, text_columns=2)
        click.echo()
    ratios = [c.live_bytes / c.last_output_bytes for c in found if c.last_output_bytes]
    most = f", by up to {max(ratios):.1f} times" if ratios else ""
    click.echo(
        f"{profile.name}: the last output is not what crosses at {len(found)} of "
        f"{profile.layer_count - 1} boundaries between layers{most}"
    )


def _problem(name: str, trace: bool) -> str | None:
    """What is wrong with a profile; None if nothing."""
    from cosim.models import load_model_profile

    try:
        profile = load_model_profile(name)
        if not trace:
            return None
        from cosim.cli.profile import require_torch

        require_torch("--trace")
        from cosim.models.torch.check import find_mismatch

        return find_mismatch(profile)
    except ProfileError as error:
        return str(error)


def _row(profile: ModelProfile) -> dict[str, Any]:
    forward_s = float(profile.forward_s.sum())
    return {
        "name": profile.name,
        "description": profile.description,
        "layers": profile.layer_count,
        "flops": int(profile.flops.sum()),
        "param_bytes": int(profile.param_bytes.sum()),
        "input_bytes": profile.input_bytes,
        "output_bytes": profile.output_bytes,
        "forward_s": forward_s,
        "spread": float((profile.forward_s * profile.spread).sum()) / forward_s,
        "backward_s": None if profile.backward_s is None else float(profile.backward_s.sum()),
        "date": profile.provenance.date.isoformat(),
        "machine": profile.provenance.machine,
        "sha256": profile.digest,
    }


def _layers(profile: ModelProfile) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "kind": profile.kinds[index],
            "count": 1,
            "flops": int(profile.flops[index]),
            "param_bytes": int(profile.param_bytes[index]),
            "forward_s": float(profile.forward_s[index]),
            "spread": float(profile.spread[index]),
            "backward_s": None if profile.backward_s is None else float(profile.backward_s[index]),
            "energy_j": _energy_j(profile, index),
            "live_bytes": int(profile.live_bytes[index + 1]),
        }
        for index, name in enumerate(profile.layer_names)
    ]


def _energy_j(profile: ModelProfile, index: int) -> float | None:
    energy = profile.energy_j
    return None if energy is None else float(energy[index])


def _by_kind(profile: ModelProfile) -> list[dict[str, Any]]:
    """Sums over the layers of each kind, slowest first; their mean spread and live bytes."""
    rows = []
    for kind in sorted(set(profile.kinds)):
        layers = [layer for layer in _layers(profile) if layer["kind"] == kind]
        sums = {
            key: sum(layer[key] for layer in layers)
            for key in ("count", "flops", "param_bytes", "forward_s", "spread", "live_bytes")
        }
        means = {key: sums[key] / len(layers) for key in ("spread", "live_bytes")}
        rows.append({"name": kind, **sums, **means})
    return sorted(rows, key=lambda row: -float(row["forward_s"]))


def _difference_row(layer: LayerDifference) -> tuple[str, ...]:
    ratio = layer.other_s / layer.one_s if layer.one_s else 0.0
    return (
        layer.layer,
        f"{layer.one_s * 1e6:,.1f}",
        f"{layer.other_s * 1e6:,.1f}",
        f"{ratio:.3f}",
        f"{layer.allowed_s * 1e6:,.1f}",
        "yes" if layer.agrees else "no",
    )
