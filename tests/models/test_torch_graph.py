"""A traced model can be cut anywhere: same bits out, and nothing across that is not needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402
from traced_models import CASES, Function, cut_everywhere, same  # noqa: E402

from cosim.errors import ProfileError  # noqa: E402
from cosim.models.torch import assemble_output, bind_inputs, run_layers, trace_model  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("name", CASES)
def test_a_model_can_be_cut_anywhere(name: str) -> None:
    model, x = CASES[name], torch.linspace(-2, 2, 12).reshape(3, 4)
    before = x.clone()
    graph = trace_model(model, x)
    assert not graph.atomic
    with torch.no_grad():
        expected = model(x.clone())
    for output in cut_everywhere(graph, x):
        same(output, expected)
    same(x, before)


def test_tracing_leaves_the_model_as_it_was() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True)).train()
    trace_model(model, torch.ones(1, 4))
    assert model.training
    assert model[1].inplace


def take_gradient(module: Any, x: Any) -> Any:
    """As a model of forces, which are the gradient of an energy."""
    with torch.enable_grad():
        place = x.detach().requires_grad_()
        return torch.autograd.grad(place.pow(2).sum(), place)[0]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (take_gradient, "does not run on inputs of shape \\(2, 4\\): RuntimeError: .* grad"),
        (lambda module, x: x, "it has no operation"),
        (lambda module, x: torch.rand_like(x), "does not do the same twice"),
        (lambda module, x: x.reshape(3, 5), "does not run on inputs of shape \\(2, 4\\)"),
        (lambda module, x: {1, 2}, "its output: cannot tell how large a value of type set is"),
    ],
)
def test_what_is_no_model_is_refused(function: Callable[..., Any], message: str) -> None:
    with pytest.raises(ProfileError, match=message):
        trace_model(Function(function), torch.ones(2, 4))


class Counter(torch.nn.Module):
    """Gives something else at each call."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x: Any) -> Any:
        self.calls += 1
        return x * self.calls


def test_a_model_that_counts_its_calls_is_refused() -> None:
    model = Counter()
    with pytest.raises(ProfileError, match="does not do the same twice"):
        trace_model(model, torch.ones(2, 4))
    assert model.calls == 0, "it is left as it is"


Recipe = list[tuple[str, int, int]]


recipes: st.SearchStrategy[Recipe] = st.lists(
    st.tuples(st.sampled_from(["add", "add_", "relu", "cat"]), st.integers(0), st.integers(0)),
    min_size=1,
    max_size=12,
)


def cook(recipe: Recipe) -> Callable[..., Any]:
    """A random graph: each step uses two earlier values."""

    def forward(module: Any, x: Any) -> Any:
        values = [x * 1.5]
        for kind, first, second in recipe:
            a, b = values[first % len(values)], values[second % len(values)]
            if kind == "add_":
                values.append(a.add_(b.mean()))
            else:
                values.append(torch.cat([a, b])[:3] if kind == "cat" else plain(kind, a, b))
        return values[-1], values[len(values) // 2]

    return forward


def plain(kind: str, a: Any, b: Any) -> Any:
    return a + b if kind == "add" else functional.relu(a - 1)


@settings(max_examples=60, deadline=None)
@given(recipes)
def test_random_graphs_can_be_cut_anywhere(recipe: Recipe) -> None:
    x = torch.linspace(-1, 1, 6, dtype=torch.float64).reshape(3, 2)
    model = Function(cook(recipe))
    graph = trace_model(model, x)
    expected = model(x.clone())
    for output in cut_everywhere(graph, x):
        same(output, expected)


@settings(max_examples=40, deadline=None)
@given(recipes)
def test_nothing_crosses_that_is_not_needed(recipe: Recipe) -> None:
    x = torch.linspace(-1, 1, 6).reshape(3, 2)
    graph = trace_model(Function(cook(recipe)), x)
    for boundary in range(graph.layer_count + 1):
        crossing = run_layers(graph, 0, boundary, bind_inputs(graph, x))
        for name in crossing:
            poorer = {key: value for key, value in crossing.items() if key != name}
            with pytest.raises(KeyError):
                assemble_output(graph, run_layers(graph, boundary, graph.layer_count, poorer))
