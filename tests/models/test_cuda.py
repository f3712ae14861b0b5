"""Profiling on a real GPU; skipped where torch finds none."""

from __future__ import annotations

import time
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from cosim.models.meters import NvmlMeter, find_meter  # noqa: E402
from cosim.models.torch import Measurement, profile_model  # noqa: E402
from cosim.models.torch.clocks import CudaClock  # noqa: E402
from cosim.models.torch.zoo import find_entry  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device"),
]


def product(size: int) -> Any:
    square = torch.randn(size, size, device="cuda")
    return lambda: square @ square


def test_events_tell_the_time_of_the_gpu_not_of_the_launch() -> None:
    clock, work = CudaClock(), product(8192)
    work()
    torch.cuda.synchronize()
    begin = time.perf_counter_ns()
    work()
    launched_ns = time.perf_counter_ns() - begin
    torch.cuda.synchronize()
    whole_ns = time.perf_counter_ns() - begin
    timed_ns = min(clock.time(work)[1] for _ in range(5))
    assert launched_ns < timed_ns < 1.5 * whole_ns


def test_a_model_is_profiled_on_the_gpu() -> None:
    how = Measurement(
        repeats=20,
        device="cuda",
        backward=True,
        energy_device="paper-cloud",
        machine="test machine",
    )
    profile = profile_model(find_entry("resnet18"), how)
    assert (profile.forward_s > 0).all()
    assert profile.backward_s is not None and profile.backward_s[0] > 0
    assert "CUDA events" in profile.provenance.method
    energy = profile.provenance.energy
    assert energy is not None and energy.forward_j > 0


def test_nvidias_counter_grows_with_the_work() -> None:
    meter = find_meter("cuda")
    if meter is None:
        pytest.skip("neither zeus nor NVML counts here")
    work = product(4096)

    def busy(times: int) -> None:
        for _ in range(times):
            work()
        torch.cuda.synchronize()

    busy(10)
    little_j, much_j = (meter.measure_j(lambda n=n: busy(n)) for n in (1000, 5000))
    assert 2 < much_j / little_j < 10
    assert isinstance(meter, NvmlMeter) or meter.name == "zeus, GPU"
