"""CPU seconds per simulated second of the radio stack, beside the peers' (``make bench``).

The peers' figures were measured once, elsewhere, on an idle core (5G-LENA 4.0 and ns3-mmwave, one
gNB, UEs in line of sight at 50 to 150 m, 28 GHz, numerology 3, 100 MHz, UDP upward in packets of
1400 bytes); ours are measured here and now: CPU time, not wall time, the best of the repeats. A
bound that fails is printed; the exit code stays 0 unless ``--strict`` is given, for CPU time
too depends on the machine and on who else uses its caches.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import resource
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from cosim.network.ns3 import open_ns3
from cosim.network.ns3.cell import CellSetup, run_cell
from cosim.scenario import load_scenario


@dataclass(frozen=True)
class Case:
    """One row: what is simulated, the peers' cost, and the bound of the project."""

    name: str
    setup: CellSetup
    lena: float
    mmwave: float
    bound: float | None = None


CASES = (
    Case("1 UE, 1 Mbps", CellSetup(ues=1, offered_mbps=1), 0.22, 0.33),
    Case("1 UE, saturated", CellSetup(ues=1, offered_mbps=600), 3.9, 2.2),
    Case("5 UEs, 1 Mbps each", CellSetup(ues=5, offered_mbps=5), 0.67, 4.7),
    Case("5 UEs, saturated", CellSetup(ues=5, offered_mbps=600), 12.8, 15.3, 1.0),
    Case("20 UEs, 1 Mbps each", CellSetup(ues=20, offered_mbps=20), 5.1, 88, 0.3),
    Case("20 UEs, saturated", CellSetup(ues=20, offered_mbps=600), 65, 200, 2.0),
)
SCENARIO_BOUND = 0.8  # mmwave-iab at mid load, the UE moving


def cpu_per_second(setup: CellSetup, repeats: int) -> tuple[float, dict[str, Any]]:
    """CPU s per simulated s, the least of the repeats, and what one of them measured."""
    results = [run_cell(setup) for _ in range(repeats)]
    best = min(results, key=lambda result: result["cpu_s"])
    return best["cpu_s"] / best["sim_s"], best


PEERS_HEAD = ("one cell", "here", "5G-LENA", "ns3-mmwave", "bound", "Mbps here")
SCALE_HEAD = ("cells", "UEs", "CPU s per simulated s", "packet-hops per s", "us per packet-hop")
BACKGROUND_HEAD = (
    "demand of a UE",
    "no demand",
    "a backlog adds",
    "packets add",
    "packets / backlog, of what is added",
)
Row = tuple[str, ...]


def bench_peers(repeats: int) -> Iterator[tuple[Row, dict[str, Any]]]:
    """One cell, the cases for which there are figures of the peers."""
    for case in CASES:
        cost, result = cpu_per_second(case.setup, repeats)
        bound = "-" if case.bound is None else f"{case.bound:.1f}"
        row = (case.name, f"{cost:.3f}", f"{case.lena:g}", f"{case.mmwave:g}", bound)
        yield (
            (*row, f"{result['goodput_mbps']:.1f}"),
            {"case": case.name, "cpu": cost, "bound": case.bound},
        )


def bench_scale(cells: tuple[int, ...], ues: tuple[int, ...], duration_s: float) -> Iterator[Row]:
    """A star of relays, a light load for each UE: cost by cells and UEs, and by what is carried."""
    for cell_count, ue_count in itertools.product(cells, ues):
        setup = CellSetup(
            ues=ue_count,
            relays=cell_count - 1,
            layout="star",
            half_duplex="dynamic",
            offered_mbps=0.5 * ue_count,
            duration_s=duration_s,
        )
        result = run_cell(setup)
        cost = result["cpu_s"] / result["sim_s"]
        # All but the donor's own UEs cross one more hop.
        hops = 2 - 1 / cell_count
        packet_hops = sum(result["per_ue_mbps"]) * 1e6 / (8 * 1400) * hops
        per_hop_us = cost / packet_hops * 1e6 if packet_hops else float("nan")
        yield (
            str(cell_count),
            str(ue_count),
            f"{cost:.4f}",
            f"{packet_hops:.0f}",
            f"{per_hop_us:.1f}",
        )


def tell(head: Row, rows: Iterable[Row]) -> list[Row]:
    """Print a table while its rows are made; also returns them."""
    widths = [32 if column == "one cell" else max(10, len(column)) for column in head]

    def line(row: Row) -> str:
        return "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))

    print(line(head))
    done = []
    for row in rows:
        print(line(row), flush=True)
        done.append(row)
    return done


