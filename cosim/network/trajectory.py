"""Where a node is when: the waypoints of a scenario, each with its time."""

from __future__ import annotations

import math
from typing import NamedTuple

from cosim.scenario.schema import NodeSpec

_NS_PER_S = 1e9
LONGEST_S = 1e9  # some 30 years, far inside 64 bits of ns


class Waypoint(NamedTuple):
    """A position in m and when the node is there; between two it moves in a straight line."""

    time_ns: int
    position_m: tuple[float, float, float]


def trajectory(node: NodeSpec) -> list[Waypoint]:
    """Give each waypoint its time, the height being that of the start; empty if nothing moves."""
    if node.position_m is None or not node.waypoints_m or node.speed <= 0:
        return []
    x_m, y_m, height_m = node.position_m
    time_s = 0.0
    points = [Waypoint(0, (x_m, y_m, height_m))]
    for next_x_m, next_y_m in node.waypoints_m:
        leg_s = math.hypot(next_x_m - x_m, next_y_m - y_m) / node.speed
        if leg_s * _NS_PER_S <= 0.5:
            continue  # it is there already
        time_s += leg_s
        if time_s > LONGEST_S:
            break  # never reached in any run
        x_m, y_m = next_x_m, next_y_m
        points.append(Waypoint(round(time_s * _NS_PER_S), (x_m, y_m, height_m)))
    return points if len(points) > 1 else []
