"""A traced model can be cut anywhere: same bits out, and exactly the counted bytes across."""

from __future__ import annotations

import functools
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch._higher_order_ops import while_loop  # noqa: E402
from torch.nn import functional  # noqa: E402

from cosim.errors import ProfileError  # noqa: E402
from cosim.models.torch import (  # noqa: E402
    LayerGraph,
    assemble_output,
    best_s,
    bind_inputs,
    count_bytes,
    measure_sizes,
    measure_times,
    run_layers,
    spread,
    trace_model,
)
from cosim.models.torch.flops import counting_flops  # noqa: E402
from cosim.models.torch.operators import operator_kind  # noqa: E402
from cosim.models.torch.values import tensors_in  # noqa: E402
from cosim.models.torch.wire import layouts_of  # noqa: E402

pytestmark = pytest.mark.torch


class Function(nn.Module):  # type: ignore[misc]  # Any, by importorskip
    """A module whose forward is a plain function."""

    def __init__(self, function: Callable[..., Any], *modules: nn.Module) -> None:
        super().__init__()
        self.function = function
        self.parts = nn.ModuleList(modules)

    def forward(self, x: Any) -> Any:
        return self.function(self, x)


def cut_everywhere(graph: LayerGraph, x: Any) -> list[Any]:
    """Run the model in two parts, for every boundary between them."""
    outputs = []
    with torch.no_grad():
        for boundary in range(graph.layer_count + 1):
            crossing = run_layers(graph, 0, boundary, bind_inputs(graph, x))
            sent = {name: send(value) for name, value in crossing.items()}
            rest = run_layers(graph, boundary, graph.layer_count, sent)
            outputs.append(assemble_output(graph, rest))
    return outputs


def send(value: Any) -> Any:
    """Copy a value as a network would: no storage stays shared."""
    return value.clone() if isinstance(value, torch.Tensor) else value


def same(one: Any, other: Any) -> None:
    torch.testing.assert_close(one, other, rtol=0, atol=0)


def add_in_place(module: Any, x: Any) -> Any:
    y = module.parts[0](x)
    y += x
    return y.sigmoid() + y


def relu_in_place_twice(module: Any, x: Any) -> Any:
    y = module.parts[0](x)
    return module.parts[1](y) + y  # the ReLU changed y


def methods_in_place(module: Any, x: Any) -> Any:
    return x.mul(3).add_(1).relu_().clamp_(max=2.0)


def functions_in_place(module: Any, x: Any) -> Any:
    return functional.relu_(torch.sigmoid_(functional.hardswish(x + 1, inplace=True)) - 0.6)


def count_in_place(module: Any, x: Any) -> Any:
    rows = x.size(0)
    whole = rows
    rows += 1
    return x.reshape(whole, -1) * rows


def branches(module: Any, x: Any) -> Any:
    a, b = torch.split(module.parts[0](x), 2, dim=1)
    return {"sum": a + b, "parts": (a, torch.cat([b, x], dim=1))}


def own_parameter(module: Any, x: Any) -> Any:
    return functional.linear(x, module.parts[0].weight) + module.parts[0].bias


def items_by_name(module: Any, x: Any) -> Any:
    """What ``max`` gives is still asked by name behind a cut; a device and a type are no bytes."""
    most = x.max(dim=1, keepdim=True)
    plain = module.parts[0](x)
    steps = torch.arange(4, device=plain.device, dtype=plain.dtype)
    return plain * most.values + most.indices * steps


def left_out(module: Any, x: Any, mask: Any = None, *rest: Any, twice: bool = True) -> Any:
    y = module.parts[0](x) if mask is None else x * mask
    return (y + y if twice else y, *rest)


class LeftOut(Function):
    """Takes more than it is given."""

    def forward(self, x: Any, mask: Any = None, *rest: Any, twice: bool = True, **more: Any) -> Any:
        return left_out(self, x, mask, *rest, twice=twice, **more)


