"""`cosim profile` and `cosim profiles` on the command line."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cosim.cli.main import main
from cosim.models import list_model_profiles
from cosim.models.files import profiles_dir

MODELS = profiles_dir() / "models"


def cosim(*command: str) -> Result:
    return CliRunner().invoke(main, command)


def copy(directory: Path, name: str = "qmix-agent") -> Path:
    for suffix in (".toml", ".csv", ".coded.csv"):
        shutil.copy(MODELS / f"{name}{suffix}", directory / f"{name}{suffix}")
    return directory / f"{name}.toml"


def test_list_and_show_tell_of_every_shipped_profile() -> None:
    listed = json.loads(cosim("profiles", "list", "--json").output)["profiles"]
    assert [row["name"] for row in listed] == list_model_profiles()
    assert {"vgg11", "resnet18", "resnet50", "resnet152", "mobilenet_v2"} <= {
        row["name"] for row in listed
    }
    table = cosim("profiles", "list").output
    assert all(name in table for name in list_model_profiles())
    shown = cosim("profiles", "show", "rnn").output
    assert "1x200x100 float32" in shown and "recurrent" in shown and "sha256: " in shown
    layers = json.loads(cosim("profiles", "show", "rnn", "--json").output)["layer"]
    assert len(layers) == 801


def test_diff_tells_what_differs_and_whether_times_agree(tmp_path: Path) -> None:
    same = cosim("profiles", "diff", "resnet18", str(copy(tmp_path, "resnet18")))
    assert "the same model" in same.output
    assert "69 of 69 layers agree" in same.output
    other = cosim("profiles", "diff", "resnet18", "resnet18-224")
    assert "different models: flops, live_bytes, layer_output_bytes differ" in other.output
    found = json.loads(cosim("profiles", "diff", "resnet18", "vgg11", "--json").output)
    assert "layer_names" in found["fields"] and found["layers"] == []


def test_verify_refuses_with_file_and_field(tmp_path: Path) -> None:
    assert cosim("profiles", "verify").exit_code == 0
    path = copy(tmp_path)
    csv = path.with_suffix(".csv")
    csv.write_text(csv.read_text().replace("linear", "linaer", 1))
    outcome = cosim("profiles", "verify", "rnn", str(path))
    assert outcome.exit_code == 2
    assert "rnn: ok" in outcome.output
    assert f"{csv}: line 2: kind: unknown kind 'linaer'" in outcome.output
    assert "error: 1 of 2 profiles are refused" in outcome.output
    path.write_text(path.read_text().replace("schema_version = 2", "schema_version = 99"))
    assert "schema_version: is 99" in cosim("profiles", "verify", str(path)).output


def test_paper_shows_where_the_last_output_is_too_little() -> None:
    found = json.loads(cosim("profiles", "paper", "resnet18", "--json").output)
    assert len(found["differ"]) == 46
    assert (
        "46 of 68 boundaries between layers, by up to 3.0 times"
        in cosim("profiles", "paper", "resnet18").output
    )
    assert "at 0 of 29" in cosim("profiles", "paper", "vgg11").output


def test_the_cost_model_states_its_error() -> None:
    output = cosim("profiles", "cost-model").output
    assert "Cross-validation" in output and "conv" in output
    found = json.loads(cosim("profiles", "cost-model", "--json").output)
    assert {each["model"] for each in found["cross_validation"]} == set(list_model_profiles())
    assert "predicted" in cosim("profiles", "predict", "vgg11", "--device", "jetson-nano").output
    assert cosim("profiles", "predict", "vgg11", "--device", "paper-ue").exit_code == 2


def test_a_device_set_takes_the_place_of_the_devices(no_ns3: list[Any]) -> None:
    outcome = cosim("run", "chain3", "--duration", "0.5", "--devices", "published", "--json")
    assert outcome.exit_code == 0, outcome.output
    manifest = json.loads(next(Path("runs").glob("*/manifest.json")).read_text())
    assert "device/raspberry-pi-3b-plus" in manifest["profiles"]
    assert "device/paper-ue" not in manifest["profiles"]
    unknown = cosim("run", "chain3", "--devices", "publisht")
    assert unknown.exit_code == 2
    assert "device_set: unknown device set 'publisht'; did you mean 'published'" in unknown.output


def test_without_torch_profiling_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    outcome = cosim("profile", "resnet18")
    assert outcome.exit_code == 2
    assert "cosim profile needs torch, which is not installed" in outcome.output


@pytest.mark.torch
@pytest.mark.parametrize("option", [("--device", "cuda"), ("--backward",), ("--energy",)])
def test_the_papers_profiler_refuses_what_it_does_not_measure(option: tuple[str, ...]) -> None:
    pytest.importorskip("torch")
    outcome = cosim("profile", "qmix-agent", "--paper", *option)
    assert outcome.exit_code == 2
    assert "--paper times the forward pass on the CPU" in outcome.output


@pytest.mark.torch
def test_profile_writes_what_run_and_verify_take(tmp_path: Path, no_ns3: list[Any]) -> None:
    pytest.importorskip("torch")
    command = ("profile", "qmix-agent", "--batch", "4", "--repeats", "3", "--energy", "--backward")
    outcome = cosim(*command, "--out", "mine", "--machine", "test machine", "--json")
    assert outcome.exit_code == 0, outcome.output
    said = json.loads(outcome.output)
    assert said["backward_s"] > 0
    assert said["energy"]["forward_j"] > 0
    assert said["energy"]["meter"]
    assert cosim("profiles", "verify", "--trace", "mine/qmix-agent.toml").exit_code == 0
    assert "test machine" in cosim("profiles", "show", "mine/qmix-agent.toml").output
    assert cosim("run", "chain3", "--model", "mine/qmix-agent.toml").exit_code == 0
    refused = cosim("profile", "qmix-agent", "--energy", "--energy-device", "paper-eu")
    assert refused.exit_code == 2 and "did you mean 'paper-ue'" in refused.output


@pytest.mark.torch
@pytest.mark.parametrize("name", ["../mine", "a/b", "", ".", "a\nb"])
def test_a_name_that_files_cannot_have_is_refused_before_measuring(
    tmp_path: Path, name: str
) -> None:
    pytest.importorskip("torch")
    out = tmp_path / "here"
    outcome = cosim("profile", "qmix-agent", "--repeats", "2", "--out", str(out), "--name", name)
    assert outcome.exit_code == 2
    assert f"--name {name!r}: files cannot be called that" in outcome.output
    assert not out.exists()


@pytest.mark.torch
def test_a_directory_that_cannot_be_written_into_is_refused_before_measuring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    monkeypatch.setattr("os.access", lambda path, mode: mode != os.W_OK)
    outcome = cosim("profile", "qmix-agent", "--out", str(tmp_path))
    assert outcome.exit_code == 2
    assert f"Directory '{tmp_path}' is not writable" in outcome.output
