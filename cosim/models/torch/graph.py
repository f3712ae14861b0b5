"""A torch model as a line of layers that can be cut at every boundary.

A *layer* is one operation of the model's trace: a call of a leaf module (``conv1``), of a function
(an addition, ``torch.flatten``) or of a method. They are taken in execution order. What crosses
boundary b is every value computed by layers 1..b, or given as input, that a later layer or the
output uses.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import torch
from torch import fx, nn

from cosim.errors import ProfileError
from cosim.models.torch.exporting import export_model
from cosim.models.torch.tracing import call_whole, find_wrong_parts, reason_of, trace_parts
from cosim.models.torch.values import count_bytes, is_plain, map_tensors, tensors_in

_DRAWN_SAMPLES: Final = (
    8  # besides the example: what hides one in sixteen faults hides none of them
)


class _Sample(NamedTuple):
    """Inputs of the model, and what the untouched model makes of them."""

    inputs: tuple[torch.Tensor, ...]
    output: Any


@dataclass(frozen=True, eq=False)
class LayerGraph:
    """A traced model.

    Attributes
    ----------
    module
        The traced model; none of its operations changes its input.
    inputs
        Names of the inputs, in the order of the model's arguments.
    layers
        The L operations in execution order.
    live
        For each boundary 0..L the names of the values that cross it, in the order they came to be;
        at L, what the output is made of.
    atomic
        Why a part of the model is one layer although it has layers of its own, by its name.
    tracer
        ``torch.fx`` or ``torch.export``.
    """

    module: fx.GraphModule
    inputs: tuple[str, ...]
    layers: tuple[fx.Node, ...]
    live: tuple[tuple[str, ...], ...]
    atomic: Mapping[str, str] = field(default_factory=dict)
    tracer: str = "torch.fx"

    @property
    def layer_count(self) -> int:
        """Number of layers, L."""
        return len(self.layers)


def trace_model(model: nn.Module, *example: torch.Tensor) -> LayerGraph:
    """Trace `model`, which is left as it is, and check the trace bit by bit.

    It is checked on the example inputs and on others of their shapes. torch.fx traces it; where a
    part is left that it cannot trace, torch.export traces the whole. If neither can (the part's
    control flow depends on data, say), or the part's layers pass on what cannot be sent, it is one
    layer; the graph's `atomic` names it and tells why.

    Raises
    ------
    ProfileError
        The model does not run on these inputs, has no operation, or does not do the same twice.
    """
    _check_repeats(model, example)
    samples = _samples(model, example)
    graph = _trace_in_parts(model, samples)
    return (_export(model, samples) or graph) if graph.atomic else graph


def _trace_in_parts(model: nn.Module, samples: Sequence[_Sample]) -> LayerGraph:
    """Trace with torch.fx; what it cannot trace is one layer."""
    example = samples[0].inputs
    atomic: dict[str, str] = {}
    while True:
        traced, more = trace_parts(copy.deepcopy(model).eval(), example, set(atomic))
        graph = _line_up(traced, atomic | more)
        if _difference(graph, samples) is None:
            wrong = _parts_that_cannot_be_cut(graph, samples)
            if not wrong:
                return graph
        else:
            wrong = dict(find_wrong_parts(copy.deepcopy(model).eval(), example))
        wider = _outermost(atomic | wrong)
        if "" in wrong or wider.keys() == atomic.keys():
            return _take_whole(model, samples, wrong.get("", "its trace computes something else"))
        atomic = wider


def _export(model: nn.Module, samples: Sequence[_Sample]) -> LayerGraph | None:
    """Trace with torch.export; None where it cannot, or where the trace cannot be cut."""
    try:
        traced = export_model(copy.deepcopy(model).eval(), samples[0].inputs)
        graph = _line_up(traced, {}, "torch.export")
    except Exception:  # the user's code, run on tensors without numbers, may raise anything
        return None
    same = _difference(graph, samples) is None
    return graph if same and not _parts_that_cannot_be_cut(graph, samples) else None


def run_layers(
    graph: LayerGraph, start: int, stop: int, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Run layers ``start+1 .. stop`` on the values live at boundary `start`.

    Returns the values live at boundary `stop`: all that a machine that runs the rest needs.
    """
    known = dict(values)
    for boundary in range(start + 1, stop + 1):
        node = graph.layers[boundary - 1]
        known[node.name] = bind_call(graph, node, known)()
        known = {name: known[name] for name in graph.live[boundary]}
    return known


def bind_inputs(graph: LayerGraph, *inputs: torch.Tensor) -> dict[str, Any]:
    """Turn the model's arguments into the values live at boundary 0."""
    given = dict(zip(graph.inputs, inputs, strict=True))
    return {name: given[name] for name in graph.live[0]}


