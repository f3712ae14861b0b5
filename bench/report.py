"""How long `cosim report` takes to write a page of many tasks, and a browser to open it.

    python bench/report.py [TASKS]

Opened is when the script is through and the browser has painted twice. Needs Chromium.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/tools"))

from chromium import Browser, find_chromium
from synthetic_run import SyntheticRun

from cosim.report import write_report

PAINTED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
REPEATS = 5


def main(tasks: int) -> None:
    """Make a run of so many tasks, with links, SCI updates and forecasts of that time."""
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "run"
        SyntheticRun(directory, tasks=tasks, seconds=tasks // 10).close(simulated_s=tasks / 10)
        begin = time.perf_counter()
        written = write_report([directory])
        write_s = time.perf_counter() - begin
        browser = Browser(find_chromium() or "chromium", Path(folder) / "profile")
        times = []
        for width in (1280, 390) * REPEATS:
            begin = time.perf_counter()
            browser.open(Path(written.report), width=width)
            browser.value(PAINTED)
            times.append(time.perf_counter() - begin)
        browser.close()
    print(f"{tasks} tasks: page of {written.bytes / 1e6:.1f} MB written in {write_s:.2f} s")
    print(f"opened in {min(times):.2f} to {max(times):.2f} s ({len(times)} times)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
