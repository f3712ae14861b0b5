"""Small models, each with something that is hard to trace, and how to cut one."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from cosim.models.torch import LayerGraph, assemble_output, bind_inputs, run_layers  # noqa: E402


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
