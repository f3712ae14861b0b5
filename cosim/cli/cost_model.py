"""``cosim profiles cost-model`` and ``cosim profiles predict``."""

from __future__ import annotations

import click
import numpy as np


@click.command("cost-model")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def cost_model_command(as_json: bool) -> None:
    """Fit the cost model to the shipped profiles; print it and its error by cross-validation.

    Each model is predicted by a fit to the others. Times are of the machine that was measured.
    """
    from cosim.cli.output import print_json, print_table
    from cosim.models import list_model_profiles, load_model_profile
    from cosim.models.cost_model import cross_validate, fit_cost_model

    profiles = [load_model_profile(name) for name in list_model_profiles()]
    fit, predictions = fit_cost_model(profiles), cross_validate(profiles)
    if as_json:
        print_json(
            {
                "kinds": {**fit.kinds, "(others)": fit.others},
                "flop_per_s": fit.flop_per_s,
                "bytes_per_s": fit.bytes_per_s,
                "cross_validation": predictions,
            }
        )
        return
    click.echo(
        f"Fitted to {len(profiles)} profiles; their machine reaches {fit.flop_per_s / 1e9:.1f} "
        f"GFLOP/s and {fit.bytes_per_s / 1e9:.1f} GB/s\n"
    )
    print_table(
        ("kind", "overhead us", "GFLOP/s", "GB/s"),
        [
            (
                kind,
                f"{costs.overhead_s * 1e6:.1f}",
                _rate(costs.s_per_flop),
                _rate(costs.s_per_byte),
            )
            for kind, costs in [*fit.kinds.items(), ("(others)", fit.others)]
        ],
    )
    click.echo("\nCross-validation: each model predicted by a fit to the others\n")
    print_table(
        ("model", "measured ms", "predicted ms", "error", "R2 of layers", "median layer error"),
        [
            (
                each.model,
                f"{each.measured_s * 1e3:.3f}",
                f"{each.predicted_s * 1e3:.3f}",
                f"{each.predicted_s / each.measured_s - 1:+.0%}",
                f"{each.r_squared:.2f}",
                f"{each.median_error:.0%}",
            )
            for each in predictions
        ],
    )
    errors = [abs(each.predicted_s / each.measured_s - 1) for each in predictions]
    click.echo(
        f"\nA whole model is predicted with a relative error of {np.median(errors):.0%} "
        f"(median), at most {max(errors):.0%}"
    )


@click.command("predict")
@click.argument("model")
@click.option("--device", required=True, metavar="NAME", help="See `cosim list devices`.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def predict_command(model: str, device: str, as_json: bool) -> None:
    """Predict MODEL's time on a device from its peak rates, whether it was measured or not."""
    from cosim.cli.output import print_json
    from cosim.models import device_scale, load_device_profile, load_model_profile
    from cosim.models.costs import shipped_cost_model

    profile, where = load_model_profile(model), load_device_profile(device)
    predicted_s = float(shipped_cost_model().predict_s(profile, where).sum())
    stated_s = None
    if where.reference_latency_s is not None:
        stated_s = float(profile.forward_s.sum()) * device_scale(profile, where)
    if as_json:
        print_json(
            {"model": model, "device": device, "predicted_s": predicted_s, "stated_s": stated_s}
        )
        return
    click.echo(f"{profile.name} on {where.name}: predicted {predicted_s * 1e3:.2f} ms")
    latency = where.compute.reference_latency_s
    if stated_s is None or latency is None:
        click.echo("Nobody measured that device: `cosim run` uses the prediction.")
        return
    click.echo(
        f"Scaled from the device's own latency: {stated_s * 1e3:.2f} ms, which is "
        f"{stated_s / predicted_s:.2f} times the prediction.\n"
        f"`cosim run` uses the latter; {latency.status}: {latency.source}"
    )


def _rate(s_per_unit: float) -> str:
    return "-" if s_per_unit == 0 else f"{1e-9 / s_per_unit:,.1f}"
