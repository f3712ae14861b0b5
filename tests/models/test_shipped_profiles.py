"""The profiles that ship are complete, consistent, and say where their numbers come from."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import numpy as np
import pytest

from cosim.models import (
    list_device_profiles,
    list_model_profiles,
    load_device_profile,
    load_device_set,
    load_model_profile,
)
from cosim.models.devices import Figure
from cosim.models.transfer import CODED_FORMS


@pytest.mark.parametrize("name", list_model_profiles())
def test_every_shipped_model_loads_under_its_name(name: str) -> None:
    profile = load_model_profile(name)
    assert profile.name == name
    assert profile.output_bytes >= profile.layer_output_bytes[-1]  # more with several outputs
    assert profile.provenance.repeats >= 30
    assert (profile.forward_s > 0).all()
    assert (profile.live_bytes[:-1] > 0).all()
    # What crosses holds at least the last layer's own output.
    assert (profile.live_bytes[1:-1] >= profile.layer_output_bytes[:-1]).all()
    # Timing layer by layer neither loses nor invents much of the whole model's time.
    whole_s, timing_s = profile.provenance.whole_model_s, 5e-6 * profile.layer_count
    assert abs(profile.forward_s.sum() - whole_s) < 0.2 * whole_s + timing_s
    assert profile.backward_s is not None
    assert profile.backward_s.sum() > profile.forward_s.sum()


@pytest.mark.parametrize("name", list_model_profiles())
def test_every_shipped_model_says_what_crosses_in_every_form(name: str) -> None:
    profile = load_model_profile(name)
    live = profile.live_bytes
    for form in CODED_FORMS:
        crossing = profile.crossing(form)
        assert (crossing.coded_bytes <= live + 1).all()
        assert (crossing.encode_s[:-1] > 0).all()
        assert (crossing.decode_s[:-1] > 0).all()
    if all(spec.dtype == "float32" for spec in profile.provenance.inputs):
        np.testing.assert_array_equal(profile.crossing("fp16").coded_bytes, live // 2)
    np.testing.assert_array_equal(profile.crossing("fp32").coded_bytes, live)


def test_resnet18_has_the_numbers_that_do_not_depend_on_a_machine() -> None:
    profile = load_model_profile("resnet18")
    assert profile.layer_count == 69  # 60 calls of modules, 8 additions, 1 flatten
    assert profile.param_bytes.sum() == 4 * 11_689_512
    assert profile.input_bytes == 4 * 3 * 112 * 112
    assert profile.output_bytes == 4 * 1000
    assert profile.flops.sum() == resnet18_flops()
    # A residual is alive beside the block's own tensor: its bytes are more than the last output's.
    assert int((profile.live_bytes[1:-1] > profile.layer_output_bytes[:-1]).sum()) == 46
    ratio = profile.live_bytes[1:-1] / profile.layer_output_bytes[:-1]
    assert ratio.max() == pytest.approx(3.0)


def resnet18_flops() -> int:
    """FLOPs of ResNet18's convolutions and classifier at 112 px, a multiply-add counting two."""
    stem = 64 * (3 * 7 * 7) * 56**2
    stages = 4 * 64 * (64 * 9) * 28**2
    for channels, side in ((128, 14), (256, 7), (512, 4)):
        first = channels * (channels // 2) * 9 + channels * (channels // 2)  # and the shortcut
        stages += (first + 3 * channels * (channels * 9)) * side**2
    return 2 * (stem + stages + 512 * 1000)


def test_resnet18_is_the_reference_of_its_own_times() -> None:
    profile = load_model_profile("resnet18")
    assert profile.reference_model == "resnet18"
    assert profile.reference_s == pytest.approx(profile.forward_s.sum(), rel=1e-12)


def test_the_devices_are_those_of_the_paper() -> None:
    latencies = {name: load_device_profile(name).reference_latency_s for name in PAPER_DEVICES}
    assert latencies == pytest.approx({name: 0.115 / k for name, k in PAPER_DEVICES.items()})
    assert set(load_device_set("paper").devices.values()) == set(PAPER_DEVICES)


PAPER_DEVICES = {"paper-ue": 1, "paper-iab-mec": 4, "paper-core-mec": 50, "paper-cloud": 80}


@pytest.mark.parametrize("name", list_device_profiles())
def test_every_figure_has_a_source(name: str) -> None:
    device = load_device_profile(name)
    assert device.name == name
    groups = [group for group in (device.compute, device.power, device.radio) if group is not None]
    values = [value for group in groups for value in msgspec.structs.asdict(group).values()]
    figures = [value for value in values if isinstance(value, Figure)]
    assert len(figures) >= 2
    assert all(len(figure.source) > 10 for figure in figures)


def test_a_ue_has_radio_figures() -> None:
    assert load_device_profile("paper-ue").radio is not None


def test_loading_and_scaling_need_no_torch() -> None:
    code = (
        "import sys, cosim.models as m\n"
        "m.layer_times_s(m.load_model_profile('resnet18'), m.load_device_profile('paper-ue'))\n"
        "sys.exit(any(name.split('.')[0] in ('torch', 'torchvision') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_live_bytes_fall_where_a_block_ends() -> None:
    profile = load_model_profile("resnet18")
    blocks = [i for i, name in enumerate(profile.layer_names, 1) if name.startswith("add")]
    assert len(blocks) == 8
    assert all(profile.live_bytes[b] < profile.live_bytes[b - 1] for b in blocks)
    assert np.argmax(profile.live_bytes) == 1
