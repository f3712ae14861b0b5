"""Profiling: what is measured, how it is stated, and models from the user's own modules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.overrides import TorchFunctionMode  # noqa: E402

from cosim.errors import InputError, ProfileError, UnknownNameError  # noqa: E402
from cosim.models.compare import compare_profiles, crossings_that_differ  # noqa: E402
from cosim.models.store import read_model_profile, write_model_profile  # noqa: E402
from cosim.models.torch import (  # noqa: E402
    Measurement,
    machine,
    measure_times,
    profile_model,
    profiler,
    trace_model,
)
from cosim.models.torch.check import find_mismatch  # noqa: E402
from cosim.models.torch.clocks import CpuClock, CudaClock, WallClock, clock_for  # noqa: E402
from cosim.models.torch.hooks import run_hooked  # noqa: E402
from cosim.models.torch.profiler import profile_as_paper  # noqa: E402
from cosim.models.torch.resolve import resolve_model  # noqa: E402
from cosim.models.torch.zoo import build_model, example_inputs, find_entry  # noqa: E402

pytestmark = pytest.mark.torch

QUICK = Measurement(repeats=2, machine="test machine")


def test_profiling_twice_agrees_within_the_spread_that_is_stated() -> None:
    """On a busy machine the spread is wide, and says so; on a quiet one it is narrow.

    A layer of a microsecond may drift by more between two profiles than within one; the whole does
    not.
    """
    entry = find_entry("qmix-mixer")
    how = Measurement(repeats=40, machine="test machine")
    found = compare_profiles(profile_model(entry, how), profile_model(entry, how))
    assert found.fields == ()
    assert found.whole.agrees, found.whole
    assert found.agreeing >= 0.6 * len(found.layers)


def test_backward_times_and_what_has_no_gradient(tmp_path: Path) -> None:
    how = Measurement(repeats=3, backward=True, machine="test machine")
    profile = profile_model(find_entry("qmix-mixer"), how)
    assert profile.backward_s is not None and profile.backward_spread is not None
    assert (profile.backward_s > 0).all()
    again = read_model_profile(write_model_profile(profile, tmp_path))
    np.testing.assert_array_equal(again.backward_s, profile.backward_s)
    assert "gradient of each layer alone" in again.provenance.method
    # An embedding's input, integers, has no gradient; its weights have.
    text = profile_model(find_entry("transformer"), Measurement(repeats=1, backward=True))
    assert text.kinds[0] == "embedding"
    assert text.backward_s is not None and text.backward_s[0] > 0


class Argmax(nn.Module):  # type: ignore[misc]  # Any, by importorskip
    def forward(self, x: Any) -> Any:
        return torch.argmax(x, 1)


def test_a_layer_without_gradient_takes_no_time_backward() -> None:
    model, x = nn.Sequential(nn.Linear(4, 4), Argmax()).eval(), torch.ones(1, 4)
    times = measure_times(model, trace_model(model, x), x, repeats=2, warm_up=0, backward=True)
    assert times.backward_s is not None
    assert (times.backward_s[:, 0] > 0).all()
    assert (times.backward_s[:, 1] == 0).all()


def test_the_clock_fits_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(clock_for("cpu", 1), CpuClock)
    assert isinstance(clock_for("cpu", 2), WallClock)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="finds no CUDA device"):
        clock_for("cuda")
    with pytest.raises(InputError, match="finds no CUDA device"):
        profile_model(find_entry("qmix-agent"), Measurement(device="cuda"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert isinstance(clock_for("cuda"), CudaClock)


def test_cuda_is_timed_by_events_around_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """No GPU here: what is checked is the order of calls, and the unit of what they give."""
    said: list[str] = []

    class Event:
        count = 0

        def __init__(self, enable_timing: bool) -> None:
            assert enable_timing
            Event.count += 1
            self.number = Event.count

        def record(self) -> None:
            said.append(f"record {self.number}")

        def synchronize(self) -> None:
            said.append(f"wait for {self.number}")

        def elapsed_time(self, other: Any) -> float:
            assert (self.number, other.number) == (1, 2)
            return 1.25  # ms, as CUDA gives it

    monkeypatch.setattr(torch.cuda, "Event", Event)
    value, time_ns = CudaClock().time(lambda: said.append("work") or 7)
    assert (value, time_ns) == (7, 1_250_000)
    assert said == ["record 1", "work", "record 2", "wait for 2"]


class CpuAsGpu(TorchFunctionMode):  # type: ignore[misc]  # Any, by importorskip
    """Puts on the CPU what is meant for a GPU, and counts it."""

    moved = 0

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        def here(value: Any) -> Any:
            if str(value) not in {"cuda", "cuda:0"}:
                return value
            self.moved += 1
            return "cpu"

        named = {name: here(v) if name == "device" else v for name, v in (kwargs or {}).items()}
        return function(
            *(here(v) if isinstance(v, str | torch.device) else v for v in args), **named
        )


def test_the_whole_way_of_a_gpus_profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No GPU here: its tensors are the CPU's, and its events tell a time that none of those does.

    `test_cuda.py` is for a real one.
    """

    class Event:
        def __init__(self, enable_timing: bool) -> None: ...

        record = synchronize = lambda self: None

        def elapsed_time(self, other: Any) -> float:
            return 250.0  # ms

    synchronised: list[None] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a GPU made of the CPU")
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: synchronised.append(None))
    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 91900)
    monkeypatch.setattr(machine, "_SIDES", {"cuda": 64})
    monkeypatch.setattr(
        profiler, "find_meter", lambda device: CallMeter() if device == "cuda" else None
    )
    how = Measurement(repeats=2, device="cuda", backward=True, energy_device="paper-cloud")
    with CpuAsGpu() as gpu:
        profile = profile_model(find_entry("qmix-agent"), how)
    assert gpu.moved > profile.layer_count
    again = read_model_profile(write_model_profile(profile, tmp_path))
    assert (again.forward_s == 0.25).all() and again.backward_s is not None
    assert (again.backward_s[again.backward_s > 0] == 0.25).all()
    told = again.provenance
    assert told.device == "cuda" and told.machine == "a GPU made of the CPU"
    assert "CUDA events" in told.method and told.versions["cudnn"] == "91900"
    assert told.whole_model_s == 0.25
    assert told.machine_flop_per_s == pytest.approx(2 * 64**3 / 0.25, rel=1e-3)
    # 2 s of calls at 0.25 s each, and the GPU is waited for before the counter is read.
    assert told.energy is not None and told.energy.forward_j == 16.0 / 8
    assert len(synchronised) == 1


