"""CPU time and peak memory of every policy and solver on a large problem, each in its own process.

    python bench/large.py [NODES [LAYERS]]

64 nodes and 100,000 layers by default, which takes some minutes. What refuses the size says so.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable

import numpy as np

from cosim.errors import PolicyError
from cosim.splitting import (
    Objective,
    QualityAssurance,
    SplitProblem,
    make_policy,
    policy_names,
    solve_algorithm1,
    solve_chain,
    solve_dijkstra,
    solve_inverse_weight,
    solve_pareto,
    solve_sci,
)
from cosim.splitting.study import threshold_between

CAP = 550


def problems(nodes: int, layers: int) -> tuple[SplitProblem, SplitProblem]:
    """Two metrics: nodes get faster towards the cloud; what one costs in the other is random."""
    rng = np.random.default_rng(1)
    speed = np.geomspace(1, 60, nodes)[:, None]
    transfer = rng.random((nodes - 1, layers + 1)) * 100 + 10
    transfer[:, -1] = 0
    qa = SplitProblem(rng.random(layers) / speed, transfer)
    be = SplitProblem(rng.random((nodes, layers)), rng.random((nodes - 1, layers + 1)) * 100)
    return qa, be


def solve(name: str, nodes: int, layers: int) -> None:
    """Solve, and print what it took."""
    qa, be = problems(nodes, layers)
    limit = threshold_between(qa, be, 0.5)
    solvers: dict[str, Callable[[], object]] = {
        "solve_sci": lambda: solve_sci(qa),
        "solve_algorithm1": lambda: solve_algorithm1(qa),
        "solve_dijkstra": lambda: solve_dijkstra(qa),
        "solve_pareto": lambda: solve_pareto(qa, be, limit),
        "solve_pareto, capped": lambda: solve_pareto(qa, be, limit, cap=CAP),
        "solve_inverse_weight": lambda: solve_inverse_weight(
            [QualityAssurance(qa, limit)], [be], [1.0]
        ),
    }
    aim = Objective(latency_limit_s=limit, front_cap=CAP)
    begin = time.process_time()
    try:
        if name in solvers:
            solvers[name]()
        else:
            solve_chain(make_policy(name), qa, energy=be, objective=aim)
        note = ""
    except (PolicyError, ValueError) as error:
        note = f"  refused: {str(error)[:60]}..."
    took = time.process_time() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{name:22s} {took:8.2f} {peak:8.2f}{note}", flush=True)


def main(nodes: int = 64, layers: int = 100_000) -> None:
    """One after the other."""
    print(f"{nodes} nodes, {layers} layers\n\n{'':22s}    CPU s  peak GB")
    names = ["sci", "algorithm1", "dijkstra", "pareto", "pareto, capped", "inverse_weight"]
    for name in [*(f"solve_{n}" for n in names), *policy_names()]:
        process = multiprocessing.Process(target=solve, args=(name, nodes, layers))
        process.start()
        process.join()


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    main(*map(int, sys.argv[1:]))
