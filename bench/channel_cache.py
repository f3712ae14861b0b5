"""CPU time of ns-3 for a comparison of policies: without a cache of channels, and with one.

With a cache the first policy writes down what the others read. The time is user and system time of
the ns-3 process, the least of the repeats.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from collections.abc import Callable
from pathlib import Path

import cosim

Measure = Callable[[str, Path | str], tuple[float, str]]


def children_cpu_s() -> float:
    """User and system time of the child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure_with(scenario: str, seconds: float, folder: Path) -> Measure:
    """What runs a policy, and gives ns-3's CPU time and the run's fingerprint."""

    def measure(policy: str, cache: Path | str) -> tuple[float, str]:
        before_s = children_cpu_s()
        run = cosim.run(
            scenario,
            policy=policy,
            duration_s=seconds,
            out=folder / "run",
            replace=True,
            channel_cache=cache,
        )
        return children_cpu_s() - before_s, str(run.manifest.fingerprint)

    return measure


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="mmwave-iab")
    parser.add_argument("--policies", default="hivemind,ue-only,cloud-only")
    parser.add_argument("--seconds", type=float, default=5.0, help="simulated, of each run")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    policies = options.policies.split(",")
    without: dict[str, list[float]] = {policy: [] for policy in policies}
    with_cache: dict[str, list[float]] = {policy: [] for policy in policies}
    for _ in range(options.repeats):
        with tempfile.TemporaryDirectory() as name:
            measure = measure_with(options.scenario, options.seconds, Path(name))
            for policy in policies:
                drawn_s, drawn = measure(policy, "off")
                cached_s, cached = measure(policy, Path(name) / "cache")
                if cached != drawn:
                    raise RuntimeError(f"{policy}: the cache changes results")
                without[policy].append(drawn_s)
                with_cache[policy].append(cached_s)
    print(
        f"{options.scenario}, {options.seconds:g} s, CPU seconds of ns-3, least of "
        f"{options.repeats}; fingerprints are the same"
    )
    print(f"{'policy':20} {'without':>8} {'with':>8}   ratio")
    for number, policy in enumerate(policies):
        drawn_s, cached_s = min(without[policy]), min(with_cache[policy])
        what = "reads" if number else "writes"
        print(f"{policy:20} {drawn_s:8.2f} {cached_s:8.2f}   {cached_s / drawn_s:5.2f}  {what}")


if __name__ == "__main__":
    main()