def assemble_output(graph: LayerGraph, values: Mapping[str, Any]) -> Any:
    """Make the model's output of the values live at boundary L."""
    (output,) = graph.module.graph.find_nodes(op="output")
    made = _resolve(graph.module, output.args[0], values)
    return graph.module.graph.process_outputs(made)  # torch.export has them in a row


def bind_call(graph: LayerGraph, node: fx.Node, values: Mapping[str, Any]) -> Callable[[], Any]:
    """Prepare the call of one layer, so that nothing but the call itself is timed."""
    args = _resolve(graph.module, node.args, values)
    kwargs = _resolve(graph.module, node.kwargs, values)
    if node.op == "call_module":
        function: Callable[..., Any] = graph.module.get_submodule(str(node.target))
    elif node.op == "call_method":
        owner, *args = args
        function = getattr(owner, str(node.target))
    else:
        assert callable(node.target)
        function = node.target
    return lambda: function(*args, **kwargs)


def parameters_of(graph: LayerGraph, node: fx.Node) -> list[nn.Parameter]:
    """Parameters that a layer uses: its module's, and those that it takes as arguments."""
    found: list[nn.Parameter] = []
    if node.op == "call_module":
        found += graph.module.get_submodule(str(node.target)).parameters()
    for argument in node.all_input_nodes:
        if argument.op == "get_attr":
            value = _attribute(graph.module, str(argument.target))
            found += [value] if isinstance(value, nn.Parameter) else []
    return found


def _resolve(module: nn.Module, argument: Any, values: Mapping[str, Any]) -> Any:
    """Put values in the place of nodes; parameters and buffers are at hand on every machine."""
    return fx.map_arg(
        argument,
        lambda node: (
            _attribute(module, str(node.target)) if node.op == "get_attr" else values[node.name]
        ),
    )


def _attribute(module: nn.Module, path: str) -> Any:
    owner: Any = module
    for name in path.split("."):
        owner = getattr(owner, name)
    return owner


def _take_whole(model: nn.Module, samples: Sequence[_Sample], reason: str) -> LayerGraph:
    traced = call_whole(copy.deepcopy(model).eval(), len(samples[0].inputs))
    graph = _line_up(traced, {type(model).__name__: reason})
    difference = _difference(graph, samples)
    if difference is not None:
        raise ProfileError(f"cannot trace the model: it does not do the same twice: {difference}")
    return graph


def _line_up(
    traced: fx.GraphModule, atomic: Mapping[str, str], tracer: str = "torch.fx"
) -> LayerGraph:
    """Order the operations and find what is live at each boundary."""
    nodes = list(traced.graph.nodes)
    inputs = [node for node in nodes if node.op == "placeholder"]
    layers = [node for node in nodes if node.op in {"call_module", "call_function", "call_method"}]
    if not layers:
        raise ProfileError("cannot trace the model: it has no operation")
    made_at = dict.fromkeys(inputs, 0) | {node: index for index, node in enumerate(layers, 1)}
    last_use = dict.fromkeys(made_at, 0)
    for index, node in enumerate([*layers, nodes[-1]], 1):  # the output node comes last
        last_use |= {used: index for used in node.all_input_nodes if used in made_at}
    live = tuple(
        tuple(node.name for node in made_at if made_at[node] <= boundary < last_use[node])
        for boundary in range(len(layers) + 1)
    )
    return LayerGraph(
        module=traced,
        inputs=tuple(node.name for node in inputs),
        layers=tuple(layers),
        live=live,
        atomic=dict(atomic),
        tracer=tracer,
    )


def _parts_that_cannot_be_cut(graph: LayerGraph, samples: Sequence[_Sample]) -> dict[str, str]:
    """Modules between whose layers something passes that has no fixed size, and why.

    The model itself is ``""``.
    """
    crossing = {name for names in graph.live[1:-1] for name in names}
    sizes: dict[str, Any] = {}
    found: dict[str, str] = {}
    for inputs, _ in samples:
        values: Mapping[str, Any] = bind_inputs(graph, *(tensor.clone() for tensor in inputs))
        for boundary, node in enumerate(graph.layers):
            with torch.no_grad():
                values = run_layers(graph, boundary, boundary + 1, values)
            if node.name not in crossing:
                continue
            try:
                size = _size_of(values[node.name])
            except ProfileError as error:
                found.setdefault(_owner(node), error.message)
                continue
            if sizes.setdefault(node.name, size) != size:
                found.setdefault(_owner(node), "how much its layers pass on depends on data")
    return found


def _size_of(value: Any) -> tuple[int, list[torch.Size]]:
    return count_bytes(value), [tensor.shape for tensor in tensors_in(value)]


