"""`cosim run --execute`: the model is really run, its tensors cross, its output is compared."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

import cosim
from cosim.cli.main import main
from cosim.errors import ExecutionError, InputError, ProfileError, ScenarioError
from cosim.models import load_device_profile, load_model_profile
from cosim.models.costs import device_scale
from cosim.models.transfer import TransferForm
from cosim.network.port import Delivery, Step
from cosim.nodes.messages import TaskMessage, decode, encode
from cosim.problems import Chain, latency_problem
from cosim.splitting import solve_sci

pytest.importorskip("torch")

pytestmark = pytest.mark.torch

# Each node stops at random, so that tasks are split over all of them.
SCATTER = """
import numpy as np
from cosim.splitting import Policy

class Scatter(Policy):
    name = "scatter"
    uses_sci = False
    _random = np.random.default_rng(5)

    def solve_node(self, role, costs, downstream):
        if role.is_sink:
            return costs.finish_here(downstream)
        start = np.arange(costs.layers + 1)
        return costs.stop_at(self._random.integers(start, costs.layers + 1), downstream)
"""


@pytest.fixture
def scatter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "scattering.py").write_text(SCATTER)
    monkeypatch.syspath_prepend(tmp_path)
    return "scattering:Scatter"


def run(**options: Any) -> cosim.RunResult:
    overrides = {"task.execute": True, **options.pop("overrides", {})}
    settings: dict[str, Any] = {"duration_s": 1.5, "seed": 3, **options}
    return cosim.run("chain3", overrides=overrides, **settings)


def done(result: cosim.RunResult) -> Any:
    return result.tasks[result.tasks["status"] == "done"]


@pytest.mark.parametrize("model", ["qmix-agent", "qmix-mixer", "transformer", "resnet18"])
def test_every_output_is_that_of_the_unsplit_model(
    no_ns3: list[Any], scatter: str, model: str
) -> None:
    result = run(model=model, policy=scatter, duration_s=0.6)
    tasks = done(result)
    assert len(tasks) >= 3
    assert (tasks["output_error"] == 0).all()
    assert max(len(set(cuts)) for cuts in tasks["boundaries"]) > 2, "nothing was split"
    assert result.summary()["output_error"] == {"checked": len(tasks), "mean": 0, "max": 0}
    # The bytes that crossed are those that the profile says are live.
    live = load_model_profile(model).live_bytes
    sent = [(decode(send.payload), send) for send in no_ns3[0]._sent if send.transport == "tcp"]
    assert sent
    for message, send in sent:
        assert isinstance(message, TaskMessage)
        assert len(message.tensors) == live[message.boundary]
        assert send.size_bytes == len(send.payload)


def test_execution_changes_nothing_but_the_bytes(no_ns3: list[Any]) -> None:
    plain = cosim.run("chain3", duration_s=0.4, seed=3)
    real = run(duration_s=0.4)
    columns = [name for name in plain.tasks.columns if name != "output_error"]
    assert plain.tasks[columns].equals(real.tasks[columns])
    assert plain.tasks["output_error"].isna().all()
    assert plain.summary()["output_error"] is None


def damage(send: Any) -> Any:
    """One bit of a tensor flips on the way."""
    message = decode(send.payload)
    if not isinstance(message, TaskMessage) or not message.tensors:
        return send
    tensors = bytearray(message.tensors)
    tensors[len(tensors) // 2] ^= 0x40
    return msgspec.structs.replace(
        send, payload=encode(msgspec.structs.replace(message, tensors=bytes(tensors)))
    )


def cut(send: Any) -> Any:
    message = decode(send.payload)
    if not isinstance(message, TaskMessage) or not message.tensors:
        return send
    shorter = msgspec.structs.replace(message, tensors=message.tensors[:-4])
    return msgspec.structs.replace(send, payload=encode(shorter))


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [(damage, "differs from that of the unsplit model in"), (cut, "are damaged")],
)
def test_a_wrong_tensor_fails_the_run(
    no_ns3: list[Any], still: Any, monkeypatch: pytest.MonkeyPatch, spoil: Any, problem: str
) -> None:
    plain = still.advance

    def advance(self: Any, until_ns: int, commands: Any) -> Step:
        step = plain(self, until_ns, commands)
        events = [spoil(e) if isinstance(e, Delivery) else e for e in step.events]
        return Step(step.now_ns, tuple(events))

    monkeypatch.setattr(still, "advance", advance)
    with pytest.raises(ExecutionError, match=problem) as caught:
        run(policy="cloud-only", duration_s=0.5)
    assert caught.value.exit_code == 1
    assert caught.value.sim_time_ns
    outcome = CliRunner().invoke(
        main, ["run", "chain3", "--execute", "--policy", "cloud-only", "--duration", "0.5"]
    )
    assert outcome.exit_code == 1
    assert re.search(rf"error: .*{problem}.*simulated time", outcome.output)


@pytest.mark.parametrize("form", ["fp16", "int8", "lossless"])
def test_forms_shrink_what_crosses_and_tell_their_error(
    no_ns3: list[Any], scatter: str, form: str
) -> None:
    result = run(policy=scatter, overrides={"task.transfer": form}, duration_s=0.6)
    tasks = done(result)
    assert len(tasks) >= 3
    crossing = load_model_profile("resnet18").crossing(form)
    for send in no_ns3[0]._sent:
        message = decode(send.payload)
        if isinstance(message, TaskMessage) and form != "lossless":
            assert len(message.tensors) == crossing.coded_bytes[message.boundary]
    worst = {"fp16": 1e-3, "int8": 0.2, "lossless": 0.0}[form]
    assert (tasks["output_error"] <= worst).all()
    assert (tasks["output_error"] > 0).any() == (form != "lossless")


def test_coding_takes_the_time_that_the_profile_says(no_ns3: list[Any]) -> None:
    overrides = {"task.transfer": "fp16", "task.execute": False}
    result = run(policy="cloud-only", overrides=overrides)
    model = load_model_profile("resnet18")
    crossing = model.crossing("fp16")
    expected_s = 0.0
    for name in ("paper-ue", "paper-iab-mec", "paper-core-mec", "paper-cloud"):
        scale = device_scale(model, load_device_profile(name))
        if name != "paper-ue":
            expected_s += float(crossing.decode_s[0]) * scale
        if name != "paper-cloud":
            expected_s += float(crossing.encode_s[0]) * scale
        else:
            expected_s += float(model.forward_s.sum()) * scale
    tasks = done(result)
    assert tasks["route"].map(list).map(len).eq(4).all()
    np.testing.assert_allclose(tasks["compute_s"], expected_s, rtol=0, atol=1e-8)


@pytest.mark.parametrize("form", ["fp32", "fp16", "int8", "lossless"])
def test_the_plan_is_the_best_with_coding_counted(no_ns3: list[Any], form: TransferForm) -> None:
    overrides = {"task.transfer": form, "task.execute": False}
    tasks = done(run(policy="hivemind", overrides=overrides, duration_s=0.5))
    names = ("paper-ue", "paper-iab-mec", "paper-core-mec", "paper-cloud")
    devices = [load_device_profile(name) for name in names]
    chain = Chain(devices, [100e6] * 3, [0.002] * 3, form)
    best_s = solve_sci(latency_problem(load_model_profile("resnet18"), chain)).cost
    headers_s = 3 * 400 * 8 / 100e6  # of the task's messages
    assert (tasks["latency_s"] >= best_s - 1e-9).all()
    assert tasks["latency_s"].min() < best_s + headers_s


def test_measured_time_is_that_of_this_machine(no_ns3: list[Any]) -> None:
    measured = {"task.timing": "measured"}
    result = run(model="qmix-agent", policy="ue-only", overrides=measured, duration_s=0.1)
    tasks = done(result)
    assert len(tasks) > 2
    assert (tasks["compute_s"] > 0).all()
    assert tasks["compute_s"].nunique() > 1  # no two measurements are the same
    assert (tasks["output_error"] == 0).all()


BRANCHED = """
import torch
from torch import nn

