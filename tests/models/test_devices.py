"""Device profiles: read strictly; times and energies follow from their figures."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.errors import ProfileError, UnknownNameError
from cosim.models import (
    compute_energy_j,
    layer_times_s,
    list_device_profiles,
    load_device_profile,
    load_model_profile,
    radio_energy_j,
    synthetic_model_profile,
)
from cosim.models.devices import read_device_profile
from cosim.models.files import profiles_dir

PAPER_UE = profiles_dir() / "devices" / "paper-ue.toml"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("schema_version = 2", "schema_version = 7", "schema_version: is 7"),
        ('kind = "ue"', 'kind = "phone"', "kind: Invalid enum value 'phone'"),
        ("value = 0.115", "value = -0.115", r"compute\.reference_latency_s\.value: -0.115 is not"),
        ("value = 0.115", "value = 0.0", r"compute\.reference_latency_s\.value: must be above 0"),
        ("value = 5.1", "value = inf", r"power\.busy_watts\.value: inf is not"),
        ("value = 5.1", "value = 'much'", r"power\.busy_watts\.value: Expected `float`"),
        ("value = 8.9e-9", "value = nan", r"radio\.uplink_joules_per_bit\.value: nan is not"),
        ('status = "published"', 'status = "assumed"', r"power\.busy_watts\.status: Invalid enum"),
        ("power.idle_watts", "power.idle_wats", "power: .*unknown field `idle_wats`"),
        ('source = "Raspberry[^"]*"', 'source = " "', r"power\.busy_watts\.source: is empty"),
        ('source = "Raspberry[^"]*"', "", "power.busy_watts: .*required field `source`"),
    ],
)
def test_a_wrong_device_file_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    text, count = re.subn(old, new, PAPER_UE.read_text(), count=1)
    assert count == 1
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ProfileError, match=r"mine\.toml: " + message):
        read_device_profile(path)


def test_the_digest_follows_the_content(tmp_path: Path) -> None:
    same, other = tmp_path / "same.toml", tmp_path / "other.toml"
    same.write_text("# comment\n" + PAPER_UE.read_text())
    other.write_text(PAPER_UE.read_text().replace("value = 1.9", "value = 2.0"))
    digest = load_device_profile("paper-ue").digest
    assert load_device_profile(str(same)).digest == digest
    assert load_device_profile(str(other)).digest != digest


def test_an_unknown_device_offers_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'paper-cloud'"):
        load_device_profile("paper_cloud")


@pytest.mark.parametrize("name", list_device_profiles())
def test_the_reference_model_takes_the_stated_latency(name: str) -> None:
    device = load_device_profile(name)
    if device.reference_latency_s is None:
        assert name == "jetson-nano"
        return
    model = load_model_profile(device.reference_model)
    assert layer_times_s(model, device).sum() == pytest.approx(device.reference_latency_s)


@given(st.lists(st.floats(1e-9, 1e3), min_size=1, max_size=20), st.floats(1e-6, 1e3))
def test_every_model_scales_by_the_same_factor(forward_s: list[float], reference_s: float) -> None:
    device = load_device_profile("paper-iab-mec")
    model = synthetic_model_profile(forward_s, np.zeros(len(forward_s) + 1))
    object.__setattr__(model, "reference_s", reference_s)
    assert device.reference_latency_s is not None
    factor = device.reference_latency_s / reference_s
    np.testing.assert_allclose(layer_times_s(model, device), np.array(forward_s) * factor)


def test_another_reference_model_is_refused() -> None:
    model = synthetic_model_profile([1.0], [1, 0])
    object.__setattr__(model, "reference_model", "vgg11")
    with pytest.raises(ProfileError, match=r"is 'resnet18', which cannot be compared with 'vgg11'"):
        layer_times_s(model, load_device_profile("paper-ue"))


def test_energy_is_power_times_time_and_bits_times_energy_per_bit() -> None:
    ue = load_device_profile("paper-ue")
    assert compute_energy_j(ue, 2.0) == pytest.approx(2 * 5.1)
    # 8.9 mW/Mbps and 5.66 W: 100 Mbps for 2 s.
    assert radio_energy_j(ue, 200e6, 2.0, "uplink") == pytest.approx(2 * (5.66 + 0.89))
    assert radio_energy_j(ue, 200e6, 2.0, "downlink") == pytest.approx(2 * (5.24 + 0.17))
    assert compute_energy_j(ue, 0.0) == radio_energy_j(ue, 0, 0.0, "uplink") == 0.0


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_energy_of_nonsense_is_refused(value: float) -> None:
    ue = load_device_profile("paper-ue")
    with pytest.raises(ValueError, match="busy_s"):
        compute_energy_j(ue, value)
    with pytest.raises(ValueError, match="bits"):
        radio_energy_j(ue, value, 1.0, "uplink")
    with pytest.raises(ValueError, match="seconds"):
        radio_energy_j(ue, 1.0, value, "uplink")
    with pytest.raises(ValueError, match="sideways"):
        radio_energy_j(ue, 1.0, 1.0, "sideways")  # type: ignore[arg-type]


def test_a_device_without_radio_figures_says_so() -> None:
    with pytest.raises(ProfileError, match="'paper-cloud': radio: it has no radio figures"):
        radio_energy_j(load_device_profile("paper-cloud"), 1.0, 1.0, "uplink")
