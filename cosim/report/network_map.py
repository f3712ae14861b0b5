"""Where nodes are drawn, how UEs move, and who serves them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from cosim.network.trajectory import trajectory
from cosim.report.data import Node, Ue, Uplink
from cosim.scenario import Scenario, Topology, access_link, build_topology
from cosim.scenario.schema import NodeSpec

_MARGIN: Final = 0.16  # of the radio network's extent, between it and the wired nodes


def draw_nodes(topology: Topology) -> list[Node]:
    """All nodes in the order of the scenario; those without a position beside the others."""
    beside = _places_beside(topology)
    return [_node(topology, spec, beside) for spec in topology.nodes.values()]


def draw_uplinks(topology: Topology, links: Any) -> list[Uplink]:
    """The links between fixed nodes over time; `links` is the table of link reports."""
    names = list(topology.nodes)
    drawn = []
    for link in topology.links.values():
        times_us, ends = receivers(link.name, link.child, links)
        if not ends:
            times_us, ends = [0], [link.parent]
        drawn.append(
            Uplink(
                name=link.name,
                child=names.index(link.child),
                wireless=link.kind == "wireless",
                since_us=times_us,
                parents=[names.index(end) if end else None for end in ends],
            )
        )
    return drawn


def draw_ues(scenario: Scenario, links: Any) -> list[Ue]:
    """The computing UEs; `links` is the table of link reports."""
    topology = build_topology(scenario)
    names = list(topology.nodes)
    return [_ue(topology.nodes[name], names, links) for name in topology.computing_ues]


def serving_nodes(ue: str, links: Any) -> tuple[list[int], list[str]]:
    """From when on, in microseconds, which node served a UE, as the link reports show it."""
    return receivers(access_link(ue), ue, links)


def receivers(link: str, transmitter: str, links: Any) -> tuple[list[int], list[str]]:
    """From when on, in microseconds, to which node a link led; to none of it while one sleeps."""
    uplink = links[(links["link"] == link) & (links["transmitter"] == transmitter)]
    times, nodes = uplink["time_s"].to_numpy(), uplink["receiver"].to_numpy()
    changes = [i for i in range(len(nodes)) if i == 0 or nodes[i] != nodes[i - 1]]
    return [round(float(times[i]) * 1e6) for i in changes], [str(nodes[i]) for i in changes]


def _node(topology: Topology, spec: NodeSpec, beside: dict[str, tuple[float, float]]) -> Node:
    x_m, y_m = spec.position_m[:2] if spec.position_m is not None else beside[spec.name]
    return Node(
        name=spec.name,
        kind=spec.kind,
        x_m=x_m,
        y_m=y_m,
        placed=spec.position_m is not None,
        computes=topology.computes(spec.name),
    )


def _places_beside(topology: Topology) -> dict[str, tuple[float, float]]:
    """A column right of the radio network; it begins above or below, where the first one hangs."""
    points = [p for spec in topology.nodes.values() for p in _points(spec)]
    wired = [name for name, spec in topology.nodes.items() if spec.position_m is None]
    wired.sort(key=lambda name: -len(topology.path_to_root(name)))
    low, high = np.min(points, axis=0), np.max(points, axis=0)
    extent = float(max(*(high - low), 1.0))
    middle = float(low[1] + high[1]) / 2
    x_m = float(high[0]) + extent * _MARGIN * 2
    # A single one above the middle, where its link would often go through other nodes.
    steps = np.linspace(-0.5, 0.5, len(wired)) if len(wired) > 1 else np.full(len(wired), 0.5)
    hung = [topology.nodes[name].position_m for name in topology.children_of(wired[0])]
    if any(place is not None and place[1] > middle for place in hung):
        steps = -steps
    return {name: (x_m, middle + float(s) * extent) for name, s in zip(wired, steps, strict=True)}


def _points(spec: NodeSpec) -> list[tuple[float, float]]:
    if spec.position_m is None:
        return []
    return [spec.position_m[:2], *spec.waypoints_m]


def _ue(spec: NodeSpec, names: Sequence[str], links: Any) -> Ue:
    way = [(point.time_ns // 1000, *point.position_m[:2]) for point in trajectory(spec)]
    if not way:
        way = [(0, *(spec.position_m or (0.0, 0.0))[:2])]
    serving_us, serving = serving_nodes(spec.name, links)
    return Ue(
        node=names.index(spec.name),
        time_us=[point[0] for point in way],
        x_m=[point[1] for point in way],
        y_m=[point[2] for point in way],
        serving_us=serving_us,
        serving=[names.index(name) for name in serving],
    )