class Odd(nn.Module):
    def forward(self, x):
        return x * 2 if x.sum() > 0 else x - 1

class Branched(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.left = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(inplace=True))
        self.right = nn.Conv2d(8, 8, 1)
        self.odd = Odd()
        self.head = nn.Linear(8 * 16 * 16, 5)

    def forward(self, x):
        x = self.stem(x)
        a, b = torch.chunk(self.left(x) + self.right(x), 2, dim=1)
        both = torch.cat([b, self.odd(a)], dim=1) + x
        return self.head(both.flatten(1)), both.mean()
"""


def test_a_model_of_the_users_own_is_profiled_and_run(
    no_ns3: list[Any], scatter: str, tmp_path: Path
) -> None:
    (tmp_path / "branched.py").write_text(BRANCHED)
    command = ["profile", "branched:Branched", "--input-shape", "1x3x16x16", "--repeats", "3"]
    outcome = CliRunner().invoke(main, command)
    assert outcome.exit_code == 0, outcome.output
    assert "warning: odd: " in outcome.output
    assert "one layer" in outcome.output
    model = load_model_profile("Branched.toml")
    assert model.layer_count == 14
    result = run(model="Branched.toml", policy=scatter)
    assert len(done(result)) >= 3
    assert (done(result)["output_error"] == 0).all()


RAGGED = """
from torch import nn

