"""``cosim table1``."""

from __future__ import annotations

import click


@click.command("table1")
@click.option(
    "--duration", "duration_s", type=click.FloatRange(min=1), default=10.0, show_default=True,
    help="Simulated time of each run in s.",
)  # fmt: skip
@click.option(
    "--seeds", type=click.IntRange(1, 1000), default=5, show_default=True,
    help="Runs of each network, with seeds 1 and up; one seed is one draw of the street.",
)  # fmt: skip
@click.option(
    "--load", type=click.Choice(["low", "mid", "high"]), default="mid", show_default=True,
    help="Population and demand of the background UEs.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def table1_command(duration_s: float, seeds: int, load: str, as_json: bool) -> None:
    """Measure what each link leaves to a UE, beside the paper's Table I.

    Both built-in networks run with background traffic and without tasks.
    """
    from cosim.cli.output import print_json, print_table
    from cosim.table1 import measure_table1

    rows = measure_table1(duration_s=duration_s, seeds=range(1, seeds + 1), load=load)
    if as_json:
        print_json({"duration_s": duration_s, "seeds": seeds, "load": load, "links": rows})
        return
    click.echo(f"Mbps left to a UE at load {load}, mean (std) over {seeds} x {duration_s:g} s\n")
    print_table(
        ("scenario", "index", "link", "paper", "here", "std. error", "gap"),
        [
            (
                row.scenario,
                row.paper_index,
                row.link,
                f"{row.paper_mean_mbps:.1f} ({row.paper_std_mbps:.1f})",
                f"{row.mean_mbps:.1f} ({row.std_mbps:.1f})",
                "-" if row.error_mbps is None else f"{row.error_mbps:.1f}",
                f"{row.gap:+.1%}",
            )
            for row in rows
        ],
        text_columns=3,
    )
