"""Energy meters: whichever the machine has is found, and its counter read rightly."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from cosim.models import load_device_profile, load_model_profile
from cosim.models.meters import find_meter, power_state_energy


@pytest.fixture(autouse=True)
def no_real_meters(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("zeus", "zeus.monitor", "pynvml"):
        monkeypatch.setitem(sys.modules, name, None)


def write_package(root: Path, name: str, energy_uj: int, most_uj: int = 1000) -> Path:
    package = root / name
    package.mkdir(parents=True, exist_ok=True)
    (package / "energy_uj").write_text(f"{energy_uj}\n")
    (package / "max_energy_range_uj").write_text(f"{most_uj}\n")
    return package


def test_rapl_sums_packages_and_sees_a_counter_start_again(tmp_path: Path) -> None:
    write_package(tmp_path, "intel-rapl:0", 100)
    write_package(tmp_path, "intel-rapl:1", 990)
    write_package(tmp_path, "intel-rapl:0:0", 5)  # a part of package 0, counted with it

    def work() -> None:
        write_package(tmp_path, "intel-rapl:0", 350)
        write_package(tmp_path, "intel-rapl:1", 40)
        write_package(tmp_path, "intel-rapl:0:0", 900)

    meter = find_meter("cpu", tmp_path)
    assert meter is not None and meter.name.startswith("RAPL")
    assert meter.measure_j(work) == pytest.approx((250 + 50) / 1e6)


@pytest.mark.parametrize("text", ["", "many"])
def test_a_counter_that_cannot_be_read_is_no_meter(tmp_path: Path, text: str) -> None:
    (write_package(tmp_path, "intel-rapl:0", 1) / "energy_uj").write_text(text)
    assert find_meter("cpu", tmp_path) is None
    assert find_meter("cpu", tmp_path / "nothing") is None
    assert find_meter("cuda", tmp_path) is None


def test_nvml_counts_the_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    readings = iter([5_000, 7_000, 9_500])
    nvml: Any = ModuleType("pynvml")
    nvml.nvmlInit = lambda: None
    nvml.nvmlDeviceGetHandleByIndex = lambda index: index
    nvml.nvmlDeviceGetTotalEnergyConsumption = lambda handle: next(readings)
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    meter = find_meter("cuda", tmp_path)
    assert meter is not None and meter.name == "NVML, whole GPU"
    assert meter.measure_j(lambda: None) == pytest.approx(2.5)


@pytest.mark.parametrize(
    ("visible", "asked"),
    [(None, ("index", 0)), ("1,0", ("index", 1)), ("GPU-7f", ("uuid", "GPU-7f"))],
)
def test_nvml_is_asked_for_the_gpu_that_torch_sees(
    monkeypatch: pytest.MonkeyPatch, visible: str | None, asked: tuple[str, Any]
) -> None:
    """NVML numbers all GPUs, torch those that CUDA_VISIBLE_DEVICES leaves."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    handles: list[tuple[str, Any]] = []
    nvml: Any = ModuleType("pynvml")
    nvml.nvmlInit = lambda: None
    nvml.nvmlDeviceGetHandleByIndex = lambda index: ("index", index)
    nvml.nvmlDeviceGetHandleByUUID = lambda uuid: ("uuid", uuid)
    nvml.nvmlDeviceGetTotalEnergyConsumption = lambda handle: handles.append(handle) or 1
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    assert find_meter("cuda") is not None
    assert handles == [asked]


def test_zeus_counts_the_gpu_of_torch_only(monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = ModuleType("zeus.monitor")
    asked: list[Any] = []

    def monitor(gpu_indices: Any, cpu_indices: Any) -> Any:
        asked.append((gpu_indices, cpu_indices))
        made = fake_zeus({"cpu_energy": None, "gpu_energy": {0: 2.0}})
        return made(gpu_indices, cpu_indices)

    module.ZeusMonitor = monitor
    monkeypatch.setitem(sys.modules, "zeus", ModuleType("zeus"))
    monkeypatch.setitem(sys.modules, "zeus.monitor", module)
    meter = find_meter("cuda")
    assert meter is not None and meter.name == "zeus, GPU"
    assert asked == [([0], [])]


def fake_zeus(counters: dict[str, Any]) -> Callable[..., Any]:
    class ZeusMonitor:
        def __init__(self, gpu_indices: Any, cpu_indices: Any) -> None:
            self.open: list[str] = []

        def begin_window(self, key: str, sync_execution: bool) -> None:
            self.open.append(key)

        def end_window(self, key: str, sync_execution: bool) -> Any:
            self.open.remove(key)
            return SimpleNamespace(**counters)

    return ZeusMonitor


@pytest.mark.parametrize(
    ("counters", "found"),
    [
        ({"cpu_energy": {0: 1.5, 1: 2.0}, "gpu_energy": {}}, "zeus, processor packages"),
        ({"cpu_energy": None, "gpu_energy": {}}, "RAPL, whole processor packages"),
    ],
)
def test_zeus_comes_first_where_it_has_a_meter(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, counters: dict[str, Any], found: str
) -> None:
    write_package(tmp_path, "intel-rapl:0", 100)
    module: Any = ModuleType("zeus.monitor")
    module.ZeusMonitor = fake_zeus(counters)
    monkeypatch.setitem(sys.modules, "zeus", ModuleType("zeus"))
    monkeypatch.setitem(sys.modules, "zeus.monitor", module)
    meter = find_meter("cpu", tmp_path)
    assert meter is not None and meter.name == found
    assert meter.measure_j(lambda: None) == (3.5 if counters["cpu_energy"] else 0.0)


def test_power_states_say_whose_they_are() -> None:
    ue = load_device_profile("paper-ue")
    energy = power_state_energy(load_model_profile("resnet18"), ue)
    assert energy.forward_j == pytest.approx(5.1 * 0.115)
    assert energy.meter.startswith("power states of device 'paper-ue': 5.1 W")
    assert "published" in energy.meter