class Ragged(nn.Module):
    def forward(self, x):
        return x[x > 0]
"""


def test_an_output_whose_size_depends_on_data_ends_the_run(
    no_ns3: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ragged.py").write_text(RAGGED)
    monkeypatch.chdir(tmp_path)
    command = ["profile", "ragged:Ragged", "--input-shape", "1x16", "--repeats", "2"]
    outcome = CliRunner().invoke(main, command)
    assert outcome.exit_code == 0, outcome.output
    with pytest.raises(ExecutionError, match=r"at boundary 2 .* its size depends on data"):
        run(model="Ragged.toml", duration_s=0.1)


EAGER = """
import torch
from torch import nn

class Eager(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleList(nn.Linear(4, 4) for _ in range(9))

    def forward(self, x):
        for part in self.parts[: 1 + int(8 * torch.sigmoid(x[0, 0]))]:
            x = part(x)
        return x
"""


def test_a_profile_of_another_seed_is_run_though_its_flops_depend_on_data(
    no_ns3: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "eager_models.py").write_text(EAGER)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    options = ["--input-shape", "2x4", "--repeats", "1", "--seed", "2"]
    outcome = CliRunner().invoke(main, ["profile", "eager_models:Eager", *options])
    assert outcome.exit_code == 0, outcome.output
    result = run(model="Eager.toml", duration_s=0.3)
    assert (done(result)["output_error"] == 0).all()


def test_what_cannot_be_executed_is_refused(no_ns3: list[Any], tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"task.execute: is for inference only"):
        run(overrides={"task.kind": "training"})
    with pytest.raises(ScenarioError, match=r"task.transfer: is for inference only"):
        run(overrides={"task.kind": "training", "task.transfer": "int8", "task.execute": False})
    with pytest.raises(ScenarioError, match=r"task.timing: measured needs task.execute"):
        run(overrides={"task.timing": "measured", "task.execute": False})
    with pytest.raises(ScenarioError, match=r"task.transfer: unknown value 'int4'"):
        run(overrides={"task.transfer": "int4"})
    other = tmp_path / "other.toml"
    profile = load_model_profile("resnet18")
    renamed = msgspec.structs.replace(profile.provenance, model="resnet50")
    object.__setattr__(profile, "provenance", renamed)
    object.__setattr__(profile, "name", "other")
    from cosim.models.store import write_model_profile

    write_model_profile(profile, tmp_path)
    with pytest.raises(ProfileError, match=r"does not describe the model 'resnet50'"):
        run(model=str(other))


def test_without_torch_it_says_so(no_ns3: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cosim.models.workload.importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match="needs torch, which is not installed"):
        run()
