"""A bench of the radio stack alone: UEs behind a chain of relays, without controllers."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from cosim.errors import BackendMissingError, InputError, NetworkError, PeerTimeoutError
from cosim.network.ns3.program import find_program

_PROGRAM: Final = "iab-chain"
_BAD_INPUT: Final = 2  # the program's exit status for what it cannot simulate
# A simulated second has cost about one, far under this, at all sizes that were tried.
_WALL_S_PER_SIMULATED_S: Final = 300.0
_START_S: Final = 60.0
_START_S_PER_UE: Final = 0.1  # its channel costs a few milliseconds of CPU time


class CellSetup(msgspec.Struct, frozen=True, kw_only=True):
    """What is simulated: N UEs behind R relays, with constant-rate UDP of 1400-byte packets.

    Attributes
    ----------
    layout
        ``chain``: relays one behind the other, all UEs behind the last; ``star``: relays all around
        the donor, the UEs shared out among all cells.
    offered_mbps
        Of all UEs together.
    distance_m
        Range of the UEs' distances from their cell.
    speed_mps
        Of the UEs, away from the donor.
    scheduling_request, buffer_report
        Whether an idle uplink asks before it sends, and then reports its buffer first.
    harq_processes
        Blocks of a UE and direction that may be under way at a time, 1 to 32.
    harq_transmissions
        Of a block, till HARQ gives it up, 1 to 16.
    rlc, rlc_status_delay_ms
        Mode of RLC; the acknowledged one sends what HARQ gave up again, after that time.
    """

    ues: int = 1
    relays: int = 0
    layout: Literal["chain", "star"] = "chain"
    bandwidth_mhz: int = 100
    numerology: int = 3
    carrier_ghz: float = 28.0
    tdd: str = "F"
    offered_mbps: float = 10.0
    direction: Literal["ul", "dl"] = "ul"
    distance_m: tuple[float, float] = (50.0, 150.0)
    condition: Literal["los", "nlos", "auto"] = "los"
    speed_mps: float = 0.0
    half_duplex: Literal["none", "by-depth", "dynamic"] = "by-depth"
    scheduler: Literal["proportional-fair", "round-robin", "max-rate"] = "proportional-fair"
    sharing: Literal["time", "frequency"] = "time"
    scheduling_request: bool = True
    buffer_report: bool = False
    harq_processes: int = 16
    harq_transmissions: int = 4
    rlc: Literal["acknowledged", "unacknowledged"] = "acknowledged"
    rlc_status_delay_ms: float = 2.0
    duration_s: float = 1.0
    seed: int = 1


def run_cell(setup: CellSetup) -> dict[str, Any]:
    """Simulate a cell.

    Returns
    -------
    dict
        ``goodput_mbps``, ``per_ue_mbps``, ``delay_ms_mean``, ``delay_ms_p99``, ``sinr_db_mean``,
        ``mcs_mean``, ``bler``, ``handovers``, ``cpu_s``, ``setup_cpu_s`` and ``sim_s``; None where
        nothing arrived. SINR and MCS are means over the UEs' access links and over time, every
        20 ms, the latter while a link has an MCS, and None when none ever has; ``bler`` is of first
        transmissions on them. ``setup_cpu_s`` is what went by before time 0, ``cpu_s`` after.

    Raises
    ------
    InputError
        When there is no such carrier or TDD pattern.
    NetworkError
        When the program is missing, fails or takes far too long.
    """
    program = find_program().parent / _PROGRAM
    if not program.is_file():
        raise BackendMissingError(f"there is no program at {program}", hint="reinstall the package")
    start_s = _START_S + _START_S_PER_UE * setup.ues
    deadline_s = start_s + _WALL_S_PER_SIMULATED_S * setup.duration_s
    try:
        done = subprocess.run(
            _command(program, setup),
            capture_output=True,
            text=True,
            timeout=deadline_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PeerTimeoutError(f"{_PROGRAM} did not end within {deadline_s:g} s") from error
    if done.returncode == _BAD_INPUT:
        raise InputError(done.stderr.strip().removeprefix(f"{_PROGRAM}: "))
    if done.returncode != 0:
        raise NetworkError(f"{_PROGRAM} failed ({done.returncode}): {done.stderr.strip()}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _command(program: Path, setup: CellSetup) -> list[str]:
    low_m, high_m = setup.distance_m
    return [
        str(program),
        f"--ues={setup.ues}",
        f"--relays={setup.relays}",
        f"--layout={setup.layout}",
        f"--bandwidth-mhz={setup.bandwidth_mhz}",
        f"--numerology={setup.numerology}",
        f"--carrier-ghz={setup.carrier_ghz}",
        f"--tdd={setup.tdd}",
        f"--offered-mbps={setup.offered_mbps}",
        f"--direction={setup.direction}",
        f"--distance-m={low_m}:{high_m}",
        f"--condition={setup.condition}",
        f"--speed-mps={setup.speed_mps}",
        f"--half-duplex={setup.half_duplex}",
        f"--scheduler={setup.scheduler}",
        f"--sharing={setup.sharing}",
        f"--scheduling-request={int(setup.scheduling_request)}",
        f"--buffer-report={int(setup.buffer_report)}",
        f"--harq-processes={setup.harq_processes}",
        f"--harq-transmissions={setup.harq_transmissions}",
        f"--rlc={setup.rlc}",
        f"--rlc-status-delay-ms={setup.rlc_status_delay_ms}",
        f"--duration={setup.duration_s}",
        f"--seed={setup.seed}",
    ]
