"""``cosim check-policy``."""

from __future__ import annotations

import click

from cosim.cli.options import POSITIVE


@click.command("check-policy")
@click.argument("policy")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--strict", is_flag=True, help="Count notes as failures.")
@click.option(
    "--limit",
    "limit_s",
    type=POSITIVE,
    default=120.0,
    show_default=True,
    metavar="S",
    help="Real time after which a policy that has not answered everything fails, in seconds.",
)
@click.pass_context
def check_policy_command(
    context: click.Context, policy: str, as_json: bool, strict: bool, limit_s: float
) -> None:
    """Put POLICY through the situations of a run, without a run.

    POLICY is module:Class or a known name (see `cosim list policies`). Exit code 0: it keeps the
    contract of cosim.splitting.NodePolicy; 1: it does not; 2: there is no such policy. A note
    tells of something that its author should know of and that may be meant.
    """
    from cosim.cli.output import print_json, print_table, results_only_on_stdout
    from cosim.splitting import make_policy
    from cosim.splitting.conformance import Check, check_policy
    from cosim.watchdog import DecisionWatch, OverdueDecision

    watch = DecisionWatch(limit_s)
    with results_only_on_stdout():
        name = make_policy(policy).name
        try:
            with watch.running(), watch:
                checks = check_policy(lambda: make_policy(policy))
        except OverdueDecision:
            checks = [Check("time", "fail", f"has not answered everything within {limit_s:g} s")]
    bad = {"fail", "note"} if strict else {"fail"}
    conforms = not any(check.verdict in bad for check in checks)
    if as_json:
        print_json({"policy": name, "conforms": conforms, "checks": checks})
    else:
        rows = [[check.name, check.verdict, check.detail] for check in checks]
        print_table(["check", "result", "description"], rows, text_columns=2)
        click.echo(f"\n{name} {'conforms' if conforms else 'does not conform'}")
    context.exit(0 if conforms else 1)