def checked(forward: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator that hides what a function takes from who reads its code."""

    @functools.wraps(forward)
    def wrapper(*args: Any, **more: Any) -> Any:
        return forward(*args, **more)

    return wrapper


class Decorated(Function):
    """Takes arguments by name through a decorator, as models of Hugging Face do."""

    @checked
    def forward(self, x: Any, mask: Any = None, **more: Any) -> Any:
        return self.function(self, x if mask is None else x * mask) * more.get("times", 2)


class AnyNumber(Function):
    """Takes any number of inputs."""

    def forward(self, *inputs: Any) -> Any:
        return self.function(self, *inputs)


CASES = {
    "items by name": Function(items_by_name, nn.Linear(4, 4)),
    "decorated": Decorated(own_parameter, nn.Linear(4, 4)),
    "any number": AnyNumber(own_parameter, nn.Linear(4, 4)),
    "arguments left out": LeftOut(left_out, nn.Linear(4, 4)),
    "add in place": Function(add_in_place, nn.Linear(4, 4)),
    "relu in place": Function(relu_in_place_twice, nn.Linear(4, 4), nn.ReLU(inplace=True)),
    "methods in place": Function(methods_in_place),
    "functions in place": Function(functions_in_place),
    "integer in place": Function(count_in_place),
    "several outputs": Function(branches, nn.Linear(4, 4)),
    "own parameter": Function(own_parameter, nn.Linear(4, 5)),
}


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


def data_dependent(module: Any, x: Any) -> Any:
    return x + 1 if x.sum() > 0 else x


def add_under_another_name(module: Any, x: Any) -> Any:
    y = x * 2
    z = y
    y += x
    return z.sigmoid() + y


def set_item(module: Any, x: Any) -> Any:
    y = x * 2
    y[0] = 1.0
    return y


def fill(module: Any, x: Any) -> Any:
    return (x * 2).zero_()


def change_a_view(module: Any, x: Any) -> Any:
    y = x * 2
    y.view(-1).add_(1.0)
    return y


def turned(module: Any, x: Any) -> Any:
    return x.transpose(0, 1).add_(1.0)


NOT_FOR_FX = {
    set_item: "does not support item assignment",
    add_under_another_name: "its trace computes something else",
    fill: "changes a tensor in place",
    change_a_view: "its trace computes something else",
}


def alone_with_what_depends_on_data(part: Any) -> Any:
    """A model that torch.export cannot trace, so that torch.fx has to find what it cannot."""
    return nn.Sequential(nn.Linear(4, 4), part, nn.ReLU(), Function(data_dependent))


def test_a_model_whose_control_flow_depends_on_data_is_one_layer() -> None:
    model, x = Function(data_dependent), torch.ones(2, 4)
    graph = trace_model(model, x)
    assert graph.layer_count == 1
    assert list(graph.atomic) == ["Function"]
    assert "symbolically traced variables cannot be used" in graph.atomic["Function"]
    for output in cut_everywhere(graph, x):
        same(output, model(x.clone()))


def test_torch_does_not_print_the_graph_of_a_trace_that_failed(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("torch.fx.experimental.symbolic_shapes").addHandler(caplog.handler)
    assert trace_model(alone_with_what_depends_on_data(nn.ReLU()), torch.ones(2, 4)).atomic
    logging.getLogger("torch.fx.experimental.symbolic_shapes").removeHandler(caplog.handler)
    assert capfd.readouterr() == ("", "")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert logging.root.isEnabledFor(logging.ERROR)


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


def positions(module: Any, x: Any) -> Any:
    """As in a transformer: its code asks how long the input is."""
    _, width = x.shape
    if width > 3:
        x = x + torch.arange(width)
    return (module.parts[0](x) + torch.ones(x.size(0), 1)) * len(x)


class Answer(OrderedDict[str, Any]):
    """What a model gives, by name, as with models of Hugging Face."""


torch.utils._pytree.register_pytree_node(
    Answer, lambda a: (list(a.values()), list(a)), lambda v, k: Answer(zip(k, v, strict=True))
)


def answers(module: Any, x: Any) -> Any:
    most, index = module.parts[0](x).max(dim=1)
    return Answer(most=most, index=[index, *x.unbind(0)][: len(x)])


class Counting(nn.Module):  # type: ignore[misc]  # Any, by importorskip
    """Counts its calls, on which what it gives does not depend."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))
        self.parts = nn.ModuleList([nn.Linear(4, 4)])

    def forward(self, x: Any) -> Any:
        self.calls += 1
        return positions(self, x) * self.calls.sign()


def into_a_view(module: Any, x: Any) -> Any:
    """torch.fx sees neither that this changes `row` nor that it is a view of `y`."""
    y = x * 2
    row = y[0]
    torch.sigmoid(row, out=row)
    return y + 1


EXPORTED = {
    "into a view": Function(into_a_view),
    "counting": Counting(),
    "shape": Function(positions, nn.Linear(4, 4)),
    "answer": Function(answers, nn.Linear(4, 4)),
    "decorated": Decorated(positions, nn.Linear(4, 4)),
    **{function.__name__: Function(function) for function in NOT_FOR_FX},
    "turned": Function(lambda module, x: turned(module, x) + len(x.unbind(0))),
}


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


def test_sizes_and_flops_of_a_small_model() -> None:
    model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(inplace=True), nn.Flatten())
    x = torch.zeros(1, 3, 4, 4)
    sizes = measure_sizes(trace_model(model, x), x)
    assert sizes.flops.tolist() == [2 * 8 * 3 * 9 * 16, 0, 0]
    assert sizes.param_bytes.tolist() == [4 * (8 * 3 * 9 + 8), 0, 0]
    assert sizes.output_bytes.tolist() == [4 * 8 * 16] * 3
    assert sizes.live_bytes.tolist() == [4 * 48, *[4 * 8 * 16] * 3]


