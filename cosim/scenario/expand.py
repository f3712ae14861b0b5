"""Many UEs from one entry: a node with a `count` stands for so many."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import msgspec

from cosim.errors import ScenarioError
from cosim.scenario.schema import NodeSpec, Scenario

MOST_UES = 1000
_MILLIMETRES = 3  # digits after the point


def expand_counts(scenario: Scenario) -> Scenario:
    """The scenario with each node of a `count` above 1 written out: ``ue-1``, ``ue-2``, and so on.

    They stand at random places, drawn from the scenario's seed, within `spread_m` of the position.

    Raises
    ------
    ScenarioError
        When a count or spread is out of range, or of a node that is no UE.
    """
    nodes = tuple(one for node in scenario.nodes for one in _written_out(node, scenario.seed))
    return msgspec.structs.replace(scenario, nodes=nodes)


def _written_out(node: NodeSpec, seed: int) -> Iterator[NodeSpec]:
    path = f"nodes.{node.name}"
    if not 1 <= node.count <= MOST_UES:
        raise ScenarioError(f"{path}.count", f"must be from 1 to {MOST_UES}")
    if not 0 <= node.spread_m < math.inf:
        raise ScenarioError(f"{path}.spread_m", "must be a distance, 0 or more")
    if node.count > 1 and node.kind != "ue":
        raise ScenarioError(f"{path}.count", f"only UEs come in numbers, this is '{node.kind}'")
    if node.spread_m > 0 and node.position_m is None:
        raise ScenarioError(f"{path}.spread_m", "has no position_m to be around")
    draw = random.Random(f"{seed}/{node.name}")
    for number in range(1, node.count + 1):
        yield msgspec.structs.replace(
            node,
            name=node.name if node.count == 1 else f"{node.name}-{number}",
            position_m=_near(node, draw),
            count=1,
            spread_m=0.0,
        )


def _near(node: NodeSpec, draw: random.Random) -> tuple[float, float, float] | None:
    """A place that is uniform in the disc."""
    if node.position_m is None or node.spread_m == 0:
        return node.position_m
    x_m, y_m, height_m = node.position_m
    radius_m = node.spread_m * math.sqrt(draw.random())
    angle = 2 * math.pi * draw.random()
    return (
        round(x_m + radius_m * math.cos(angle), _MILLIMETRES),
        round(y_m + radius_m * math.sin(angle), _MILLIMETRES),
        height_m,
    )
