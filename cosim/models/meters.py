"""Energy meters: what this machine has to tell how many joules something took.

In this order: `zeus` (You et al., NSDI 2023) where it is installed and finds a meter; the counters
of Intel RAPL and of Nvidia's NVML by themselves. A machine without any of them, such as most
virtual ones, leaves the power states of a device profile (`power_state_energy`).
"""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

from cosim.models.costs import layer_times_s
from cosim.models.devices import DeviceProfile
from cosim.models.profile import ModelProfile
from cosim.models.provenance import EnergyReading

POWERCAP: Final = Path("/sys/class/powercap")


class EnergyMeter(Protocol):
    """Measures the energy of a call."""

    name: str

    def measure_j(self, call: Callable[[], object]) -> float:
        """Energy that was drawn while `call` ran, J."""


class RaplMeter:
    """Intel's running average power limit counters, of whole processor packages."""

    name = "RAPL, whole processor packages"

    def __init__(self, packages: list[Path]) -> None:
        self._packages = packages

    def measure_j(self, call: Callable[[], object]) -> float:
        before = [_read_number(package / "energy_uj") for package in self._packages]
        call()
        total = 0
        for package, start in zip(self._packages, before, strict=True):
            end = _read_number(package / "energy_uj")
            # The counter starts again at 0 when it is full.
            wraps = _read_number(package / "max_energy_range_uj") if end < start else 0
            total += end - start + wraps
        return total / 1e6


class NvmlMeter:
    """Nvidia's counter of a whole GPU."""

    name = "NVML, whole GPU"

    def __init__(self, nvml: Any, gpu: str = "0") -> None:
        self._nvml = nvml
        self._handle = (
            nvml.nvmlDeviceGetHandleByIndex(int(gpu))
            if gpu.isdecimal()
            else nvml.nvmlDeviceGetHandleByUUID(gpu)
        )
        self._read_mj()  # raises where the GPU has no such counter

    def measure_j(self, call: Callable[[], object]) -> float:
        before = self._read_mj()
        call()
        return (self._read_mj() - before) / 1e3

    def _read_mj(self) -> int:
        return int(self._nvml.nvmlDeviceGetTotalEnergyConsumption(self._handle))


class ZeusMeter:
    """A measurement window of zeus, over the processor packages or one GPU."""

    def __init__(self, monitor: Any, device: str) -> None:
        self.name = f"zeus, {'GPU' if device == 'cuda' else 'processor packages'}"
        self._monitor = monitor
        self._counter = "gpu_energy" if device == "cuda" else "cpu_energy"
        with warnings.catch_warnings(action="ignore"):  # zeus warns of a window without energy
            found = self._read(lambda: None)
        if not found:
            raise LookupError(f"zeus finds no meter for {device}")

    def measure_j(self, call: Callable[[], object]) -> float:
        return float(sum(self._read(call).values()))

    def _read(self, call: Callable[[], object]) -> dict[int, float]:
        self._monitor.begin_window("cosim", sync_execution=False)
        call()
        window = self._monitor.end_window("cosim", sync_execution=False)
        return getattr(window, self._counter) or {}


def find_meter(device: str, powercap: Path = POWERCAP) -> EnergyMeter | None:
    """The meter of torch's device ``cpu`` or ``cuda``; None where there is none that works."""
    return _zeus(device) or (_nvml() if device == "cuda" else _rapl(powercap))


def power_state_energy(profile: ModelProfile, device: DeviceProfile) -> EnergyReading:
    """Energy of one inference on `device`, by its power states: busy power times its time."""
    busy = device.power.busy_watts
    return EnergyReading(
        meter=f"power states of device '{device.name}': {busy.value:g} W while it computes"
        f" ({busy.status}: {busy.source})",
        forward_j=busy.value * float(layer_times_s(profile, device).sum()),
    )


def _zeus(device: str) -> EnergyMeter | None:
    try:
        monitor = importlib.import_module("zeus.monitor").ZeusMonitor(
            gpu_indices=[0] if device == "cuda" else [],  # torch's first, not all that there are
            cpu_indices=[] if device == "cuda" else None,
        )
        return ZeusMeter(monitor, device)
    except Exception:  # not installed, or it finds no hardware that it knows: each raises its own
        return None


def _rapl(powercap: Path) -> EnergyMeter | None:
    packages = sorted(powercap.glob("intel-rapl:[0-9]*"))
    packages = [package for package in packages if package.name.count(":") == 1]
    try:
        for package in packages:
            _read_number(package / "energy_uj")
    except (OSError, ValueError):
        return None  # only root may read it, since CVE-2020-8694
    return RaplMeter(packages) if packages else None


def _nvml() -> EnergyMeter | None:
    try:
        nvml = importlib.import_module("pynvml")
        nvml.nvmlInit()
        return NvmlMeter(nvml, _first_visible_gpu())
    except Exception:  # not installed, no driver, or a GPU that does not count
        return None


def _first_visible_gpu() -> str:
    """Number or UUID of the GPU that torch takes; unlike CUDA, NVML sees the hidden ones too."""
    return os.environ.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0].strip()


def _read_number(path: Path) -> int:
    return int(path.read_text(encoding="ascii"))