LENGTH, WIDTH, HIDDEN = 5, 8, 16
PROJECTIONS = 4 * 2 * LENGTH * WIDTH**2  # query, key, value, output
ATTENTION = 2 * 2 * LENGTH**2 * WIDTH  # scores, and the sum weighted by them
FEED_FORWARD = 2 * 2 * LENGTH * WIDTH * HIDDEN


def repeat(module: Any, x: Any) -> Any:
    def body(count: Any, x: Any) -> Any:
        return count + 1, module.parts[0](x)

    return while_loop(lambda count, x: count < 3, body, (torch.tensor(0), x))[1]


def choose(module: Any, x: Any) -> Any:
    return torch.cond(x.mean() < 1, module.parts[0], torch.sigmoid, (x,))


FUSED = {
    "graph that is called in a loop": (
        lambda: Function(repeat, nn.Linear(WIDTH, WIDTH)),
        3 * 2 * LENGTH * WIDTH**2,
    ),
    "graph that is chosen": (
        lambda: Function(choose, nn.Linear(WIDTH, WIDTH)),
        2 * LENGTH * WIDTH**2,
    ),
    "gradient": (
        lambda: Function(lambda module, x: torch.func.grad(lambda y: (y @ y.mT).sum())(x)),
        3 * 2 * LENGTH**2 * WIDTH,
    ),
    "lstm": (
        lambda: nn.LSTM(WIDTH, HIDDEN, batch_first=True),
        2 * LENGTH * 4 * HIDDEN * (WIDTH + HIDDEN),
    ),
    "attention": (
        lambda: Function(lambda module, x: functional.scaled_dot_product_attention(x, x, x)),
        ATTENTION,
    ),
    "transformer block": (
        lambda: nn.TransformerEncoderLayer(WIDTH, 2, HIDDEN, batch_first=True),
        PROJECTIONS + ATTENTION + FEED_FORWARD,
    ),
    "learned query": (
        lambda: LearnedQuery(nn.MultiheadAttention(WIDTH, 2, batch_first=True)),
        PROJECTIONS - 2 * 2 * (LENGTH - 1) * WIDTH**2 + ATTENTION // LENGTH,
    ),
    "matrix and vector": (
        lambda: Function(lambda module, x: x[0] @ torch.ones(WIDTH)),
        2 * LENGTH * WIDTH,
    ),
}


class LearnedQuery(nn.Module):  # type: ignore[misc]  # Any, by importorskip
    """Calls a module on a parameter."""

    def __init__(self, attention: nn.Module) -> None:
        super().__init__()
        self.attention = attention
        self.query = nn.Parameter(torch.ones(1, 1, WIDTH))

    def forward(self, x: Any) -> Any:
        return self.attention(self.query, x, x)[0]


