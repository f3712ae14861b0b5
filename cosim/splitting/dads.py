"""DADS: the min cut of a model's graph between a UE and one server (Hu et al., INFOCOM 2019)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cosim.splitting.validate import scalar, vector

_INPUT: Final = ("input", 0)
_UE: Final = "ue"
_SERVER: Final = "server"


@dataclass(frozen=True)
class ModelGraph:
    """A model as a directed acyclic graph.

    Attributes
    ----------
    edges
        ``(u, v)``: operation v needs the output of operation u; operations are 0..N-1. What has no
        edge to it needs the model's input.
    output_bytes
        Of each operation; it is sent once, however many operations need it.
    input_bytes
        Of the model's input, which is on the UE.
    """

    edges: Sequence[tuple[int, int]]
    output_bytes: Sequence[float]
    input_bytes: float


@dataclass(frozen=True)
class GraphCut:
    """Which operations the server runs, and the latency of one inference, s."""

    on_server: frozenset[int]
    latency_s: float


def solve_dads(
    graph: ModelGraph,
    ue_s: Sequence[float],
    server_s: Sequence[float],
    *,
    rate_bps: float,
    delay_s: float = 0.0,
) -> GraphCut:
    """The assignment of least latency, by max flow. Needs networkx.

    The flow network has an arc from the UE to each operation with the time on the server (cut when
    the server runs it), one from the operation to the server with the time on the UE, and the
    transfer between; an operation with several successors sends through a vertex of its own, so
    that its output counts once. Nothing goes back from the server.

    Simplified: the light-workload form only (least latency of one inference; the heavy-workload
    form balances throughput), one server, operations run one after the other, and a transfer takes
    as long as Eq. 10 of the HiveMind paper says.

    Parameters
    ----------
    ue_s, server_s
        Time of each operation, s.
    rate_bps, delay_s
        Of the link; a rate of 0 is a dead one.

    Raises
    ------
    ValueError
        When the graph has a cycle or an argument is no such number, with its index.
    """
    import networkx as nx

    count = len(graph.output_bytes)
    times = [vector(n, t, size=count).tolist() for n, t in (("ue_s", ue_s), ("server_s", server_s))]
    sizes = vector("output_bytes", graph.output_bytes).tolist()
    scalar("input_bytes", graph.input_bytes)
    scalar("rate_bps", rate_bps)
    scalar("delay_s", delay_s)
    if count == 0:
        raise ValueError("output_bytes is empty: a model has at least one operation")
    consumers = _consumers(graph, count)
    model = nx.DiGraph((("op", u), ("op", v)) for u, v in graph.edges)
    if not nx.is_directed_acyclic_graph(model):
        raise ValueError("edges: the graph has a cycle")
    network = nx.DiGraph()
    for op in range(count):
        network.add_edge(_UE, ("op", op), capacity=times[1][op])
        network.add_edge(("op", op), _SERVER, capacity=times[0][op])
    network.add_edge(_UE, _INPUT)  # no capacity is an infinite one: the input is on the UE
    for producer, needed_by in consumers.items():
        size = graph.input_bytes if producer == _INPUT else sizes[producer[1]]
        _add_transfer(network, producer, needed_by, size, rate_bps, delay_s)
    latency, (ue_side, _) = nx.minimum_cut(network, _UE, _SERVER)
    return GraphCut(
        frozenset(op for op in range(count) if ("op", op) not in ue_side), float(latency)
    )


def line_graph(live_bytes: Sequence[float]) -> ModelGraph:
    """A line of L layers from its L + 1 live sizes, of which the last is not sent."""
    layers = len(live_bytes) - 1
    edges = [(layer, layer + 1) for layer in range(layers - 1)]
    return ModelGraph(edges, [*live_bytes[1:layers], 0.0], live_bytes[0])


def _consumers(graph: ModelGraph, count: int) -> Mapping[tuple[str, int], list[int]]:
    consumers: dict[tuple[str, int], list[int]] = {}
    fed = set()
    for index, edge in enumerate(graph.edges):
        if len(edge) != 2:
            raise ValueError(f"edges[{index}] = {edge} is not a pair of operations")
        u, v = edge
        if not (0 <= u < count and 0 <= v < count):
            raise ValueError(f"edges[{index}] = {(u, v)} is not between operations 0..{count - 1}")
        consumers.setdefault(("op", u), []).append(v)
        fed.add(v)
    consumers[_INPUT] = [op for op in range(count) if op not in fed]
    return consumers


def _add_transfer(
    network: Any,  # networkx ships no types
    producer: tuple[str, int],
    needed_by: list[int],
    size: float,
    rate_bps: float,
    delay_s: float,
) -> None:
    """An arc that is cut, once, when the producer is on the UE and some consumer on the server."""
    sender = ("send", *producer)
    more = {}
    if size == 0 or rate_bps > 0:  # else no capacity: a dead link
        more = {"capacity": size * 8 / rate_bps + delay_s if size > 0 else 0.0}
    network.add_edge(producer, sender, **more)
    for op in needed_by:
        network.add_edge(sender, ("op", op))
        network.add_edge(("op", op), producer)
