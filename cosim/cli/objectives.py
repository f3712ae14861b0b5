"""``cosim objectives``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict

import click

from cosim.splitting.study import FormResult


@click.command("objectives")
@click.option(
    "--model", "models", multiple=True, metavar="NAME", default=("resnet18",), show_default=True,
    help="Model whose profile makes problems; may be given many times.",
)  # fmt: skip
@click.option(
    "--cases", default=100, show_default=True, type=click.IntRange(min=1), metavar="N",
    help="Problems of each kind.",
)  # fmt: skip
@click.option("--seed", default=1, show_default=True, type=click.IntRange(min=0), metavar="N")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def objectives_command(models: tuple[str, ...], cases: int, seed: int, as_json: bool) -> None:
    """Measure how far other forms of several objectives are from the exact one.

    A limit of latency and as little energy as possible: the linear combination, and the paper's
    inverse weight function, against exact Pareto fronts. On random problems, and on those of model
    profiles on the paper's nine nodes with links of various speed.
    """
    from cosim.cli.output import print_json
    from cosim.paper_chain import profile_cases
    from cosim.splitting.study import compare_forms, random_cases

    studies = {"random": compare_forms(random_cases(cases, seed=seed))}
    for model in models:
        studies[model] = compare_forms(profile_cases(model, cases, seed=seed))
    if as_json:
        print_json({name: [_as_json(form) for form in forms] for name, forms in studies.items()})
        return
    for name, forms in studies.items():
        _print_study(name, forms)
    click.echo(
        "over the limit: by how much at worst; excess: best effort above the exact form's, where\n"
        "the limit is kept. linear weighs both metrics alike (at UE-only); linear-best takes the\n"
        "best of 21 weights afterwards."
    )


def _print_study(name: str, forms: Sequence[FormResult]) -> None:
    from cosim.cli.output import print_table

    headings = ("form", "violations", "over the limit", "mean excess", "worst excess")
    click.echo(f"{name}: {forms[0].cases} problems\n")
    rows = [
        (
            form.form,
            str(form.violations),
            _percent(form.worst_violation),
            _percent(form.mean_excess),
            _percent(form.worst_excess),
        )
        for form in forms
    ]
    print_table(headings, rows)
    click.echo()


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.1%}"


def _as_json(form: FormResult) -> dict[str, object]:
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in asdict(form).items()
    }