@pytest.mark.parametrize("name", FUSED)
def test_flops_of_what_pytorch_does_in_one_call_are_counted(name: str) -> None:
    build, flops = FUSED[name]
    x = torch.zeros(1, LENGTH, WIDTH)
    before = torch.backends.mha.get_fastpath_enabled()
    assert measure_sizes(trace_model(build(), x), x).flops.sum() == flops
    assert torch.backends.mha.get_fastpath_enabled() == before


@pytest.mark.parametrize(
    ("layers", "mode"),
    [
        (nn.LSTM(10, 20, num_layers=2, batch_first=True, bidirectional=True), 2),
        (nn.GRU(10, 20, batch_first=True), 3),
    ],
)
def test_cudnns_recurrent_layers_have_the_flops_of_the_cpus(layers: Any, mode: int) -> None:
    """On tensors without numbers: cuDNN is nowhere but on a GPU."""
    x = torch.ones(3, 5, 10)
    with counting_flops() as here:
        layers.eval()(x)
    state = torch.ones(layers.num_layers * (1 + layers.bidirectional), 3, 20, device="meta")
    weights = [parameter.to("meta") for parameter in layers.parameters()]
    sizes = 20, 0, layers.num_layers
    with counting_flops() as there:
        torch.ops.aten._cudnn_rnn(
            *(x.to("meta"), weights, 4, None, state, state if mode == 2 else None, mode, *sizes),
            *(True, 0.0, False, layers.bidirectional, [], None),
        )
    assert there.get_total_flops() == here.get_total_flops() > 0


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


def test_only_what_has_a_size_can_cross() -> None:
    assert count_bytes((torch.zeros(3), 2, [1.0, None])) == 12 + 3 * 8
    assert count_bytes({"type": torch.float32, "device": torch.device("cpu")}) == 0
    with pytest.raises(ProfileError, match="of type set"):
        count_bytes({1, 2})


def odd_values(module: Any, x: Any) -> Any:
    whole = x.t()  # a transposed view
    wide = x[:1].expand(5, 4)  # one row in memory
    rows, scale = x.size(0), 0.5
    later = {"half": whole.to(torch.bfloat16), "mask": x > 0, "none": None}
    parts = torch.chunk(wide, 2, dim=1)
    return whole * scale + rows, parts[0] + parts[1], later["half"], later["mask"]


class Named(OrderedDict[str, Any]):
    """A dict whose items are attributes too, as models of Hugging Face return."""

    def __init__(self, spectrum: Any) -> None:
        super().__init__(spectrum=spectrum)

    def __getattr__(self, name: str) -> Any:
        return self[name]


def opaque(module: Any, x: Any) -> Any:
    return Named(spectrum=torch.fft.fft(x)) if x.sum() < 1e9 else x


def conjugated(module: Any, x: Any) -> Any:
    """Conjugates and negatives that torch has put off, of what one part gives by name."""
    other = module.parts[0](x).spectrum.conj()
    return other.imag * 2, other


@pytest.mark.parametrize("name", ["odd", "conjugated", *CASES, *EXPORTED])
def test_values_come_back_from_their_bytes_with_their_layout(name: str) -> None:
    others = {
        "odd": Function(odd_values),
        "conjugated": Function(conjugated, Function(opaque)),
    }
    model = (others | CASES | EXPORTED)[name]
    x = torch.linspace(-2, 2, 12).reshape(3, 4)
    graph = trace_model(model, x)
    layouts = layouts_of(graph, x)
    sizes = measure_sizes(graph, x).live_bytes
    values = bind_inputs(graph, x)
    for boundary in range(graph.layer_count + 1):
        parts = layouts[boundary].pack(values)
        assert [len(part) for part in parts] == [t.nbytes for t in layouts[boundary].tensors]
        assert sum(map(len, parts)) == sizes[boundary]
        back = layouts[boundary].unpack(parts)
        same(list(tensors_in(back)), list(tensors_in(values)))
        assert [t.stride() for t in tensors_in(back)] == [t.stride() for t in tensors_in(values)]
        if boundary < graph.layer_count:
            values = run_layers(graph, boundary, boundary + 1, back)
    same(assemble_output(graph, values), model(x.clone()))
