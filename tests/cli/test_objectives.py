"""``cosim objectives`` and ``cosim signalling`` with the shipped profiles."""

from __future__ import annotations

import json

from click.testing import CliRunner

from cosim.cli.main import main


def test_the_study_of_objectives_is_printed() -> None:
    arguments = ["objectives", "--cases", "12", "--model", "resnet18"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert "random: 12 problems" in result.output and "resnet18: 12 problems" in result.output
    studies = json.loads(CliRunner().invoke(main, [*arguments, "--json"]).output)
    for forms in studies.values():
        by_name = {form["form"]: form for form in forms}
        assert set(by_name) == {"exact", "inverse-weight", "linear", "linear-best"}
        assert by_name["exact"]["violations"] == 0 and by_name["exact"]["worst_excess"] == 0
        assert by_name["linear"]["violations"] + by_name["inverse-weight"]["violations"] > 0


def test_an_unknown_model_is_one_line() -> None:
    result = CliRunner().invoke(main, ["objectives", "--model", "nix"])
    assert result.exit_code == 2 and "nix" in result.output and "Traceback" not in result.output


def test_signalling_of_resnet152_by_name() -> None:
    result = CliRunner().invoke(
        main, ["signalling", "--model", "resnet152", "--nodes", "5", "--json"]
    )
    assert result.exit_code == 0, result.output
    counted = json.loads(result.output)
    sci = next(row for row in counted["solvers"] if row["solver"] == "sci")
    assert counted["layers"] > 500 and sci["messages"] == 4
    assert sci["largest_message_bytes"] < 4000
