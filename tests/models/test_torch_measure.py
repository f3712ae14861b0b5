"""Sizes and times, layer by layer."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from traced_models import CASES, Function  # noqa: E402

from cosim.errors import ProfileError  # noqa: E402
from cosim.models.torch import best_s, measure_sizes, measure_times, spread, trace_model  # noqa: E402

pytestmark = pytest.mark.torch


def test_a_frozen_parameter_needs_no_gradient() -> None:
    model, x = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)), torch.ones(2, 4)
    model[0].requires_grad_(False)
    graph = trace_model(model, x)
    times = measure_times(model, graph, x, repeats=1, warm_up=0, backward=True)
    assert times.backward_s is not None
    assert (times.backward_s > 0).all()


def test_a_layer_that_has_no_gradient_is_named() -> None:
    model, x = Function(lambda module, x: x * float(x.numpy().sum())), torch.ones(2, 4)
    graph = trace_model(model, x)
    with pytest.raises(ProfileError, match="layer 'model' has no gradient: RuntimeError"):
        measure_times(model, graph, x, repeats=1, warm_up=0, backward=True)


def test_sizes_and_flops_of_a_small_model() -> None:
    model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(inplace=True), nn.Flatten())
    x = torch.zeros(1, 3, 4, 4)
    sizes = measure_sizes(trace_model(model, x), x)
    assert sizes.flops.tolist() == [2 * 8 * 3 * 9 * 16, 0, 0]
    assert sizes.param_bytes.tolist() == [4 * (8 * 3 * 9 + 8), 0, 0]
    assert sizes.output_bytes.tolist() == [4 * 8 * 16] * 3
    assert sizes.live_bytes.tolist() == [4 * 48, *[4 * 8 * 16] * 3]


def test_a_parameter_given_as_argument_belongs_to_its_layer() -> None:
    x = torch.zeros(2, 4)
    sizes = measure_sizes(trace_model(CASES["own parameter"], x), x)
    assert sizes.param_bytes.tolist() == [4 * 20, 4 * 5]


def test_times_are_positive_and_settings_are_put_back() -> None:
    model, x = nn.Sequential(nn.Linear(64, 64), nn.ReLU()).eval(), torch.ones(1, 64)
    threads = torch.get_num_threads()
    times = measure_times(model, trace_model(model, x), x, repeats=5, warm_up=1)
    assert times.layers_s.shape == (5, 2)
    assert times.model_s.shape == (5,)
    assert (best_s(times.layers_s) > 0).all()
    assert (spread(times.layers_s) >= 0).all()
    assert torch.get_num_threads() == threads
