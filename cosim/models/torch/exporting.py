"""Tracing a whole model with torch.export, for what torch.fx cannot trace.

torch.fx runs a model's ``forward`` on symbols that have no shape, so that it fails on
``torch.arange(x.shape[1])``, on ``if x.shape[1] > n`` and on most models of Hugging Face.
torch.export runs it on tensors that have a shape and a type and no numbers: only control flow that
depends on data stops it. A profile is of one shape of inputs, as such a trace is.
"""

from __future__ import annotations

import io
import logging
import operator
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from typing import Any

import torch
from torch import fx, nn
from torch._ops import OpOverload

from cosim.models.torch.tracing import UntraceableError


def export_model(model: nn.Module, example: tuple[torch.Tensor, ...]) -> fx.GraphModule:
    """Trace `model` into operators of torch, none of which changes its input.

    What torch.export or the model's code raises, run on such tensors, is not caught.

    Raises
    ------
    UntraceableError
        An operator changes its input and has no other form.
    """
    with torch.no_grad(), _quietly():
        program = torch.export.export(model, example, strict=False)
        if _changes_inputs(program.graph_module):
            # None then does, views regarded.
            program = program.run_decompositions({torch.ops.aten.copy.default: _copied})
        traced: fx.GraphModule = program.module()
    if _changes_inputs(program.graph_module):
        raise UntraceableError("", "an operator changes its input")
    _fold_constants(traced)
    for node in reversed(list(traced.graph.nodes)):
        if not node.users and node.op not in {"placeholder", "output"}:  # asserts, too
            traced.graph.erase_node(node)
    _name_after_modules(traced.graph)
    traced.recompile()
    return traced


def _copied(tensor: torch.Tensor, source: torch.Tensor, *_: bool) -> Any:
    """`aten.copy`, of which torch has no gradient, by operators of which it has one."""
    if not tensor.is_contiguous():
        return NotImplemented  # only `aten.copy` itself keeps other strides
    return source.to(tensor).expand(tensor.shape).clone(memory_format=torch.contiguous_format)


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep from the user what torch warns of about itself, and the graph of a trace that failed."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _changes_inputs(traced: fx.GraphModule) -> bool:
    """Whether an operator does, also of a graph that another calls."""
    graphs = [part.graph for part in traced.modules() if isinstance(part, fx.GraphModule)]
    targets = [node.target for graph in graphs for node in graph.nodes]
    return any(isinstance(op, OpOverload) and op._schema.is_mutable for op in targets)


def _fold_constants(traced: fx.GraphModule) -> None:
    """Make constants of what depends on neither inputs nor parameters, as torch.fx does.

    Masks and positions then are at hand on every machine, as buffers are.
    """
    values: dict[fx.Node, Any] = {}
    for node in traced.graph.nodes:
        if node.op == "get_attr":
            value = operator.attrgetter(node.target)(traced)
            if type(value) is torch.Tensor:  # a buffer, and no parameter
                values[node] = value
        elif node.op != "call_function" or not node.users:  # an assertion, a buffer's new value
            continue
        elif all(used in values for used in node.all_input_nodes):
            with torch.no_grad():
                args, kwargs = fx.map_arg((node.args, node.kwargs), values.__getitem__)
                values[node] = node.target(*args, **kwargs)
    for node, value in values.items():
        if node.op == "call_function" and isinstance(value, torch.Tensor):
            traced.register_buffer(f"constant_{node.name}", value)
            with traced.graph.inserting_before(node):
                node.replace_all_uses_with(traced.graph.get_attr(f"constant_{node.name}"))


def _name_after_modules(graph: fx.Graph) -> None:
    """Put the module that calls an operator before its name, as torch.fx does."""
    taken = {node.name for node in graph.nodes}
    for node in graph.nodes:
        stack = list(node.meta.get("nn_module_stack", {}).values())
        path = re.sub(r"\W|^(?=\d)", "_", stack[-1][0]) if stack else ""
        name = f"{path}_{node.name}"
        if path and node.op == "call_function" and name not in taken:
            taken.add(name)
            node.name = name
