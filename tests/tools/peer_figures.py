"""Figures of the radio stack's peers beside its own: two tables of the IAB module's document.

Run as a program, it writes the columns that this stack gives.
"""

from __future__ import annotations

import csv
import json
import math
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from cosim.cli.main import main as cosim

DOCUMENTS = Path(__file__).parents[2] / "ns3_scenarios" / "iab" / "doc"
DELAYS = DOCUMENTS / "peers-delay.csv"
RATES = DOCUMENTS / "peers-rate.csv"
SYMBOLS = 14  # of a slot
DATA_SYMBOLS = 12

Row = dict[str, str]


@dataclass(frozen=True)
class Measured:
    """What a cell does, as a mean."""

    goodput_mbps: float
    delay_ms: float


def measure(
    numerology: int, bandwidth_mhz: int, direction: str, offered_mbps: float, *options: str
) -> Measured:
    """A cell whose UEs are near and have the best MCS."""
    radio = ("--numerology", str(numerology), "--bandwidth-mhz", str(bandwidth_mhz))
    traffic = ("--direction", direction, "--offered-mbps", f"{offered_mbps:.9g}")
    near = ("--distance-m", "10:20")
    done = CliRunner().invoke(cosim, ["cell", "--json", *radio, *traffic, *near, *options])
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert result["mcs_mean"] == 28
    return Measured(result["goodput_mbps"], result["delay_ms_mean"])


def read(path: Path) -> list[Row]:
    """A table's rows, each by its columns."""
    return list(csv.DictReader(path.read_text().splitlines()))


def slot_ms(row: Row) -> float:
    """Duration of a slot."""
    return float(0.5 ** int(row["Numerology"]))


def is_loaded(delay: Row) -> bool:
    """Whether a row of delays is of a flow whose packets come in each slot."""
    return _bits_of_a_slot(delay, "Offered Mbps") > 8 * int(delay["Packet bytes"])


def is_plotted(delay: Row) -> bool:
    """Whether a figure is read off a drawing."""
    return delay["Printed by"] == "plot"


def _bits_of_a_slot(delay: Row, column: str) -> float:
    return float(delay[column]) * 1000 * slot_ms(delay)


def with_delay(row: Row) -> Row:
    """A row of delays with this stack's columns."""
    offered_mbps = float(row["Offered Mbps"])
    duration = ("--duration", "0.2" if is_loaded(row) else "1")
    radio = (int(row["Numerology"]), int(row["MHz"]), "dl")
    measured = measure(*radio, offered_mbps, *duration)
    assert abs(measured.goodput_mbps / offered_mbps - 1) < 0.02
    explained_ms = measured.delay_ms + _more_slots(row) * slot_ms(row)
    ours = {"Here ms": measured.delay_ms, "Here with its waits ms": explained_ms}
    return row | {column: f"{value:.3f}" for column, value in ours.items()}


def _more_slots(delay: Row) -> float:
    """How many slots longer a packet takes in 5G-LENA, for reasons that iab.rst gives."""
    bits = max(_bits_of_a_slot(delay, "Offered Mbps"), 8 * int(delay["Packet bytes"]))
    symbols = 1 + math.ceil(DATA_SYMBOLS * bits / _bits_of_a_slot(delay, "Rate Mbps"))
    return symbols / SYMBOLS + (1 if is_loaded(delay) and is_plotted(delay) else 0)


def with_rates(rows: list[Row]) -> list[Row]:
    """Rows of rates with this stack's columns, and with ratios to each peer's first row."""
    filled = []
    first: dict[str, tuple[float, float]] = {}
    for row in rows:
        radio = (int(row["Numerology"]), int(row["MHz"]), "dl")
        here_mbps = measure(*radio, 450, "--duration", "0.2").goodput_mbps
        there_mbps = float(row["Peer Mbps"])
        to_here, to_there = first.setdefault(row["Printed by"], (here_mbps, there_mbps))
        columns = {
            "Here Mbps": f"{here_mbps:.1f}",
            "Peer to its first row": f"{there_mbps / to_there:.3f}",
            "Here to its first row": f"{here_mbps / to_here:.3f}",
        }
        filled.append(row | columns)
    return filled


def _write(path: Path, rows: list[Row]) -> None:
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    _write(DELAYS, [with_delay(row) for row in read(DELAYS)])
    _write(RATES, with_rates(read(RATES)))
