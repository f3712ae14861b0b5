"""What torch.fx cannot trace, torch.export does."""

from __future__ import annotations

import logging

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from traced_models import EXPORTED, alone_with_what_depends_on_data, cut_everywhere, same  # noqa: E402

from cosim.models.torch import measure_sizes, measure_times, trace_model  # noqa: E402
from cosim.models.torch.operators import operator_kind  # noqa: E402

pytestmark = pytest.mark.torch


def test_torch_does_not_print_the_graph_of_a_trace_that_failed(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("torch.fx.experimental.symbolic_shapes").addHandler(caplog.handler)
    assert trace_model(alone_with_what_depends_on_data(nn.ReLU()), torch.ones(2, 4)).atomic
    logging.getLogger("torch.fx.experimental.symbolic_shapes").removeHandler(caplog.handler)
    assert capfd.readouterr() == ("", "")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert logging.root.isEnabledFor(logging.ERROR)


@pytest.mark.parametrize("name", EXPORTED)
def test_what_torch_fx_cannot_trace_is_traced_by_torch_export(name: str) -> None:
    model, x = EXPORTED[name], torch.linspace(-2, 2, 12).reshape(3, 4)
    before = x.clone()
    graph = trace_model(model, x)
    assert graph.tracer == "torch.export"
    assert not graph.atomic
    assert graph.layer_count > 1
    with torch.no_grad():
        expected = model(x.clone())
    for output in cut_everywhere(graph, x):
        same(output, expected)
        assert type(output) is type(expected)
    same(x, before)


def test_an_operator_of_an_export_is_named_after_its_module_and_has_its_kind_and_costs() -> None:
    model, x = nn.Sequential(EXPORTED["shape"], nn.Dropout()), torch.ones(3, 4)
    graph = trace_model(model, x)
    layer = [node.name for node in graph.layers].index("_0_parts_0_linear")
    kinds = [operator_kind(graph.module, node) for node in graph.layers]
    assert kinds[layer] == "linear"
    assert sorted(kinds) == ["add", "add", "arithmetic", "dropout", "linear"]
    sizes = measure_sizes(graph, x)
    assert set(sizes.live_bytes) == {4 * 3 * 4}, "positions are at hand, as buffers are"
    assert sizes.flops[layer] == sizes.flops.sum() == 2 * 3 * 4 * 4
    assert sizes.param_bytes[layer] == sizes.param_bytes.sum() == 4 * (4 * 4 + 4)


@pytest.mark.parametrize("name", EXPORTED)
def test_what_torch_export_traced_has_a_backward_pass(name: str) -> None:
    model, x = EXPORTED[name], torch.linspace(-2, 2, 12).reshape(3, 4)
    times = measure_times(model, trace_model(model, x), x, repeats=1, warm_up=0, backward=True)
    assert times.backward_s is not None
    assert (times.backward_s >= 0).all()
    assert times.backward_s.sum() > 0
