"""Memory over ten simulated minutes: of the controllers' process, and of ns-3's."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any, Final

import cosim
from cosim.network.ns3 import Ns3Network, open_ns3
from cosim.runner import Progress
from cosim.scenario import Scenario

# A still UE that is asked for a task every second, and reports as rarely: time passes quickly.
LIGHT: Final = {
    "task.arrivals": "periodic",
    "task.interval": "1 s",
    "sci.period": "1 s",
    "report_interval": "100 ms",
}
LOOKS: Final = 10
KIB_PER_MIB: Final = 1024


def resident_mib(pid: int) -> float:
    """Resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / KIB_PER_MIB
    raise RuntimeError(f"process {pid} has no resident memory")


def main() -> None:
    """Run, and print the memory at each tenth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="chain3")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--backend", choices=["ns3", "simplified"], default="ns3")
    options = parser.parse_args()
    networks: list[Ns3Network] = []
    found: list[tuple[float, float, float]] = []

    def factory(scenario: Scenario, stderr: Path) -> Any:
        networks.append(open_ns3(scenario, stderr_path=stderr))
        return networks[-1]

    def look(progress: Progress) -> None:
        if progress.simulated_s < progress.duration_s / LOOKS * (len(found) + 1):
            return
        other = resident_mib(networks[0].pid) if networks else 0.0
        found.append((progress.simulated_s, resident_mib(os.getpid()), other))
        minutes, python, ns3 = found[-1][0] / 60, *found[-1][1:]
        print(
            f"{minutes:7.1f} min   controllers {python:7.1f} MiB   ns-3 {ns3:7.1f} MiB", flush=True
        )

    with tempfile.TemporaryDirectory() as directory:
        run = cosim.run(
            options.scenario,
            duration_s=options.minutes * 60,
            overrides=LIGHT,
            backend=options.backend,
            port_factory=factory if options.backend == "ns3" else None,
            progress=look,
            out=Path(directory) / "run",
        )
        size = sum(path.stat().st_size for path in run.directory.iterdir()) / 2**20
    first, last = found[0], found[-1]
    growth = (last[1] - first[1], last[2] - first[2])
    print(
        f"{options.scenario}, {options.backend}: from the first to the last tenth the controllers "
        f"grew by {growth[0]:.1f} MiB, ns-3 by {growth[1]:.1f} MiB; {size:.1f} MiB of results; "
        f"{run.manifest.wall_s:.0f} s"
    )


if __name__ == "__main__":
    main()
