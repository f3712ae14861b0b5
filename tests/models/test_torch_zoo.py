"""The zoo's models, whole: the shipped profile describes the real model."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from cosim.errors import UnknownNameError  # noqa: E402
from cosim.models import load_model_profile  # noqa: E402
from cosim.models.store import read_model_profile, write_model_profile  # noqa: E402
from cosim.models.torch import (  # noqa: E402
    LayerGraph,
    assemble_output,
    bind_inputs,
    build_model,
    example_input,
    find_entry,
    import_torchvision,
    measure_sizes,
    profile_model,
    run_layers,
    torchvision_guard,
    trace_model,
)
from cosim.models.torch.operators import operator_kind  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(
        importlib.util.find_spec("torchvision") is None, reason="torchvision is not installed"
    ),
]


@pytest.fixture(scope="module")
def resnet18() -> LayerGraph:
    entry = find_entry("resnet18")
    return trace_model(build_model(entry), example_input(entry))


def test_cutting_resnet18_anywhere_is_bit_identical_and_sends_the_live_bytes(
    resnet18: LayerGraph,
) -> None:
    entry = find_entry("resnet18")
    x = example_input(entry)
    live_bytes = load_model_profile("resnet18").live_bytes
    with torch.inference_mode():
        expected = build_model(entry)(x)
        values = bind_inputs(resnet18, x)
        for boundary in range(resnet18.layer_count + 1):
            wire = {name: value.numpy().tobytes() for name, value in values.items()}
            if boundary < resnet18.layer_count:  # the result stays where it is computed
                assert sum(map(len, wire.values())) == live_bytes[boundary]
            received = {
                name: torch.frombuffer(bytearray(wire[name]), dtype=value.dtype).view(value.shape)
                for name, value in values.items()
            }
            rest = run_layers(resnet18, boundary, resnet18.layer_count, received)
            assert torch.equal(assemble_output(resnet18, rest), expected)
            if boundary < resnet18.layer_count:
                values = run_layers(resnet18, boundary, boundary + 1, received)


def test_the_shipped_profile_describes_the_traced_model(resnet18: LayerGraph) -> None:
    shipped = load_model_profile("resnet18")
    sizes = measure_sizes(resnet18, example_input(find_entry("resnet18")))
    kinds = tuple(operator_kind(resnet18.module, node) for node in resnet18.layers)
    assert shipped.layer_names == tuple(node.name for node in resnet18.layers)
    assert shipped.kinds == kinds
    np.testing.assert_array_equal(shipped.flops, sizes.flops)
    np.testing.assert_array_equal(shipped.param_bytes, sizes.param_bytes)
    np.testing.assert_array_equal(shipped.layer_output_bytes, sizes.output_bytes)
    np.testing.assert_array_equal(shipped.live_bytes[:-1], sizes.live_bytes[:-1])
    assert shipped.output_bytes == sizes.live_bytes[-1]
    assert "other" not in kinds
    assert sum(len(live) > 1 for live in resnet18.live[1:-1]) == 46


def test_profiling_gives_a_profile_that_can_be_stored(tmp_path: Path) -> None:
    profile = profile_model(find_entry("resnet18"), repeats=3, machine="test machine")
    again = read_model_profile(write_model_profile(profile, tmp_path))
    assert again.provenance == profile.provenance
    assert again.provenance.machine == "test machine, 1 thread"
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
