"""Rewriting a traced graph so that no layer changes its input.

A cut may fall between a tensor's first and last use, so every value must stay what it was when it
was computed. ``ReLU(inplace=True)`` and ``add_`` break that, and are replaced by their plain forms;
a later use of the changed tensor becomes a use of the result. ``out += identity``, as in ResNet, is
already a plain addition in a torch.fx trace; where a model relies on its changing a tensor that it
still holds under another name, or on changing a view, the trace computes something else, which
`trace_model` finds.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import fx, nn


def make_functional(traced: fx.GraphModule) -> None:
    """Replace the in-place operations of `traced`, and clear its modules' ``inplace`` flags."""
    order = {node: index for index, node in enumerate(traced.graph.nodes)}
    for node in traced.graph.nodes:
        if not _make_node_functional(traced, node):
            continue
        changed = node.all_input_nodes[0]
        for user in [user for user in changed.users if order[user] > order[node]]:
            user.replace_input_with(changed, node)
    for module in traced.modules():
        if getattr(module, "inplace", False) is True:
            flagged: Any = module
            flagged.inplace = False
    traced.recompile()


def _make_node_functional(traced: fx.GraphModule, node: fx.Node) -> bool:
    """Give the node its plain form; tell whether it was an in-place one."""
    if node.op == "call_module":
        return getattr(traced.get_submodule(str(node.target)), "inplace", False) is True
    if node.op == "call_method":
        plain_name = _without_underscore(str(node.target))
        if plain_name is None:
            return False
        if not hasattr(torch.Tensor, plain_name):
            raise NoPlainFormError(node)
        node.target = plain_name
        return True
    return node.op == "call_function" and _make_call_functional(node)


def _make_call_functional(node: fx.Node) -> bool:
    if node.kwargs.get("inplace") is True:
        node.kwargs = {**node.kwargs, "inplace": False}
        return True
    plain_name = _without_underscore(getattr(node.target, "__name__", ""))
    if plain_name is None:
        return False
    for namespace in (torch, nn.functional):
        if hasattr(namespace, plain_name):
            node.target = getattr(namespace, plain_name)
            return True
    raise NoPlainFormError(node)


def _without_underscore(name: str) -> str | None:
    """Name of the plain form of an in-place method, after torch's naming rule; None if plain."""
    return name[:-1] if name.endswith("_") and not name.endswith("__") else None


class NoPlainFormError(Exception):
    """An operation changes a tensor in place, and has no other form; `path` is of its module."""

    def __init__(self, node: fx.Node) -> None:
        super().__init__(
            f"'{node.name}' ({node.target}) changes a tensor in place and has no plain form"
        )
        stack = list(node.meta.get("nn_module_stack", {}).values())
        self.path = str(stack[-1][0]) if stack else ""
