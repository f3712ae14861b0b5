"""What the coupling costs: exchanges a second beside HELICS and mosaik, and its share of a run.

An exchange is one step in lock-step with a simulator in another process: there and back. All are
timed in the same run, on empty steps, so what is compared is the coupling alone.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import cosim
from cosim.network.ns3 import Ns3Network, open_ns3
from cosim.network.port import Send, Transport
from cosim.scenario import Scenario, load_scenario

STEPS: Final = 2000
REPEATS: Final = 3
PEER: Final = Path(__file__).parent / "coupling_peers.py"
QUIET: Final = [("report_interval", "1000 s"), ("nodes.ue.speed", "0 m/s")]
LARGEST_SHARE: Final = 0.1  # of a run's wall time that the coupling may take


def cosim_seconds(payload_bytes: int) -> float:
    """Time of `STEPS` exchanges with ns-3, each with a command of `payload_bytes` if any."""
    with tempfile.TemporaryDirectory() as directory:
        scenario = load_scenario("chain3", QUIET)
        network = open_ns3(scenario, stderr_path=Path(directory) / "stderr")
        try:
            now_ns = network.start().now_ns
            began_s = time.perf_counter()
            for step in range(STEPS):
                now_ns += 1
                send = Send(step, "gnb", "core", payload_bytes, Transport.UDP, bytes(payload_bytes))
                network.advance(now_ns, (send,) if payload_bytes else ())
            return time.perf_counter() - began_s
        finally:
            network.close()


def peer_seconds(name: str) -> float:
    """Time of `STEPS` exchanges of another coupling, which a process of its own runs."""
    done = subprocess.run(
        [sys.executable, str(PEER), name, str(STEPS)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{name} failed: {done.stderr.strip()[-500:]}")
    return float(done.stdout.split()[-1])


def measure(what: Callable[[], float]) -> tuple[float, float]:
    """Least and median time of an exchange, us."""
    times = [what() / STEPS * 1e6 for _ in range(REPEATS)]
    return min(times), statistics.median(times)


def coupling_share(duration_s: float) -> tuple[float, float, int]:
    """Share of a run's wall time, us for an exchange, and number of exchanges."""
    networks: list[Ns3Network] = []

    def factory(scenario: Scenario, stderr: Path) -> Any:
        networks.append(open_ns3(scenario, stderr_path=stderr))
        return networks[-1]

    with tempfile.TemporaryDirectory() as directory:
        run = cosim.run(
            "mmwave-iab", duration_s=duration_s, out=Path(directory) / "run", port_factory=factory
        )
    spent = networks[0].time_spent
    return (
        spent.coupling_s / run.manifest.wall_s,
        spent.coupling_s / spent.exchanges * 1e6,
        spent.exchanges,
    )


def main() -> None:
    """Measure, and print."""
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print(f"{'coupling':32}{'us (min)':>10}{'us (median)':>13}{'exchanges/s':>13}{'cosim is':>12}")
    ours = 0.0
    for label, what in (
        ("cosim, empty step", lambda: cosim_seconds(0)),
        ("cosim, a message of 1 kB a step", lambda: cosim_seconds(1000)),
        ("HELICS, two federates, zmq", lambda: peer_seconds("helics")),
        ("mosaik, one remote simulator", lambda: peer_seconds("mosaik")),
    ):
        least, median = measure(what)
        ours = ours or least
        ratio = f"{least / ours:.1f} x as fast" if least > ours else ""
        print(f"{label:32}{least:10.0f}{median:13.0f}{1e6 / least:13,.0f}  {ratio}", flush=True)
    share, each_us, exchanges = min(coupling_share(2.0) for _ in range(REPEATS))
    verdict = "within" if share <= LARGEST_SHARE else "ABOVE"
    print(
        f"\ncosim run mmwave-iab, 2 s simulated: {exchanges} exchanges of {each_us:.0f} us are "
        f"{share:.1%} of the wall time ({verdict} {LARGEST_SHARE:.0%})"
    )


if __name__ == "__main__":
    main()
