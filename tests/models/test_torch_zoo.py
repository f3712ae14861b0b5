"""The zoo's models, whole: the shipped profile describes the real model."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from cosim.errors import UnknownNameError  # noqa: E402
from cosim.models import load_model_profile  # noqa: E402
from cosim.models.store import read_model_profile, write_model_profile  # noqa: E402
from cosim.models.torch import (  # noqa: E402
    ZOO,
    LayerGraph,
    Measurement,
    assemble_output,
    bind_inputs,
    build_model,
    example_inputs,
    find_entry,
    import_torchvision,
    measure_sizes,
    profile_model,
    run_layers,
    torchvision_guard,
    trace_model,
)
from cosim.models.torch.operators import operator_kind  # noqa: E402
from cosim.models.torch.values import tensors_in  # noqa: E402
from cosim.models.torch.wire import ValueLayout, layouts_of  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(
        importlib.util.find_spec("torchvision") is None, reason="torchvision is not installed"
    ),
]


@pytest.fixture(scope="module")
def resnet18() -> LayerGraph:
    entry = find_entry("resnet18")
    return trace_model(build_model(entry), *example_inputs(entry))


def over_the_wire(layout: ValueLayout, values: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Each tensor from its bytes alone, as another machine would get it, and how many they are."""
    parts = [bytes(part) for part in layout.pack(values)]
    return layout.unpack(parts), sum(map(len, parts))


def sampled(layers: int, most: int) -> list[int]:
    """Boundaries, evenly spaced where there are too many; always those at and next to the ends."""
    if layers + 1 <= most:
        return list(range(layers + 1))
    return sorted({0, 1, layers - 1, layers, *np.linspace(0, layers, most, dtype=int).tolist()})


# What one run of a model costs decides how many of its boundaries are tried.
CUTS = {"vgg11": 12, "resnet50": 20, "resnet152": 8, "rcnn": 25, "rnn": 12, "mobilenet_v2": 25}


@pytest.mark.parametrize("name", ZOO)
def test_cutting_is_bit_identical_and_sends_the_live_bytes(name: str) -> None:
    entry = find_entry(name)
    model, inputs = build_model(entry), example_inputs(entry)
    graph = trace_model(model, *inputs)
    assert not graph.atomic
    live_bytes = load_model_profile(name).live_bytes
    layouts = layouts_of(graph, *inputs)
    boundaries = sampled(graph.layer_count, CUTS.get(name, 100))
    with torch.inference_mode():
        expected = list(tensors_in(model(*inputs)))
        values, before = bind_inputs(graph, *inputs), 0
        for boundary in boundaries:
            values = run_layers(graph, before, boundary, values)
            values, sent_bytes = over_the_wire(layouts[boundary], values)
            before = boundary
            if boundary < graph.layer_count:  # the result stays where it is computed
                assert sent_bytes == live_bytes[boundary]
            rest = run_layers(graph, boundary, graph.layer_count, values)
            output = list(tensors_in(assemble_output(graph, rest)))
            assert all(map(torch.equal, output, expected)), boundary


@pytest.mark.parametrize("name", ZOO)
def test_random_multi_way_splits_are_bit_identical(name: str) -> None:
    entry = find_entry(name)
    model, inputs = build_model(entry), example_inputs(entry)
    graph = trace_model(model, *inputs)
    layouts = layouts_of(graph, *inputs)
    random = np.random.default_rng(7)
    with torch.inference_mode():
        expected = list(tensors_in(model(*inputs)))
        for nodes in (2, 3, 5, 9):
            cuts = sorted(random.integers(0, graph.layer_count, nodes - 1, endpoint=True))
            values, before = bind_inputs(graph, *inputs), 0
            for stop in [*cuts, graph.layer_count]:
                values = run_layers(graph, before, int(stop), values)
                values, _ = over_the_wire(layouts[stop], values)
                before = int(stop)
            output = list(tensors_in(assemble_output(graph, values)))
            assert all(map(torch.equal, output, expected)), cuts


@pytest.mark.parametrize("name", ZOO)
def test_the_shipped_profile_describes_the_traced_model(name: str) -> None:
    entry, shipped = find_entry(name), load_model_profile(name)
    graph = trace_model(build_model(entry), *example_inputs(entry))
    sizes = measure_sizes(graph, *example_inputs(entry))
    kinds = tuple(operator_kind(graph.module, node) for node in graph.layers)
    assert shipped.layer_names == tuple(node.name for node in graph.layers)
    assert shipped.kinds == kinds
    np.testing.assert_array_equal(shipped.flops, sizes.flops)
    np.testing.assert_array_equal(shipped.param_bytes, sizes.param_bytes)
    np.testing.assert_array_equal(shipped.layer_output_bytes, sizes.output_bytes)
    np.testing.assert_array_equal(shipped.live_bytes[:-1], sizes.live_bytes[:-1])
    assert shipped.output_bytes == sizes.live_bytes[-1]
    assert shipped.provenance.inputs == entry.inputs
    assert "other" not in kinds


def test_most_boundaries_of_resnet18_are_crossed_by_more_than_one_tensor(
    resnet18: LayerGraph,
) -> None:
    assert sum(len(live) > 1 for live in resnet18.live[1:-1]) == 46


def test_profiling_gives_a_profile_that_can_be_stored(tmp_path: Path) -> None:
    profile = profile_model(find_entry("resnet18"), Measurement(repeats=3, machine="test machine"))
    again = read_model_profile(write_model_profile(profile, tmp_path))
    assert again.provenance == profile.provenance
    assert again.provenance.machine == "test machine"
    np.testing.assert_array_equal(again.forward_s, profile.forward_s)
    # A layer's cost on its own is far from its share of FLOPs: times are real ones.
    assert len(np.unique(profile.forward_s)) > 20


def test_building_is_repeatable_and_leaves_the_random_state() -> None:
    entry = find_entry("resnet18")
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    one, other = build_model(entry), build_model(entry)
    assert torch.equal(torch.rand(1), expected)
    assert all(map(torch.equal, one.state_dict().values(), other.state_dict().values()))


def test_an_unknown_zoo_model_offers_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'resnet18'"):
        find_entry("resnet81")


def test_the_guard_does_nothing_where_torchvision_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("torchvision")
    monkeypatch.setattr(importlib, "import_module", lambda name: module)
    monkeypatch.setattr(torchvision_guard, "_declare_operators", pytest.fail)
    monkeypatch.setattr(torchvision_guard, "_forget_half_imported", pytest.fail)
    assert import_torchvision() is module


def test_the_guard_hides_no_other_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> ModuleType:
        raise RuntimeError("something else")

    monkeypatch.setattr(importlib, "import_module", fail)
    monkeypatch.setattr(torchvision_guard, "_declare_operators", pytest.fail)
    with pytest.raises(RuntimeError, match="something else"):
        import_torchvision()


def test_the_guarded_torchvision_builds_models() -> None:
    torchvision = import_torchvision()
    assert torchvision is importlib.import_module("torchvision")
    assert torchvision.models.resnet18(weights=None) is not None
