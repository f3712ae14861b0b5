"""``cosim table1``: the paper's rows, and what the two networks of ours give."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from cosim.cli.main import main
from cosim.paper_links import PAPER_LINKS
from cosim.scenario import load_scenario

pytestmark = pytest.mark.ns3


def test_every_row_of_the_paper_names_a_link_of_ours() -> None:
    for row in PAPER_LINKS:
        scenario = load_scenario(row.scenario)
        names = {link.name for link in scenario.links} | {"ue-access"}
        assert row.link in names


def test_means_and_spread_are_near_the_papers_at_load_mid() -> None:
    done = CliRunner().invoke(main, ["table1", "--duration", "4", "--seeds", "5", "--json"])
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)["links"]
    assert [(row["scenario"], row["link"]) for row in rows] == [
        (p.scenario, p.link) for p in PAPER_LINKS
    ]
    gaps = {f"{row['scenario']} {row['link']}": row["gap"] for row in rows}
    # Five draws of the population, with one user more or less: a mean is good to some 7 %.
    assert all(abs(gap) < 0.2 for gap in gaps.values()), gaps
    spread = {
        f"{row['scenario']} {row['link']}": row["std_mbps"] / row["paper_std_mbps"] for row in rows
    }
    assert all(0.6 < ratio < 1.5 for ratio in spread.values()), spread


def test_more_load_leaves_less() -> None:
    mbps = {}
    for load in ("low", "high"):
        done = CliRunner().invoke(main, ["table1", "--duration", "1.5", "--load", load, "--json"])
        mbps[load] = {
            (row["scenario"], row["link"]): row["mean_mbps"]
            for row in json.loads(done.stdout)["links"]
        }
    assert all(mbps["high"][link] < mbps["low"][link] for link in mbps["low"])


def test_the_table_fits_the_terminal() -> None:
    done = CliRunner().invoke(main, ["table1", "--duration", "1"])
    assert done.exit_code == 0, done.output
    assert "paper" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