class CallMeter:
    name = "a meter of 16 J"

    def measure_j(self, call: Callable[[], object]) -> float:
        call()
        return 16.0


def test_what_does_not_fit_on_the_gpu_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Any, device: str) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(nn.Module, "to", refuse)
    monkeypatch.setattr(profiler, "build_model", lambda entry, seed: Argmax())
    with pytest.raises(ProfileError, match="qmix-agent cannot be put on cuda: CUDA out of memory"):
        profile_model(find_entry("qmix-agent"), Measurement(device="cuda"))


def test_the_papers_profiler_sees_modules_and_last_outputs_only() -> None:
    entry = find_entry("resnet18")
    hooked = run_hooked(build_model(entry), *example_inputs(entry))
    full = profile_model(entry, QUICK)
    assert len(hooked.names) == 60  # calls of modules: no additions, no flatten
    assert set(hooked.names) < set(full.layer_names)
    assert sum(hooked.sizes.flops) == sum(full.flops)
    assert sum(hooked.sizes.param_bytes) == sum(full.param_bytes)
    index = {name: at for at, name in enumerate(full.layer_names)}
    for name, size in zip(hooked.names, hooked.sizes.output_bytes, strict=True):
        assert size == full.layer_output_bytes[index[name]]
    too_little = {crossing.layer for crossing in crossings_that_differ(full)}
    assert len(too_little) == 46
    for name, last in zip(hooked.names, hooked.sizes.live_bytes[1:], strict=True):
        live = full.live_bytes[index[name] + 1]
        assert (last < live) == (name in too_little) or index[name] == full.layer_count - 1
    paper = profile_as_paper(entry, QUICK)
    assert paper.name == "resnet18-paper"
    assert paper.layer_names == hooked.names
    assert not crossings_that_differ(paper)


