"""The centralised solution: a shortest path on the split graph (IV.B.2, Eq. 5-7), by Dijkstra.

The paper's graph has a vertex for every (node, first layer, last layer) and an edge between every
two that may follow each other, also across skipped nodes: ``O(P^2 L^3)`` edges, out of reach for
large models. Here the relay vertices of IV.C.1 break the edges that skip nodes, and what then
remains is drawn in one of two smaller ways with the same shortest paths.

``pairs``
    One vertex for every (p, b): "node p is reached with b layers done", and for every vertex
    ``v[p, m, n]`` of Eq. 5 one *edge* from ``(p, m - 1)`` to ``(p + 1, n)``, of weight
    ``T[p, n] - T[p, m - 1] + transfer[p, n]``; the relay is ``n = m - 1``. All edges of Eq. 6
    between the same two sets weigh the same (Eq. 7 depends on the layers, not on the vertex that
    came before), so nothing is lost: ``P (L + 1)(L + 2) / 2`` edges.
``grid``
    The same vertices; node p runs one more layer, ``(p, b) -> (p, b + 1)`` of weight
    ``tau[p, b + 1]``, or passes on, ``(p, b) -> (p + 1, b)`` of weight ``transfer[p, b]``:
    fewer than ``2 P (L + 1)`` edges, tractable at any size.

Edges of infinite weight are left out. Distances are measured from the sink on the reversed graph,
as in the paper's transposed graph, and the path is then read from the source, keeping the larger
share upstream where two ways are equally long.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np

from cosim.splitting.problem import FloatArray, IntArray, Plan, SplitProblem
from cosim.splitting.solvers import make_plan

GraphForm = Literal["grid", "pairs"]

MAX_PAIRS: Final = 20_000_000
"""Edges of the form ``pairs``: about 1 GB."""


def split_graph(problem: SplitProblem, form: GraphForm = "grid") -> Any:
    """The *reversed* split graph, as a ``scipy.sparse.csr_array`` of ``P (L + 1)`` vertices.

    Vertex ``p * (L + 1) + b`` is (p, b), nodes counted from 0; the source is vertex 0, the sink
    the last one. Needs scipy. In ``pairs`` the last node's edges all lead to the sink.

    Raises
    ------
    ValueError
        When ``pairs`` would have more than `MAX_PAIRS` edges.
    """
    from scipy.sparse import csr_array

    if form not in ("grid", "pairs"):
        raise ValueError(f"form must be 'grid' or 'pairs', not '{form}'")
    tails, heads, weights = _grid_edges(problem) if form == "grid" else _pair_edges(problem)
    finite = np.isfinite(weights)
    vertices = problem.nodes * (problem.layers + 1)
    return csr_array((weights[finite], (heads[finite], tails[finite])), shape=(vertices, vertices))


def solve_dijkstra(problem: SplitProblem, *, form: GraphForm = "grid") -> Plan:
    """The optimal plan by Dijkstra's algorithm on the split graph. Needs scipy.

    When no plan has a finite cost, the whole model stays on the source, as with `solve_sci`.
    """
    from scipy.sparse.csgraph import dijkstra

    graph = split_graph(problem, form)
    distance = dijkstra(graph, indices=graph.shape[0] - 1)
    to_go = distance.reshape(problem.nodes, problem.layers + 1)
    walk = _walk_grid if form == "grid" else _walk_pairs
    return make_plan(problem, walk(problem, to_go))


def _grid_edges(problem: SplitProblem) -> tuple[IntArray, IntArray, FloatArray]:
    vertex = _vertices(problem)
    tails = np.concatenate([vertex[:, :-1].ravel(), vertex[:-1].ravel()])
    heads = np.concatenate([vertex[:, 1:].ravel(), vertex[1:].ravel()])
    weights = np.concatenate([problem.compute_s.ravel(), problem.transfer_s.ravel()])
    return tails, heads, weights


def _pair_edges(problem: SplitProblem) -> tuple[IntArray, IntArray, FloatArray]:
    edges = (problem.nodes - 1) * (problem.layers + 1) * (problem.layers + 2) // 2
    if edges > MAX_PAIRS:
        raise ValueError(
            f"form 'pairs' would have {edges} edges, more than {MAX_PAIRS}: use 'grid'"
        )
    vertex = _vertices(problem)
    begin, stop = np.triu_indices(problem.layers + 1)
    parts = []
    for p in range(problem.nodes - 1):
        share = problem.prefix_s[p, stop] - problem.prefix_s[p, begin]
        weight = share + problem.transfer_s[p, stop]
        parts.append((vertex[p, begin], vertex[p + 1, stop], weight))
    rest = problem.prefix_s[-1, -1] - problem.prefix_s[-1, :-1]
    parts.append((vertex[-1, :-1], np.full(problem.layers, vertex[-1, -1]), rest))
    tails, heads, weights = (np.concatenate(column) for column in zip(*parts, strict=True))
    return tails, heads, weights


def _vertices(problem: SplitProblem) -> IntArray:
    shape = (problem.nodes, problem.layers + 1)
    return np.arange(shape[0] * shape[1], dtype=np.int64).reshape(shape)


def _walk_grid(problem: SplitProblem, to_go: FloatArray) -> list[int]:
    """Boundaries of a shortest path: at each node, run on as long as that is as good."""
    boundaries = [0]
    for p in range(problem.nodes - 1):
        begin = boundaries[-1]
        onward = problem.compute_s[p, begin:] + to_go[p, begin + 1 :]
        # Exact comparison: this sum is the very one that Dijkstra's algorithm took for a minimum.
        ends = np.flatnonzero(onward > to_go[p, begin:-1])
        boundaries.append(begin + int(ends[0]) if ends.size else problem.layers)
    return [*boundaries, problem.layers]


def _walk_pairs(problem: SplitProblem, to_go: FloatArray) -> list[int]:
    boundaries = [0]
    for p in range(problem.nodes - 1):
        begin = boundaries[-1]
        share = problem.prefix_s[p, begin:] - problem.prefix_s[p, begin]
        total = share + problem.transfer_s[p, begin:] + to_go[p + 1, begin:]
        boundaries.append(problem.layers - int(np.argmin(total[::-1])))
    return [*boundaries, problem.layers]
