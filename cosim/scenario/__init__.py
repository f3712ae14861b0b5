"""Scenarios: what a run is made of, read from TOML, checked, and written back."""

from __future__ import annotations

from cosim.scenario.dump import to_toml
from cosim.scenario.load import list_scenarios, load_scenario, scenario_from_toml, scenario_hash
from cosim.scenario.schema import Scenario
from cosim.scenario.topology import ACCESS_SUFFIX, Segment, Topology, access_link, build_topology

__all__ = [
    "ACCESS_SUFFIX",
    "Scenario",
    "Segment",
    "Topology",
    "access_link",
    "build_topology",
    "list_scenarios",
    "load_scenario",
    "scenario_from_toml",
    "scenario_hash",
    "to_toml",
]