@pytest.mark.parametrize("threads", [1, 3])
def test_the_papers_profiler_runs_on_as_many_threads_as_it_says(
    monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    seen: list[int] = []

    def noted(*args: Any, **more: Any) -> Any:
        seen.append(torch.get_num_threads())
        return run_hooked(*args, **more)

    monkeypatch.setattr(profiler, "run_hooked", noted)
    paper = profile_as_paper(find_entry("qmix-agent"), replace(QUICK, threads=threads))
    assert seen == [threads, threads], "the model, and the reference"
    assert paper.provenance.threads == threads


def test_a_model_that_calls_no_module_is_nothing_to_hooks() -> None:
    with pytest.raises(ProfileError, match="hooks see nothing"):
        run_hooked(Argmax(), torch.ones(1, 2))


MODULE = """
import torch
from torch import nn

class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 2)
    def forward(self, x, y):
        return self.linear(x + y)

def broken():
    raise OSError("no weights")

def number():
    return 7

ready = nn.Linear(3, 3)

def text_model():
    return nn.Sequential(nn.Embedding(50, 4), nn.Linear(4, 2))

class Own(nn.Module):
    # Complex weights, and others in a type of their own, as mixed precision has.
    def __init__(self):
        super().__init__()
        self.turn = nn.Parameter(torch.ones(4, dtype=torch.complex64) * 1j)
        self.linear = nn.Linear(4, 2, dtype=torch.bfloat16)

    def forward(self, x):
        return self.linear((x * self.turn).imag.to(torch.bfloat16))

class Factory:
    @staticmethod
    def make():
        return nn.Linear(3, 3)

    @staticmethod
    def lazy():
        return nn.LazyLinear(3)

    @staticmethod
    def exported():
        return torch.export.export(nn.Linear(3, 3), (torch.zeros(1, 3),)).module()

    @staticmethod
    def uncopied():
        model = nn.Linear(3, 3)
        model.seen = model(torch.zeros(3))
        return model

def half_text():
    return text_model().to(torch.bfloat16)

text = "no model"
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_models.py").write_text(MODULE)
    (tmp_path / "raising.py").write_text("1 / 0")
    (tmp_path / "exiting.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)


def test_a_users_model_is_found_in_its_module(mine: None) -> None:
    entry = resolve_model("my_models:Two", shapes=["2x4", "2x4"], dtype="float64", batch=5)
    profile = profile_model(entry, QUICK)
    assert profile.name == "Two"
    assert [str(spec) for spec in profile.provenance.inputs] == ["5x4 float64", "5x4 float64"]
    assert profile.input_bytes == 2 * 5 * 4 * 8
    assert profile.provenance.model == "my_models:Two"
    for model in ("my_models:ready", "my_models:Factory.make"):
        assert build_model(resolve_model(model, shapes=["1x3"])).in_features == 3


def test_a_users_model_of_integers_is_profiled(mine: None) -> None:
    entry = resolve_model("my_models:text_model", shapes=["2x7:int64:50"], dtype="float64")
    (tokens,) = example_inputs(entry)
    assert tokens.dtype == torch.int64 and 10 < int(tokens.max()) < 50
    profile = profile_model(entry, QUICK)
    assert profile.kinds == ("embedding", "linear")
    assert profile.input_bytes == 2 * 7 * 8


def test_weights_keep_their_type_unless_another_is_asked_for(mine: None, tmp_path: Path) -> None:
    own = resolve_model("my_models:Own", shapes=["3x4"])
    assert build_model(own).turn.dtype == torch.complex64
    assert profile_model(own, QUICK).param_bytes.tolist() == [32, 0, 0, 2 * 10]
    half = resolve_model("my_models:half_text", shapes=["2x7:int64:50"])
    assert profile_model(half, QUICK).param_bytes.tolist() == [2 * 200, 2 * 10]
    wide = resolve_model("my_models:half_text", shapes=["2x7:int64:50"], dtype="float64")
    profile = profile_model(wide, QUICK)
    assert profile.param_bytes.tolist() == [8 * 200, 8 * 10]
    again = read_model_profile(write_model_profile(profile, tmp_path))
    assert again.provenance.dtype == "float64"
    assert find_mismatch(again) is None


@pytest.mark.parametrize(
    ("model", "shapes", "problem"),
    [
        ("my_models:text_model", ["2x7:int65"], "'int65' is no type of torch"),
        ("my_models:text_model", ["2x7:int64:"], "is no shape"),
        ("my_models:Two", [], "its inputs are not known.*--input-shape"),
        ("my_models:Two", ["2x4"], "does not run on inputs of shape"),
        ("my_models:Two", ["2xfour"], "is no shape"),
        ("my_models:Two", ["0x4"], "is no shape"),
        ("my_models:Three", ["1"], "cannot be imported"),
        ("no_such_module:Two", ["1"], "cannot be imported"),
        ("my_models:text", ["1"], "cannot be called"),
        ("raising:Two", ["1"], "cannot be imported: ZeroDivisionError"),
        ("exiting:Two", ["1"], "cannot be imported: SystemExit: 3"),
        (".relative:Two", ["1"], "cannot be imported"),
        ("my_models:Two", ["99999999999999999999x4", "1x4"], "999x4 float32 cannot be made: "),
        ("my_models:Two", ["200000000x4000000", "1x4"], "cannot be made: .*allocate"),
        ("my_models:text_model", ["1x4:int64:99999999999999999999"], "cannot be made: "),
        ("my_models:broken", ["1"], "cannot be built: OSError: no weights"),
        ("my_models:number", ["1"], "gives a int, no torch.nn.Module"),
        ("my_models:Factory.no", ["1"], "cannot be imported"),
        ("my_models:Factory.lazy", ["1x3"], "no shape yet"),
        ("my_models:Factory.exported", ["1x3"], "evaluation mode.*not supported yet"),
        ("my_models:Factory.uncopied", ["1x3"], "cannot be copied: .*graph leaves"),
        ("resnet18", ["1x3x64x64", "1"], "has 1 inputs, not 2"),
        ("resnet81", [], "did you mean 'resnet18'"),
    ],
)
def test_what_is_no_model_is_told(mine: None, model: str, shapes: list[str], problem: str) -> None:
    with pytest.raises((InputError, ProfileError, UnknownNameError), match=problem):
        profile_model(resolve_model(model, shapes=shapes), QUICK)


def test_only_floating_point_types_can_be_chosen() -> None:
    with pytest.raises(InputError, match="--dtype int8: is no floating-point type"):
        resolve_model("resnet18", dtype="int8")
    text = resolve_model("transformer", dtype="float64")
    assert text.inputs[0].dtype == "int64"  # tokens stay integers
