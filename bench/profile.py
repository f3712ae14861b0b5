"""Where the CPU time of the ns-3 side goes, by library, as ``perf`` samples it (linux-perf)."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

PROGRAM: Final = "cosim-ns3"
SAMPLES_PER_S: Final = 999
# What the libraries stand for. Sines and cosines are the channel's; logarithms and powers are link
# adaptation's and the error model's as well, and in the same library.
PARTS: Final = {
    "channel of TR 38.901": ("spectrum", "antenna", "propagation", "mobility"),
    "mathematics": ("libm.so",),
    "IP, TCP, UDP": ("internet", "network", "applications", "point-to-point", "traffic-control"),
    "events, attributes, random draws": ("libns3.44-core", "stats"),
    "radio stack and bridge (ours)": (PROGRAM,),
    "ZeroMQ": ("zmq",),
}
OTHER: Final = "memory, kernel, the rest"


def part_of(library: str) -> str:
    """Which part of the program a library belongs to."""
    for part, marks in PARTS.items():
        if any(mark in library for mark in marks):
            return part
    return OTHER


def samples(command: list[str], folder: Path) -> Counter[str]:
    """The ns-3 process's samples by part."""
    data = folder / "perf.data"
    record = ["perf", "record", "-q", "-F", str(SAMPLES_PER_S), "-o", str(data), "--", *command]
    subprocess.run(record, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    report = ["perf", "report", "-i", str(data), "--stdio", "-F", "sample,dso", "-t", "\t"]
    lines = subprocess.run(
        [*report, "--no-children", "--comm", PROGRAM], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    found: Counter[str] = Counter()
    for line in lines:
        count, _, library = line.partition("\t")
        if count.strip().isdigit():
            found[part_of(library)] += int(count)
    return found


def main() -> None:
    """Profile a run, and print the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="mmwave-iab")
    parser.add_argument("--seconds", type=float, default=5.0, help="simulated")
    options = parser.parse_args()
    if shutil.which("perf") is None:
        sys.exit("perf is missing; to get it: apt-get install linux-perf")
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        command = [sys.executable, "-m", "cosim", "run", options.scenario, "--out"]
        command += [str(folder / "run"), "--duration", str(options.seconds)]
        command += ["--channel-cache", "off"]
        found = samples(command, folder)
    total = found.total()
    print(f"{options.scenario}, {options.seconds:g} s: {total} samples of the ns-3 process")
    for part, count in found.most_common():
        print(f"{100 * count / total:5.1f} %  {part}")


if __name__ == "__main__":
    main()
