"""``cosim signalling``."""

from __future__ import annotations

from dataclasses import asdict

import click

from cosim.errors import InputError, UnknownNameError


@click.command("signalling")
@click.option(
    "--model", default="resnet152", metavar="NAME", help="Model; see `cosim list models`."
)
@click.option(
    "--layers",
    type=click.IntRange(min=1),
    metavar="L",
    help="Number of layers, instead of what the model's profile says (it then needs none).",
)
@click.option(
    "--nodes", default=5, show_default=True, type=click.IntRange(min=2), metavar="P",
    help="Nodes of the chain, UE and cloud included.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def signalling_command(model: str, layers: int | None, nodes: int, as_json: bool) -> None:
    """Count the messages that each way of finding the best plan needs.

    Below them, the paper's figures for ResNet50 and ResNet152, and what the same settings give
    here.
    """
    from cosim.cli.output import print_json, print_table
    from cosim.splitting.signalling import count_signalling, paper_figures

    count = _layer_count(model) if layers is None else layers
    rows = count_signalling(count, nodes, header_bytes=_sci_header_bytes())
    figures = paper_figures()
    if as_json:
        print_json(
            {
                "model": model,
                "layers": count,
                "nodes": nodes,
                "solvers": [asdict(row) for row in rows],
                "paper": [asdict(figure) for figure in figures],
            }
        )
        return
    click.echo(f"{model}, {count} layers, on {nodes} nodes: signalling of one update\n")
    headings = ("solver", "messages", "bytes", "largest", "costs calculated")
    print_table(
        headings,
        [
            (
                row.solver,
                _count(row.messages),
                _count(row.total_bytes),
                _count(row.largest_message_bytes),
                _count(row.costs_calculated),
            )
            for row in rows
        ],
    )
    click.echo("\nThe paper's figures, and what the same setting gives here\n")
    print_table(
        ("figure", "unit", "paper", "here"),
        [(f.what, f.unit, _count(f.paper), _count(f.ours)) for f in figures],
        text_columns=2,
    )
    click.echo()
    for figure in figures:
        click.echo(f"- {figure.what}: {figure.note}")


def _count(value: float) -> str:
    return f"{value:,.0f}" if value < 1e7 else f"{value:.2e}"


def _layer_count(model: str) -> int:
    from cosim.models import load_model_profile

    try:
        return len(load_model_profile(model).layer_names)
    except UnknownNameError as error:
        raise InputError(error.message, hint=f"{error.hint} Or give --layers") from error


def _sci_header_bytes() -> int:
    """Bytes of an SCI message before its costs, from a real one."""
    import numpy as np

    from cosim.nodes.messages import SciMessage, encode

    return len(encode(SciMessage(1, 0, 0, 0, np.zeros(1)))) - 4
