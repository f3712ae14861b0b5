"""Split tasks per second of wall and of CPU time on the simplified simulator, and on ns-3.

Both are rates of one process on one core. On a machine with other work, that of CPU time is the one
to compare.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

import cosim

REPEATS: Final = 3
WARM_UP_S: Final = 1.0  # imports, caches
NS3_S: Final = 5.0

# One UE that starts a task when the last one is done, and one to which tasks come at random.
CASES: Final[dict[str, dict[str, object]]] = {
    "closed loop": {},
    "poisson, 10 ms": {"task.arrivals": "poisson", "task.interval": "10 ms"},
}


class Rate(NamedTuple):
    """Tasks done, and the wall and CPU time of the whole `cosim.run` with its result tables."""

    tasks: int
    wall_s: float
    cpu_s: float

    @property
    def tasks_per_s(self) -> float:
        """By wall time."""
        return self.tasks / self.wall_s

    @property
    def tasks_per_cpu_s(self) -> float:
        """By CPU time of this process, without that of ns-3."""
        return self.tasks / self.cpu_s


def measure(backend: str, duration_s: float, overrides: dict[str, object]) -> Rate:
    """One run of HiveMind on the mmWave network."""
    with tempfile.TemporaryDirectory() as directory:
        began_s, cpu_s = time.perf_counter(), time.process_time()
        run = cosim.run(
            "mmwave-iab",
            policy="hivemind",
            backend=backend,
            duration_s=duration_s,
            overrides=overrides,
            out=Path(directory) / "run",
            channel_cache="off",
        )
        wall_s, cpu_s = time.perf_counter() - began_s, time.process_time() - cpu_s
        return Rate(int((run.tasks["status"] == "done").sum()), wall_s, cpu_s)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0, help="simulated, of each run")
    options = parser.parse_args()
    print(
        f"mmwave-iab, hivemind, a whole `cosim.run` with its tables: best of {REPEATS} of "
        f"{options.seconds:g} s; ns-3: one of {NS3_S:g} s"
    )
    columns = ("tasks", "wall s", "CPU s", "tasks/s", "/CPU s", "of ns-3")
    print(f"{'tasks come':16}{''.join(f'{column:>9}' for column in columns)}")
    for name, overrides in CASES.items():
        measure("simplified", WARM_UP_S, overrides)
        runs = [measure("simplified", options.seconds, overrides) for _ in range(REPEATS)]
        best = max(runs, key=lambda rate: rate.tasks_per_cpu_s)
        reference = measure("ns3", NS3_S, overrides)
        ratio = best.tasks_per_s / reference.tasks_per_s
        print(
            f"{name:16}{best.tasks:9}{best.wall_s:9.2f}{best.cpu_s:9.2f}"
            f"{best.tasks_per_s:9.0f}{best.tasks_per_cpu_s:9.0f}{ratio:8.0f}x"
        )


if __name__ == "__main__":
    main()
