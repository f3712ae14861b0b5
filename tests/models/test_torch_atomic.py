"""A part that cannot be traced or cut is one layer, and the graph says why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from traced_models import (  # noqa: E402
    NOT_FOR_FX,
    Function,
    add_under_another_name,
    alone_with_what_depends_on_data,
    change_a_view,
    cut_everywhere,
    data_dependent,
    same,
)

from cosim.models.torch import trace_model  # noqa: E402
from cosim.models.torch.wire import layouts_of  # noqa: E402

pytestmark = pytest.mark.torch


def test_a_model_whose_control_flow_depends_on_data_is_one_layer() -> None:
    model, x = Function(data_dependent), torch.ones(2, 4)
    graph = trace_model(model, x)
    assert graph.layer_count == 1
    assert list(graph.atomic) == ["Function"]
    assert "symbolically traced variables cannot be used" in graph.atomic["Function"]
    for output in cut_everywhere(graph, x):
        same(output, model(x.clone()))


@pytest.mark.parametrize("function", NOT_FOR_FX)
def test_a_part_that_cannot_be_traced_is_one_layer(function: Callable[..., Any]) -> None:
    part = nn.Sequential(nn.Linear(4, 4), Function(function))
    model, x = alone_with_what_depends_on_data(part), torch.ones(2, 4)
    graph = trace_model(model, x)
    assert sorted(graph.atomic) == ["1.1", "3"]
    assert NOT_FOR_FX[function] in graph.atomic["1.1"]
    assert [node.name for node in graph.layers] == ["_0", "_1_0", "_1_1", "_2", "_3"]
    for output in cut_everywhere(graph, x):
        same(output, model(x.clone()))


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_a_part_in_torchscript_is_one_layer() -> None:
    scripted = torch.jit.script(nn.Sequential(nn.Linear(4, 4), nn.ReLU()))
    model = nn.Sequential(scripted, Function(change_a_view), Function(data_dependent))
    graph, x = trace_model(model, torch.ones(2, 4)), torch.ones(2, 4)
    assert graph.atomic
    for output in cut_everywhere(graph, x):
        same(output, model(x))


def test_a_wrong_trace_is_found_though_the_example_does_not_show_it() -> None:
    part = nn.Sequential(Function(add_under_another_name))
    model = nn.Sequential(part, nn.ReLU(), Function(data_dependent))
    x = torch.full((2, 4), -1.0)
    assert (model(x) == 0).all()  # with either meaning of `part`
    graph = trace_model(model, x)
    assert sorted(graph.atomic) == ["0.0", "2"]
    for output in cut_everywhere(graph, torch.ones(2, 4)):
        same(output, model(torch.ones(2, 4)))


class Experts(nn.Module):  # type: ignore[misc]  # Any, by importorskip
    """Sends each row to one of two parts: how many rows each has depends on them."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(4, 2)
        self.experts = nn.ModuleList(nn.Sequential(nn.Linear(4, 4), nn.ReLU()) for _ in range(2))

    def forward(self, x: Any) -> Any:
        chosen, result = self.gate(x).argmax(-1), torch.zeros_like(x)
        for number, expert in enumerate(self.experts):
            rows = torch.nonzero(chosen == number).squeeze(-1)
            result = result.index_add(0, rows, expert(x[rows]))
        return result


class Unusual(nn.Module):  # type: ignore[misc]  # Any, by importorskip
    """Passes a set from one part to the next."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes = Function(lambda module, x: {0, len(x)} if x.sum() < 1e9 else x)
        self.count = Function(lambda module, shapes: len(shapes) if {0} < shapes else 0)

    def forward(self, x: Any) -> Any:
        return torch.relu(x) * self.count(self.shapes(x))


@pytest.mark.parametrize(
    ("part", "reason"), [(Experts, "depends on data"), (Unusual, "a value of type set")]
)
@pytest.mark.parametrize("tokens", [False, True])
def test_a_part_whose_layers_pass_on_what_has_no_fixed_size_is_one_layer(
    part: type[Any], reason: str, tokens: bool
) -> None:
    torch.manual_seed(0)
    first = nn.Embedding(8, 4) if tokens else nn.Linear(4, 4)
    x = torch.arange(8) if tokens else torch.linspace(-2, 2, 32).reshape(8, 4)
    model = nn.Sequential(first, part())
    graph = trace_model(model, x)
    assert list(graph.atomic) == ["1"]
    assert reason in graph.atomic["1"]
    sizes = [[layout.tensors for layout in layouts_of(graph, y)] for y in (x, x.flip(0))]
    assert sizes[0] == sizes[1]
    for output in cut_everywhere(graph, x):
        same(output, model(x))


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor:UserWarning")
@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda module, x: (x.to_sparse() * 2).to_dense(), "torch.sparse_coo"),
        (lambda module, x: x.to_mkldnn().relu().to_dense(), "torch._mkldnn"),
        (
            lambda module, x: torch.quantize_per_tensor(x, 0.1, 0, torch.qint8).dequantize(),
            "quantized",
        ),
    ],
)
def test_tensors_that_are_more_than_their_numbers_do_not_cross(
    function: Callable[..., Any], reason: str
) -> None:
    model, x = nn.Sequential(Function(function), nn.ReLU()), torch.linspace(0, 3, 12).reshape(3, 4)
    graph = trace_model(model, x)
    assert graph.atomic == {"0": f"cannot tell how large a tensor is that is {reason}"}
    for output in cut_everywhere(graph, x):
        same(output, model(x))
