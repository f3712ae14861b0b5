"""The page of the simplified simulator lists the keys of a scenario that it does not look at."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import cosim
from cosim.scenario import schema

ROOT = Path(__file__).parents[3]
PACKAGE = Path(cosim.__file__).parent  # in the image there is no source beside the tests
NETWORK = PACKAGE / "network"
SOURCES = (
    *(NETWORK / "simplified").glob("*.py"),
    NETWORK / "demand.py",
    NETWORK / "trajectory.py",
    PACKAGE / "scenario" / "population.py",
)
# Tables whose every key is about the network; what else a node has is the engine's.
TABLES = {
    "radio": schema.RadioSpec,
    "background": schema.BackgroundSpec,
    "links": schema.LinkSpec,
    "links.cross_traffic": schema.CrossTrafficSpec,
    "blockages": schema.BlockageSpec,
    "topology_changes": schema.TopologyChangeSpec,
    "simplified": schema.SimplifiedSpec,
}


def _read() -> set[str]:
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES)
    return {n.attr for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Attribute)}


def test_the_page_lists_the_keys_without_effect() -> None:
    page = (ROOT / "docs" / "simplified.md").read_text(encoding="utf-8")
    _, _, part = page.partition("## Keys without effect")
    rows = "".join(line.split("|")[1] for line in part.splitlines() if line.startswith("| `"))
    listed = set(re.findall(r"`([a-z0-9_.]+)`", rows))
    read = _read()
    ignored = {
        f"{table}.{key}"
        for table, kind in TABLES.items()
        for key in kind.__struct_fields__
        if key not in read
    }
    assert ignored == listed


@pytest.mark.parametrize("key", ["waypoints_m", "speed", "transit", "position_m"])
def test_what_is_a_nodes_place_and_traffic_is_read(key: str) -> None:
    assert key in _read() and key in schema.NodeSpec.__struct_fields__
