"""`cosim reproduce`: claims as JSON, going on where it was stopped, and the generated document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cosim.cli.main import main
from cosim.cli.table1 import table1_command
from cosim.errors import UnknownNameError
from cosim.network.ns3.program import PROGRAM_VARIABLE
from cosim.paper_links import PAPER_LINKS, RUN_S, SEEDS
from cosim.reproduce import FIGURES, TOLERANCE, figure_names, picture_path, reproduce
from cosim.reproduce.claim import at_least, at_most, close, shape
from cosim.reproduce.lab import drive_s
from cosim.reproduce.markdown import COLUMNS, to_markdown
from cosim.scenario import load_scenario

DOCUMENT = Path(__file__).parents[2] / "docs" / "reproduction.md"
KEYS = {"figure", "claim", "paper", "ours", "holds", "reason", "ratio"}


@pytest.fixture(autouse=True)
def no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROGRAM_VARIABLE, "/nowhere/cosim-ns3")


def test_figure_2_holds_and_is_printed_as_json(tmp_path: Path) -> None:
    arguments = ["reproduce", "2", "--json", "--out", str(tmp_path)]
    shown = CliRunner().invoke(main, arguments)
    assert shown.exit_code == 0, shown.output
    claims = json.loads(shown.stdout)
    assert len(claims) == 4
    assert all(set(claim) == KEYS and claim["figure"] == "2" for claim in claims)
    assert all(claim["holds"] and claim["reason"] is None for claim in claims)
    picture = picture_path(tmp_path, "2").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) > 5000
    text = CliRunner().invoke(main, ["reproduce", "fig.2", "--out", str(tmp_path)])
    assert "4 of 4 claims hold" in text.stdout and "multi-split is never worse" in text.stdout


def test_it_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    told: list[str] = []
    settings = {"backend": "simplified", "directory": tmp_path, "tell": told.append}
    first = reproduce(["2"], **settings)  # type: ignore[arg-type]
    assert told == ["figure 2"]
    assert reproduce(["2"], **settings) == first  # type: ignore[arg-type]
    assert told == ["figure 2"], "it was made twice"
    picture_path(tmp_path, "2").unlink()
    reproduce(["2"], **settings)  # type: ignore[arg-type]
    assert told == ["figure 2"] * 2, "without its picture it is not finished"


def test_a_simulated_figure_makes_its_runs_once(tmp_path: Path) -> None:
    told: list[str] = []
    settings = {"backend": "simplified", "directory": tmp_path, "tell": told.append}
    (page,) = reproduce(["table1"], **settings)  # type: ignore[arg-type]
    assert len(page.claims) == 3 * len(PAPER_LINKS)
    by_claim = {claim.claim: claim for claim in page.claims}
    wire = by_claim["mmwave-iab link F: mean (Mbps)"]
    assert wire.holds and wire.ratio == pytest.approx(1.0, abs=TOLERANCE)
    assert sum("ue-only" in line for line in told) == 2 * (SEEDS + 1)
    # On the stretch that both networks were calibrated on, the one below 6 GHz leaves as much.
    assert by_claim["sub6 link A & B: mean (Mbps)"].holds
    assert all(claim.holds for name, claim in by_claim.items() if "capacity" in name)
    told.clear()
    reproduce(["table1"], again=True, **settings)  # type: ignore[arg-type]
    assert told == ["figure table1"], "its runs were made again"


@pytest.mark.parametrize("wrong", ["3", "figure", "", "0"])
def test_an_unknown_figure_is_bad_input(wrong: str) -> None:
    with pytest.raises(UnknownNameError, match="unknown figure"):
        figure_names(wrong)
    assert CliRunner().invoke(main, ["reproduce", wrong]).exit_code == 2


def test_table_1_is_measured_as_its_command_does_by_default() -> None:
    defaults = {option.name: option.default for option in table1_command.params}
    assert (defaults["duration_s"], defaults["seeds"]) == (RUN_S, SEEDS)


@pytest.mark.parametrize("form", ["RnnStandardQa", "CollabStandardQa"])
def test_the_standard_forms_keep_the_contract_of_policies(form: str) -> None:
    name = f"cosim.reproduce.standard_forms:{form}"
    checked = CliRunner().invoke(main, ["check-policy", name])
    assert checked.exit_code == 0, checked.output


def test_a_drive_lasts_as_long_as_the_ue_moves() -> None:
    assert drive_s(load_scenario("sub6")) == pytest.approx(240 / (40 / 3.6))


def test_figures_have_several_names() -> None:
    assert figure_names("all") == tuple(FIGURES)
    assert {figure_names(n) for n in ("6", "fig6", "Fig. 6".replace(" ", ""), "fig06")} == {("6",)}
    assert figure_names("Table1") == ("table1",)


def test_numbers_hold_within_the_tolerance_and_on_the_right_side() -> None:
    assert close("x", "c", 100.0, 100 * (1 + TOLERANCE), "r").holds
    assert not close("x", "c", 100.0, 101 * (1 + TOLERANCE), "r").holds
    assert at_most("x", "c", 10.0, 10.0, "r").holds and not at_most("x", "c", 10.0, 10.1, "r").holds
    assert (
        at_least("x", "c", 10.0, 10.0, "r").holds and not at_least("x", "c", 10.0, 9.9, "r").holds
    )
    for missing in (None, float("nan")):
        claim = close("x", "c", 1.0, missing, "r")
        assert (claim.holds, claim.ours, claim.reason) == (False, None, "r")
    assert shape("x", "c", "a", True, "r").reason is None


def test_the_document_is_current_in_its_shape(tmp_path: Path) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    assert tuple(rows[0]) == COLUMNS
    body = [[cell.strip() for cell in row] for row in rows[1:]]
    assert list(dict.fromkeys(row[0] for row in body)) == list(FIGURES), "make it again"
    held = 0
    for row in body:
        assert row[5] in ("yes", "no")
        assert (row[5] == "no") == (len(row) == 7 and bool(row[6])), f"no reason: {row}"
        held += row[5] == "yes"
    assert f"{held} of {len(body)} claims hold" in text
    assert sum(row[0] == "table1" for row in body) == 3 * len(PAPER_LINKS)
    (page,) = reproduce(["2"], backend="simplified", directory=tmp_path)
    fresh = [line for line in to_markdown([page]).splitlines() if line.startswith("| 2 ")]
    assert fresh == [line for line in text.splitlines() if line.startswith("| 2 ")]


@pytest.mark.slow
def test_the_document_has_the_claims_that_come_out(tmp_path: Path) -> None:
    """All of them, made anew: their names, which hold and which do not."""
    arguments = ["reproduce", "all", "--json", "--out", str(tmp_path)]
    shown = CliRunner().invoke(main, [*arguments, "--doc", str(tmp_path / "fresh.md")])
    assert shown.exit_code == 0, shown.output
    fresh, kept = (
        [line.split(" | ") for line in path.read_text(encoding="utf-8").splitlines()[6:]]
        for path in (tmp_path / "fresh.md", DOCUMENT)
    )
    assert [(row[0], row[1], row[5]) for row in fresh[2:]] == [
        (row[0], row[1], row[5]) for row in kept[2:]
    ], "make it again: cosim reproduce all --doc docs/reproduction.md"
    assert len(json.loads(shown.stdout)) == len(fresh) - 2
