"""Whether more workers make a sweep faster: the same points with one worker and with two."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Final

from cosim.sweep import load_sweep, run_sweep

WORKERS: Final = (1, 2)
SWEEP: Final = """
scenario = "chain3"
seeds = 4
[set]
duration = "2 s"
[grid]
policy = ["hivemind", "edge-only"]
"""


def seconds(workers: int) -> float:
    """Real time of the whole sweep."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "sweep.toml"
        path.write_text(SWEEP)
        plan = load_sweep(path)
        began_s = time.perf_counter()
        result = run_sweep(plan, Path(directory) / "out", workers=workers, channel_cache="off")
        took_s = time.perf_counter() - began_s
    if result.done != len(plan.points):
        raise RuntimeError(f"{len(result.failed)} points failed: {result.failed[0].problem}")
    return took_s


def main() -> None:
    """Measure, and print."""
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    times = {workers: seconds(workers) for workers in WORKERS}
    for workers, took_s in times.items():
        print(f"{workers} workers: {took_s:6.1f} s, {times[1] / took_s:.2f} x as fast as one")


if __name__ == "__main__":
    main()