def _owner(node: fx.Node) -> str:
    """Name of the module whose ``forward`` has the operation; ``""`` for the model's own."""
    stack = [str(path) for path, _ in node.meta.get("nn_module_stack", {}).values()]
    return (["", *stack[:-1]] if node.op == "call_module" else ["", *stack])[-1]


def _outermost(parts: Mapping[str, str]) -> dict[str, str]:
    """Without those that are inside of another."""
    return {
        path: reason
        for path, reason in parts.items()
        if not any(path.startswith(f"{other}.") for other in parts)
    }


def _check_repeats(model: nn.Module, example: tuple[torch.Tensor, ...]) -> None:
    """Refuse a model that keeps something from one call to the next, or draws by chance."""
    try:
        same = copy.deepcopy(model)
    except Exception as error:  # tensors that are computed cannot be, nor what the user forbids
        raise ProfileError(f"the model cannot be copied: {reason_of(error)}") from error
    first = copy.deepcopy(_run(same, example))  # it may change what it has given out
    try:
        _size_of(first)
    except ProfileError as error:
        raise ProfileError(
            f"cannot split the model: its output: {error.message}",
            hint="it must give tensors and numbers, or tuples, lists and dicts of them; a decoder"
            " of Hugging Face does with use_cache=False in its configuration",
        ) from error
    with torch.inference_mode():  # as it will be timed
        difference = _difference_of(_run(same, example), first)
    if difference is not None:
        raise ProfileError(
            f"cannot split the model: it does not do the same twice: {difference}",
            hint="what it gives must depend on nothing but its inputs and parameters",
        )


def _samples(model: nn.Module, example: tuple[torch.Tensor, ...]) -> list[_Sample]:
    """Outputs of the untouched model: for the example, and for inputs drawn anew.

    On one input alone, what a part does wrong may not show: where a ReLU behind it gives 0, say.
    """
    samples = [_Sample(example, _run(copy.deepcopy(model), example))]
    for seed in range(_DRAWN_SAMPLES):
        inputs = tuple(_drawn_like(tensor, seed) for tensor in example)
        with contextlib.suppress(ProfileError):  # not every model takes any number
            samples.append(_Sample(inputs, _run(copy.deepcopy(model), inputs)))
    return samples


def _drawn_like(tensor: torch.Tensor, seed: int) -> torch.Tensor:
    """Other numbers of the same kind; of integers, which may be indices, those that it has."""
    generator = torch.Generator().manual_seed(seed)
    if not tensor.is_floating_point():
        return tensor.flatten()[torch.randint(tensor.numel(), tensor.shape, generator=generator)]
    return torch.randn(tensor.shape, generator=generator).to(tensor)


def _run(model: nn.Module, example: tuple[torch.Tensor, ...]) -> Any:
    """Output of the model, as it is."""
    try:
        with torch.no_grad():
            return model.eval()(*(tensor.clone() for tensor in example))
    except Exception as error:  # the user's code may raise anything
        shapes = ", ".join(str(tuple(tensor.shape)) for tensor in example)
        problem = f"{type(error).__name__}: {error}"
        raise ProfileError(
            f"the model does not run on inputs of shape {shapes}: {problem}",
            hint="give the shapes that it takes with --input-shape, and other types with --dtype",
        ) from error


def _difference(graph: LayerGraph, samples: Sequence[_Sample]) -> str | None:
    """How the graph's output differs from what is expected; None when every bit is the same."""
    for inputs, expected in samples:
        try:
            with torch.no_grad():
                found = assemble_output(graph, _run_apart(graph, inputs))
        except Exception as error:  # the user's code, called in another way than by the user
            return reason_of(error)
        if (difference := _difference_of(found, expected)) is not None:
            return difference
    return None


def _run_apart(graph: LayerGraph, inputs: tuple[torch.Tensor, ...]) -> Mapping[str, Any]:
    """Run the graph as if it were cut at every boundary: no two values share their memory.

    A layer that changes a view of what it takes changes nothing of what came from afar.
    """
    values: dict[str, Any] = bind_inputs(graph, *(tensor.clone() for tensor in inputs))
    for boundary in range(graph.layer_count):
        values = run_layers(graph, boundary, boundary + 1, values)
        made = graph.layers[boundary].name
        if made in values:
            values[made] = map_tensors(values[made], _apart)
    return values


def _apart(tensor: torch.Tensor) -> torch.Tensor:
    """A copy with the same strides."""
    return copy.deepcopy(tensor.detach()) if is_plain(tensor) else tensor


def _difference_of(found: Any, expected: Any) -> str | None:
    """How one output differs from another; None when every bit is the same."""
    try:
        torch.testing.assert_close(found, expected, rtol=0, atol=0, equal_nan=True)
    except Exception as error:  # of outputs that cannot be compared, too
        return reason_of(error)
    return None