def write_doc(path: Path, tables: Iterable[tuple[str, Row, list[Row]]], scenario: str) -> None:
    """The tables as a page of the documents."""
    lines = [
        "# What the radio stack costs",
        "",
        f"Made by `bench/radio.py --doc` on {platform.machine()}, {date.today()}, load "
        f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs; not edited by hand. CPU time, not "
        "wall time.",
    ]
    for title, head, rows in tables:
        lines += ["", title, "", f"| {' | '.join(head)} |", f"|{'---:|' * len(head)}"]
        lines += [f"| {' | '.join(row)} |" for row in rows]
    path.write_text("\n".join([*lines, "", scenario, ""]), encoding="utf-8")


def network_cost(duration_s: float, *overrides: tuple[str, object]) -> float:
    """CPU s of the ns-3 process per simulated s of the built-in network, without tasks."""
    mid = [("duration", f"{duration_s} s"), ("load", "mid")]
    scenario = load_scenario("mmwave-iab", [*mid, *overrides])
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        network = open_ns3(scenario, stderr_path=Path(folder) / "stderr.txt")
        try:
            step = network.start()
            while step.now_ns < scenario.duration:
                step = network.advance(scenario.duration, ())
            network.finish()
        finally:
            network.close()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / duration_s


def bench_scenario(duration_s: float) -> dict[str, Any]:
    """The built-in network at mid load."""
    cost = network_cost(duration_s)
    return {"case": "mmwave-iab", "cpu": cost, "bound": SCENARIO_BOUND}


def bench_background(duration_s: float, repeats: int) -> Iterator[Row]:
    """What background UEs add as a backlog and as packets to the same network without demand."""
    crowd = [(f"nodes.iab{number}.transit.ues", 0) for number in range(1, 5)]
    crowd += [(f"nodes.iab{number}.background_ues", 40) for number in range(1, 7)]
    crowd.append(("background.population_mixture", [{"sigma": 0.0}]))

    def cost(traffic: str, demand: str) -> float:
        more = [("background.traffic", traffic), ("background.ue_rate", demand)]
        return network_cost(duration_s, *crowd, *more)

    for rate in ("0.2 Mbps", "2 Mbps"):
        # By turns, so that whoever else uses the machine disturbs all three.
        runs = [
            (cost("backlog", "1 bps"), cost("backlog", rate), cost("packets", rate))
            for _ in range(repeats)
        ]
        none, backlog, packets = (min(costs) for costs in zip(*runs, strict=True))
        added = (backlog - none, packets - none)
        ratio = added[1] / added[0] if added[0] > 0 else float("nan")
        yield (rate, f"{none:.3f}", f"{added[0]:.3f}", f"{added[1]:.3f}", f"{ratio:.2f}")


def main() -> int:
    """Print the tables; say which bound did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short runs and few sizes")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a bound fails")
    parser.add_argument("--json", type=Path, help="also write the measured costs to this file")
    parser.add_argument("--doc", type=Path, help="also write the tables as Markdown to this file")
    arguments = parser.parse_args()
    print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs")
    quick = arguments.quick
    costs: list[dict[str, Any]] = []

    def peers() -> Iterator[Row]:
        for row, cost in bench_peers(repeats=1 if quick else 3):
            costs.append(cost)
            yield row

    sizes = ((1, 16), (1, 50)) if quick else ((1, 4, 16, 64), (1, 10, 50, 200))
    benches = (
        ("CPU s per simulated s", PEERS_HEAD, peers()),
        (
            "Star of cells, 0.5 Mbps upward for each UE, dynamic half duplex",
            SCALE_HEAD,
            bench_scale(*sizes, duration_s=0.3 if quick else 1.0),
        ),
        (
            "mmwave-iab without other carriers, 40 background UEs a cell, CPU s per simulated s",
            BACKGROUND_HEAD,
            bench_background(duration_s=1.0 if quick else 3.0, repeats=1 if quick else 3),
        ),
    )
    tables = []
    for title, head, rows in benches:
        print(f"\n{title}")
        tables.append((title, head, tell(head, rows)))
    costs.append(bench_scenario(duration_s=2.0 if quick else 5.0))
    scenario = (
        f"mmwave-iab at mid load, the UE moving: {costs[-1]['cpu']:.3f} CPU s per simulated s "
        f"(bound {SCENARIO_BOUND})."
    )
    print(f"\n{scenario}")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(costs, indent=2), encoding="utf-8")
    if arguments.doc is not None:
        write_doc(arguments.doc, tables, scenario)
    faults = [row for row in costs if row["bound"] is not None and row["cpu"] > row["bound"]]
    for row in faults:
        print(
            f"FAULT: {row['case']} costs {row['cpu']:.2f}, more than {row['bound']}",
            file=sys.stderr,
        )
    return 1 if faults and arguments.strict else 0


if __name__ == "__main__":
    sys.exit(main())
