"""What signalling each way of solving the split problem needs, beside the paper's own figures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

COST_BYTES: Final = 4
"""A cost travels as ``float32``."""

SCI_HEADER_BYTES: Final = 27
"""Of cosim's SCI message, before its costs (`cosim.nodes.messages`)."""


@dataclass(frozen=True)
class Signalling:
    """One solver's signalling for one update of the plan on a chain.

    Attributes
    ----------
    solver
        Its name.
    messages
        Between any two nodes, each counted once however many hops it takes.
    total_bytes
        Of all messages, headers included.
    largest_message_bytes
        Of one message.
    costs_calculated
        How many path or plan costs are calculated, by all nodes together.
    note
        What is sent.
    """

    solver: str
    messages: int
    total_bytes: int
    largest_message_bytes: int
    costs_calculated: int
    note: str


@dataclass(frozen=True)
class PaperFigure:
    """A figure of the paper, what the same setting gives here, and how the two fit."""

    what: str
    paper: float
    ours: float
    unit: str
    note: str


def plan_count(layers: int, nodes: int) -> int:
    """How many plans there are: ``C(P + L - 1, L)`` (IV.B.2)."""
    return math.comb(nodes + layers - 1, layers)


def edge_count(layers: int, nodes: int) -> int:
    """Edges of the split graph by Eq. 6, those that skip nodes included.

    Between nodes p < q < P there is one edge for every ``m <= n < y`` (first layer ``n + 1`` at q),
    ``L (L^2 - 1) / 6`` of them; towards the sink ``y = L`` leaves ``L (L - 1) / 2``.
    """
    between = math.comb(nodes - 1, 2) * (layers * (layers**2 - 1) // 6)
    return between + (nodes - 1) * (layers * (layers - 1) // 2)


def relay_edge_count(layers: int) -> int:
    """Edges between two neighbouring nodes when relays replace skipping: what one node sends.

    Every vertex (m, n), and the relay of each n, leads to all vertices of the next node that begin
    with layer n + 1, and to its relay.
    """
    return sum((n + 1) * (layers - n + 1) for n in range(layers + 1))


def paper_messages_per_node(layers: int, nodes: int) -> int:
    """The paper's own count for distributed Dijkstra: ``C(L, 2) (L + 1) P / 4`` (IV.C)."""
    return math.comb(layers, 2) * (layers + 1) * nodes // 4


def count_signalling(
    layers: int, nodes: int, *, header_bytes: int = SCI_HEADER_BYTES
) -> tuple[Signalling, ...]:
    """Signalling of all solvers on a chain.

    Parameters
    ----------
    layers, nodes
        L and P, at least 1 and 2.
    header_bytes
        Of each message, before its costs; by default that of cosim's SCI message.

    Returns
    -------
    In this order: sci, algorithm1, dijkstra, exhaustive (both centralised), aggregated-dijkstra
    (IV.C.1: relays, one message a node), distributed-dijkstra (one message for each edge).
    """
    if layers < 1:
        raise ValueError(f"layers must be at least 1, is {layers}")
    if nodes < 2:
        raise ValueError(f"nodes must be at least 2, is {nodes}")
    vector = header_bytes + COST_BYTES * (layers + 1)
    per_node = relay_edge_count(layers)
    hops = nodes - 1
    edges = edge_count(layers, nodes)
    aggregated = header_bytes + COST_BYTES * per_node
    pairs = (layers + 1) * (layers + 2) // 2
    one = header_bytes + COST_BYTES
    return (
        Signalling(
            "sci", hops, hops * vector, vector, nodes * (layers + 1),
            "the SCI vector, L+1 costs, from each node to the one before",
        ),
        Signalling(
            "algorithm1", hops, hops * vector, vector, hops * pairs,
            "the same messages; at most this many costs, the skip rule saves some",
        ),
        _centralised(
            "dijkstra", layers, nodes, header_bytes, hops * pairs + layers,
            "profiles to a controller at the sink, a plan back; edges with relays calculated there",
        ),
        _centralised(
            "exhaustive", layers, nodes, header_bytes, plan_count(layers, nodes),
            "profiles to a controller at the sink, a plan back; every plan calculated there",
        ),
        Signalling(
            "aggregated-dijkstra", hops, hops * aggregated, aggregated, hops * per_node,
            "relays, but one cost for every edge between neighbours (IV.C.1)",
        ),
        Signalling(
            "distributed-dijkstra", edges, edges * one, one, edges,
            "one cost over every edge of Eq. 6, each a message (IV.C)",
        ),
    )  # fmt: skip


def _centralised(
    solver: str, layers: int, nodes: int, header_bytes: int, costs: int, note: str
) -> Signalling:
    """Each node but the controller sends its L layer times and L+1 transfers; all get P+1 ends."""
    profile = header_bytes + COST_BYTES * (2 * layers + 1)
    plan = header_bytes + COST_BYTES * (nodes + 1)
    others = nodes - 1
    total = others * (profile + plan)
    return Signalling(solver, 2 * others, total, max(profile, plan), costs, note)


RESNET50_LAYERS: Final = 174
RESNET152_LAYERS: Final = 514
"""By the rule that gives 174 for ResNet50: 464 layer calls and 50 additions."""


def paper_figures(*, resnet152_layers: int = RESNET152_LAYERS) -> tuple[PaperFigure, ...]:
    """The paper's figures of IV.B and IV.C, recalculated in the setting that it names."""
    layers, nodes, deep = RESNET50_LAYERS, 5, resnet152_layers
    sci = SCI_HEADER_BYTES + COST_BYTES * (deep + 1)
    per_message = relay_edge_count(deep)
    return (
        PaperFigure(
            "plans, ResNet50 on 5 nodes", 4.0e7, plan_count(layers, nodes), "plans",
            f"follows: C(P+L-1, L) with L = {layers} (158 layer calls and 16 additions)",
        ),
        PaperFigure(
            "edges, ResNet50 on 5 nodes", 4.5e5, edge_count(layers, nodes), "edges",
            "does not follow: Eq. 6 gives 12 times as many; 15 L^2 would give 4.5e5",
        ),
        PaperFigure(
            "distributed Dijkstra, ResNet50 on 5 nodes", 3e6,
            paper_messages_per_node(layers, nodes), "messages a node",
            "follows from its formula C(L, 2)(L+1)P/4, an average over vertices; summed over all "
            f"nodes Eq. 6 gives {edge_count(layers, nodes):.2g} in total",
        ),
        PaperFigure(
            "costs in an aggregated message, ResNet152", 4e6, per_message, "costs",
            f"does not follow: with L = {deep} there are {per_message:.2g}; 4e6 needs L near 285",
        ),
        PaperFigure(
            "aggregated message, ResNet152", 80e6, COST_BYTES * per_message, "bytes",
            "does not follow from 4e6 floats: they are 16 MB, or 80 MB on 5 nodes; as a count of "
            "edges it is near ours, so that 4e6 seems to be the figure at fault",
        ),
        PaperFigure(
            "SCI message, ResNet152", 4e3, sci, "bytes",
            f"holds (the paper says less than 4 KB): {deep + 1} float32 costs and a header",
        ),
        PaperFigure(
            "aggregated over SCI message, ResNet152", 24_000, COST_BYTES * per_message / sci,
            "times smaller",
            "80 MB / 24000 is 3.3 kB, 833 floats; with our message the gain is larger",
        ),
    )  # fmt: skip
