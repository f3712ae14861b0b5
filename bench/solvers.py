"""Time the solvers, all in one run, and print ratios: absolute times depend on the machine.

``python bench/solvers.py`` (or ``make bench``) prints a table and exits with 1 when a bound that
the project states does not hold: SCI at most 6 times a plain ``numpy.cumsum`` of the same length,
and the exact Pareto form on ResNet152 x 9 nodes under 20 ms.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np

from cosim.splitting import (
    SplitProblem,
    plan_cost,
    sci_step,
    solve_algorithm1,
    solve_dijkstra,
    solve_pareto,
    solve_sci,
)
from cosim.splitting.study import Case, compare_forms, random_cases, threshold_between

LAYERS = (52, 174, 600, 100_000)
NODES = (5, 9, 64)
MAX_RATIO = 6.0
MAX_PARETO_S = 0.020
# Algorithm 1 is quadratic: at 10^5 layers it would take hours, Dijkstra's graph gigabytes.
MAX_QUADRATIC_LAYERS = 600
MAX_GRAPH_VERTICES = 1_000_000


def best_s(function: Callable[[], object], budget_s: float = 0.15) -> float:
    """Least time of one call, over as many as fit in the budget, at least 3."""
    times = []
    end = time.perf_counter() + budget_s
    while len(times) < 3 or time.perf_counter() < end:
        begin = time.perf_counter()
        function()
        times.append(time.perf_counter() - begin)
    return min(times)


def random_problem(nodes: int, layers: int, seed: int = 1) -> SplitProblem:
    """Nodes that get faster towards the cloud, and links that make splitting worthwhile."""
    rng = np.random.default_rng(seed)
    speed = np.geomspace(1, 60, nodes)[:, None]
    transfer = rng.random((nodes - 1, layers + 1)) * (layers / nodes)
    transfer[:, -1] = 0
    return SplitProblem(rng.random(layers) / speed, transfer)


def floor_ratio(layers: int) -> tuple[float, float]:
    """Time of numpy.cumsum, s, and of one SCI step over it, measured by turns."""
    problem = random_problem(3, layers)
    prefix, transfer = problem.prefix_s[1], problem.transfer_s[1]
    downstream = problem.prefix_s[2, -1] - problem.prefix_s[2]
    plain = np.random.default_rng(0).random(layers + 1)
    repeats = max(3, 100_000 // layers)

    def floor() -> None:
        for _ in range(repeats):
            np.cumsum(plain)

    def step() -> None:
        for _ in range(repeats):
            sci_step(prefix, transfer, downstream)

    pairs = [(best_s(floor, 0.03), best_s(step, 0.06)) for _ in range(7)]
    floor_s = min(pair[0] for pair in pairs) / repeats
    return floor_s, min(pair[1] for pair in pairs) / repeats / floor_s


def bench_solvers() -> list[str]:
    """Print the table; give the faults."""
    faults = []
    print("one node:   L   cumsum us   SCI / cumsum")
    for layers in LAYERS:
        floor_s, ratio = floor_ratio(layers)
        print(f"{layers:13d} {floor_s * 1e6:11.1f} {ratio:14.2f}")
        if ratio > MAX_RATIO:
            faults.append(f"SCI takes {ratio:.1f} times a cumsum at L = {layers}")
    print("\nper node:   L    P      SCI us   Algorithm 1 / SCI   Dijkstra / SCI")
    for layers in LAYERS:
        for nodes in NODES:
            print(_row(layers, nodes))
    return faults


def _row(layers: int, nodes: int) -> str:
    problem = random_problem(nodes, layers)
    plan = solve_sci(problem)
    sci_s = best_s(lambda: solve_sci(problem))
    cells = [f"{layers:13d} {nodes:4d} {sci_s / nodes * 1e6:11.1f}"]
    for solver, tractable, width in (
        (solve_algorithm1, layers <= MAX_QUADRATIC_LAYERS, 19),
        (solve_dijkstra, layers * nodes <= MAX_GRAPH_VERTICES, 16),
    ):
        cell = "-"
        if tractable:
            assert np.isclose(solver(problem).cost, plan.cost)
            cell = f"{best_s(lambda s=solver: s(problem)) / sci_s:.1f}"  # type: ignore[misc]
        cells.append(f"{cell:>{width}}")
    return " ".join(cells)


def paper_chain(layers: int = 514) -> tuple[SplitProblem, SplitProblem]:
    """Latency and energy of a network like ResNet152 on the paper's Network A (Table I rates).

    Used where no profile of ResNet152 is shipped: layer times and live sizes drawn at random, with
    the sizes falling and the small ones at the ends of blocks, as those of a residual network.
    """
    rng = np.random.default_rng(152)
    share = rng.lognormal(0.0, 1.0, layers)
    total_s = np.array([1.2, *[0.3] * 5, *[0.024] * 2, 0.015])
    compute = total_s[:, None] * (share / share.sum())
    live = np.repeat([8e5, 4e5, 3e5, 1e5], -(-(layers + 1) // 4))[: layers + 1]
    live = live * rng.uniform(0.7, 1.3, layers + 1) * np.where(np.arange(layers + 1) % 10, 2, 1)
    live[0], live[-1] = 150e3, 0.0
    rates = np.array([66.5, 66.5, 47.1, 48.6, 54.1, 54.1, 36.0, 18.1]) * 1e6
    transfer = live * 8 / rates[:, None] + np.where(live > 0, 0.002, 0.0)
    watts = np.array([5.1, *[18.0] * 5, *[215.0] * 2, 250.0])
    radio = np.zeros_like(transfer)
    radio[0] = 5.66 * transfer[0] + 8.9e-9 * 8 * live
    return SplitProblem(compute, transfer), SplitProblem(compute * watts[:, None], radio)


def profile_chain(model_name: str, factor: float = 1.0) -> tuple[SplitProblem, SplitProblem]:
    """The same chain with a shipped profile, all links `factor` times as fast."""
    from cosim.models import load_device_profile, load_model_profile
    from cosim.problems import Chain, energy_problem, latency_problem

    names = ["paper-ue", *["paper-iab-mec"] * 5, *["paper-core-mec"] * 2, "paper-cloud"]
    rates = [66.5e6, 66.5e6, 47.1e6, 48.6e6, 54.1e6, 54.1e6, 36.0e6, 18.1e6]
    devices = [load_device_profile(name) for name in names]
    chain = Chain(devices, [rate * factor for rate in rates], [0.002] * 8)
    model = load_model_profile(model_name)
    return latency_problem(model, chain), energy_problem(model, chain)


def bench_pareto() -> list[str]:
    """Time the exact form at several thresholds."""
    from cosim.models import list_model_profiles

    faults = []
    shipped = [name for name in ("resnet152", "resnet18") if name in list_model_profiles()]
    chains = {"like resnet152": paper_chain(), **{name: profile_chain(name) for name in shipped}}
    print("\nexact Pareto form, 9 nodes      L   threshold   exact ms   cap 16 ms   excess  points")
    for name, (qa, be) in chains.items():
        least = solve_sci(qa).cost
        loosest = plan_cost(qa, solve_sci(be).boundaries)
        for share in (0.05, 0.25, 0.5):
            limit = least + share * (loosest - least)
            exact, capped = solve_pareto(qa, be, limit), solve_pareto(qa, be, limit, cap=16)
            took = best_s(lambda q=qa, b=be, t=limit: solve_pareto(q, b, t), 0.5)  # type: ignore[misc]
            thin = best_s(lambda q=qa, b=be, t=limit: solve_pareto(q, b, t, cap=16), 0.5)  # type: ignore[misc]
            excess = capped.be / exact.be - 1 if exact.be else 0.0
            print(
                f"{name:24s} {qa.layers:8d} {limit * 1e3:8.1f} ms {took * 1e3:10.1f} "
                f"{thin * 1e3:11.1f} {excess:8.2%} {exact.points:7d}"
            )
            if took > MAX_PARETO_S and "resnet152" in name:
                faults.append(f"the exact Pareto form takes {took * 1e3:.1f} ms ({name})")
    return faults


def bench_forms() -> None:
    """How far the linear and the inverse-weight forms are from the exact one."""
    rng = np.random.default_rng(7)
    profiled = []
    for factor in np.geomspace(0.3, 10, 25):
        qa, be = profile_chain("resnet18", float(factor))
        profiled += [Case(qa, be, threshold_between(qa, be, s)) for s in rng.uniform(0, 1, 4)]
    for name, cases in (("random", random_cases(100)), ("ResNet18, latency/energy", profiled)):
        print(f"\n{name}:")
        print("form              violations  worst  excess of best effort, mean  worst")
        for result in compare_forms(cases):
            print(
                f"{result.form:19s} {result.violations:4d}/{result.cases} "
                f"{result.worst_violation:6.0%} {result.mean_excess:28.1%} "
                f"{result.worst_excess:6.1%}"
            )


def main() -> int:
    """Run all; the exit code says whether the stated bounds hold."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    faults = bench_solvers() + bench_pareto()
    bench_forms()
    for fault in faults:
        print(f"FAULT: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
