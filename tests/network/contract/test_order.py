"""What a network does does not hang on the order in which its file names its parts."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

import cosim
from cosim.scenario import load_scenario


@pytest.mark.parametrize("backend", [pytest.param("ns3", marks=pytest.mark.ns3), "simplified"])
@pytest.mark.parametrize("name", ["mmwave-iab", "sub6"])
def test_nodes_and_links_in_another_order(backend: str, name: str, tmp_path: Path) -> None:
    scenario = load_scenario(name, [("duration", "0.6 s")])
    turned = msgspec.structs.replace(
        scenario, nodes=scenario.nodes[::-1], links=scenario.links[::-1]
    )
    runs = [
        cosim.run(each, out=tmp_path / str(number), backend=backend)
        for number, each in enumerate((scenario, turned))
    ]
    tasks = [run.tasks for run in runs]
    assert len(tasks[0]) > 3
    assert tasks[0].equals(tasks[1])
    key = ["time_s", "link", "transmitter"]
    links = [run.links.sort_values(key).reset_index(drop=True) for run in runs]
    assert links[0].equals(links[1])
