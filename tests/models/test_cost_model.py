"""The cost model finds the costs that made the times; devices without latency are predicted."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from cosim.errors import ProfileError
from cosim.models import (
    ModelProfile,
    device_scale,
    layer_times_s,
    list_device_sets,
    list_model_profiles,
    load_device_profile,
    load_device_set,
    load_model_profile,
    synthetic_model_profile,
)
from cosim.models.cost_model import cross_validate, fit_cost_model
from cosim.models.devices import read_device_profile
from cosim.models.files import profiles_dir

JETSON = profiles_dir() / "devices" / "jetson-nano.toml"


def made_up(name: str, seed: int, machine: tuple[float, float] = (1e11, 1e10)) -> ModelProfile:
    """Layers whose times follow from a cost model: 5 us + flops / 50 G + bytes / 10 G, or 2 us."""
    random = np.random.default_rng(seed)
    layers = 30
    kinds = random.choice(["conv", "relu"], layers)
    flops = np.where(kinds == "conv", random.integers(1e5, 1e8, layers), 0)
    output = random.integers(1_000, 1_000_000, layers)
    read = np.concatenate([[4096], output[:-1]])
    profile = synthetic_model_profile(np.ones(layers), [4096] * layers + [0], name=name)
    times = np.where(kinds == "conv", 5e-6 + flops / 50e9 + (read + output) / 10e9, 2e-6)
    provenance = msgspec.structs.replace(
        profile.provenance,
        model=name,
        machine_flop_per_s=machine[0],
        machine_bytes_per_s=machine[1],
    )
    changes = {"kinds": tuple(kinds), "flops": flops, "layer_output_bytes": output}
    for key, value in {**changes, "forward_s": times, "provenance": provenance}.items():
        object.__setattr__(profile, key, value)
    return profile


def test_a_fit_finds_the_costs_that_made_the_times() -> None:
    fit = fit_cost_model([made_up(f"m{seed}", seed) for seed in range(4)])
    conv, relu = fit.kinds["conv"], fit.kinds["relu"]
    assert conv.overhead_s == pytest.approx(5e-6, rel=1e-3)
    assert 1 / conv.s_per_flop == pytest.approx(50e9, rel=1e-3)
    assert 1 / conv.s_per_byte == pytest.approx(10e9, rel=1e-3)
    assert relu.overhead_s == pytest.approx(2e-6, rel=1e-3)
    assert all(
        error.r_squared > 0.999 for error in cross_validate([made_up("a", 1), made_up("b", 2)])
    )


def test_a_prediction_scales_with_the_peak_rates() -> None:
    fit = fit_cost_model([made_up(f"m{seed}", seed) for seed in range(4)])
    device = load_device_profile("jetson-nano")  # 236 GFLOP/s and 25.6 GB/s
    model = made_up("other", 9)
    expected = np.where(
        np.array(model.kinds) == "conv",
        5e-6
        + model.flops / 50e9 * (1e11 / 236e9)
        + (np.concatenate([[4096], model.layer_output_bytes[:-1]]) + model.layer_output_bytes)
        / 10e9
        * (1e10 / 25.6e9),
        2e-6,
    )
    np.testing.assert_allclose(fit.predict_s(model, device), expected, rtol=1e-2)


def test_no_model_is_predicted_by_itself_at_another_input() -> None:
    one, other = made_up("same", 1), made_up("same", 2)
    with pytest.raises(ProfileError, match="at least one measured profile"):
        cross_validate([one, other])


def test_the_shipped_fit_predicts_models_it_has_not_seen() -> None:
    profiles = [load_model_profile(name) for name in list_model_profiles()]
    errors = cross_validate(profiles)
    relative = [abs(error.predicted_s / error.measured_s - 1) for error in errors]
    assert np.median(relative) < 0.25
    assert max(relative) < 0.6
    assert np.median([error.r_squared for error in errors]) > 0.8


def test_a_device_that_nobody_measured_is_predicted() -> None:
    device, model = load_device_profile("jetson-nano"), load_model_profile("resnet18")
    times = layer_times_s(model, device)
    assert times.shape == (model.layer_count,)
    assert 1e-3 < times.sum() < 0.1
    assert device_scale(model, device) == pytest.approx(times.sum() / model.forward_s.sum())


def test_without_peak_rates_there_is_no_prediction(tmp_path: Path) -> None:
    fit = fit_cost_model([made_up("m", 1)])
    with pytest.raises(ProfileError, match="'paper-ue': compute: it states no peak rates"):
        fit.predict_s(made_up("n", 2), load_device_profile("paper-ue"))
    blind = fit_cost_model([made_up("m", 1, (0.0, 0.0))])
    with pytest.raises(ProfileError, match="do not state the rates of their machine"):
        blind.predict_s(made_up("n", 2), load_device_profile("jetson-nano"))
    path = tmp_path / "mine.toml"
    path.write_text(JETSON.read_text().replace("memory_bytes_per_s", "memory_bytes_per_year"))
    with pytest.raises(ProfileError, match="unknown field `memory_bytes_per_year`"):
        read_device_profile(path)
    text = JETSON.read_text()
    start, end = text.index("[compute.memory"), text.index("[power")
    path.write_text(text[:start] + text[end:])
    with pytest.raises(ProfileError, match="neither reference_latency_s nor both peak rates"):
        read_device_profile(path)


@pytest.mark.parametrize("name", list_device_sets())
def test_a_device_set_is_complete_and_says_how(name: str) -> None:
    chosen = load_device_set(name)
    assert chosen.name == name
    assert len(chosen.how) > 50
    assert set(chosen.devices) == {"ue", "iab", "donor", "core", "cloud"}
    model = load_model_profile("vgg11")
    for device_name in chosen.devices.values():
        assert layer_times_s(model, load_device_profile(device_name)).sum() > 0
    assert load_device_profile(chosen.devices["ue"]).radio is not None


def test_the_published_latency_is_that_of_its_own_input() -> None:
    pi, model = load_device_profile("raspberry-pi-3b-plus"), load_model_profile("resnet18-224")
    assert layer_times_s(model, pi).sum() == pytest.approx(0.272)
    small = layer_times_s(load_model_profile("resnet18"), pi).sum()
    assert 0.272 / 4 < small < 0.272
