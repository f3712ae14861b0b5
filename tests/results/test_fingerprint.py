"""Same seed, same run: bit for bit, and for the built-in scenarios from version to version."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import cosim
from cosim.results import RunResult
from cosim.results.fingerprint import fingerprint
from cosim.scenario import list_scenarios

KNOWN = dict(
    line.split() for line in (Path(__file__).parent / "fingerprints.txt").read_text().splitlines()
)
DURATION_S = 0.5  # as scripts/fingerprints.py


def test_every_built_in_scenario_has_one() -> None:
    assert set(KNOWN) == set(list_scenarios())


@pytest.mark.ns3
@pytest.mark.parametrize("name", list_scenarios())
def test_results_are_those_of_the_version_before(name: str, tmp_path: Path) -> None:
    run = cosim.run(name, duration_s=DURATION_S, out=tmp_path / "run")
    assert run.manifest.fingerprint == KNOWN[name], (
        "results changed: if that is meant, run scripts/fingerprints.py and say so in CHANGELOG.md"
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: Any) -> RunResult:
    return cosim.run("chain3", duration_s=0.3, out=tmp_path_factory.mktemp("f") / "run")


@pytest.mark.ns3
def test_the_seed_matters_and_the_run_number_does_not(run: RunResult, tmp_path: Path) -> None:
    again = cosim.run("chain3", duration_s=0.3, out=tmp_path / "again")
    assert again.manifest.fingerprint == run.manifest.fingerprint
    other = cosim.run("chain3", duration_s=0.3, policy="ue-only", out=tmp_path / "other")
    assert other.manifest.fingerprint != run.manifest.fingerprint


@pytest.mark.ns3
def test_it_is_of_the_values_not_of_the_file(run: RunResult, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run.directory, copy)
    for path in copy.glob("*.parquet"):
        pq.write_table(pq.read_table(path), path, row_group_size=7, compression="gzip")
    assert fingerprint(copy) == run.manifest.fingerprint
    sci = pq.read_table(copy / "sci.parquet")
    place = sci.column_names.index("compute_wall_s")
    zeros = sci.set_column(place, "compute_wall_s", [[0.0] * sci.num_rows])
    pq.write_table(zeros, copy / "sci.parquet")
    assert fingerprint(copy) == run.manifest.fingerprint


@pytest.mark.ns3
@pytest.mark.parametrize(("table", "column"), [("tasks", "energy_j"), ("links", "queue_bytes")])
def test_it_changes_with_one_value(table: str, column: str, run: RunResult, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run.directory, copy)
    path = copy / f"{table}.parquet"
    whole = pq.read_table(path)
    values = whole.column(column).to_pylist()
    values[3] = values[3] + 1
    place = whole.column_names.index(column)
    pq.write_table(whole.set_column(place, column, [values]).cast(whole.schema), path)
    assert fingerprint(copy) != run.manifest.fingerprint
