"""Tracing a model with torch.fx; a part that cannot be traced becomes one operation.

What fails to trace fails inside some module's ``forward``: the innermost such module is called as a
whole instead, and the trace is tried again. A part whose trace computes something else than the
part itself (it relies on changing a tensor that it holds under two names, say) is found by running
each part on what the model feeds it with, and is treated alike.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, Final

import torch
from torch import fx, nn

from cosim.models.torch.functional import NoPlainFormError, make_functional
from cosim.models.torch.values import map_tensors

_POSITIONAL: Final = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class UntraceableError(Exception):
    """A module of the model cannot be traced; `path` is its name in the model, ``""`` the model."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(reason)
        self.path = path
        self.reason = reason


class _PartsTracer(fx.Tracer):
    """Takes the modules in `atomic` as one operation, besides torch's own.

    The model is called with `given` arguments, and those that it could take besides are left out.
    """

    def __init__(self, atomic: set[str], given: int) -> None:
        super().__init__()
        self._atomic = atomic
        self._given = given

    def create_args_for_root(
        self,
        root_fn: Callable[..., Any],
        is_module: bool,
        concrete_args: dict[str, Any] | tuple[Any, ...] | None = None,
    ) -> tuple[Any, list[Any]]:
        parameters = list(inspect.signature(root_fn).parameters.values())[1:]
        named = [p.name for p in parameters if p.kind in _POSITIONAL][: self._given]
        others = [f"input{number}" for number in range(len(named) + 1, self._given + 1)]
        given = [self.create_proxy("placeholder", name, (), {}) for name in [*named, *others]]
        return root_fn, [self.root, *given]

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        if module_qualified_name in self._atomic:
            return True
        return bool(super().is_leaf_module(m, module_qualified_name))

    def call_module(
        self,
        m: nn.Module,
        forward: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        try:
            return super().call_module(m, forward, args, kwargs)
        except UntraceableError:
            raise
        except Exception as error:  # the model's own code, run on symbols, may raise anything
            raise UntraceableError(self.path_of_module(m), reason_of(error)) from error


class _Whole(nn.Module):
    """Holds a model whose own ``forward`` cannot be traced, so that it can be called as a part."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model


def trace_parts(
    model: nn.Module, example: tuple[torch.Tensor, ...], atomic: set[str]
) -> tuple[fx.GraphModule, dict[str, str]]:
    """Trace `model`, which is changed.

    Parameters
    ----------
    atomic
        Names of modules to take as one operation from the start.

    Returns
    -------
    fx.GraphModule
        None of its operations changes its input.
    dict
        Why each module that was taken as one operation could not be traced, by name.
    """
    reasons: dict[str, str] = {}
    while True:
        try:
            return trace_plainly(model, atomic | set(reasons), len(example)), reasons
        except UntraceableError as error:
            if error.path == "" or error.path in reasons:
                reasons[error.path or type(model).__name__] = error.reason
                return call_whole(model, len(example)), reasons
            reasons[error.path] = error.reason


def trace_plainly(model: nn.Module, atomic: set[str], given: int) -> fx.GraphModule:
    """Trace `model`, called with so many arguments, the modules `atomic` as one operation each.

    Raises
    ------
    UntraceableError
    """
    try:
        traced = fx.GraphModule(model, _PartsTracer(atomic, given).trace(model))
        make_functional(traced)
    except UntraceableError:
        raise
    except NoPlainFormError as error:
        raise UntraceableError(error.path, reason_of(error)) from error
    except Exception as error:  # as above
        raise UntraceableError("", reason_of(error)) from error
    return traced


def find_wrong_parts(
    model: nn.Module, example: tuple[torch.Tensor, ...]
) -> Iterator[tuple[str, str]]:
    """Find the innermost parts whose traces compute something else than they do, and why."""
    calls = _record_calls(model, example)
    found: list[str] = []
    for path in sorted(calls, key=lambda name: -name.count(".")):
        if any(other.startswith(f"{path}.") for other in found):
            continue
        args, output = calls[path]
        try:
            traced = trace_plainly(model.get_submodule(path), set(), len(args))
            with torch.no_grad():
                result = traced(*args)
            torch.testing.assert_close(result, output, rtol=0, atol=0, equal_nan=True)
        except UntraceableError:
            continue  # it is one operation already
        except Exception as error:  # an AssertionError where they differ
            found.append(path)
            yield path, f"its trace computes something else: {reason_of(error)}"


def call_whole(model: nn.Module, inputs: int) -> fx.GraphModule:
    """A graph whose one operation is the model."""
    graph = fx.Graph()
    given = [graph.placeholder(f"input{number}") for number in range(1, inputs + 1)]
    graph.output(graph.call_module("model", tuple(given)))
    return fx.GraphModule(_Whole(model), graph)


def _record_calls(
    model: nn.Module, example: tuple[torch.Tensor, ...]
) -> dict[str, tuple[tuple[Any, ...], Any]]:
    """First call of every module that has parts and only takes positional arguments."""
    calls: dict[str, tuple[tuple[Any, ...], Any]] = {}
    given: dict[str, tuple[Any, ...]] = {}
    handles = []
    for path, module in model.named_modules():
        whole = isinstance(module, torch.jit.ScriptModule)  # takes no hooks, and is no Python code
        if not path or whole or not any(True for _ in module.children()):
            continue

        def before(_module: nn.Module, args: Any, path: str = path) -> None:
            given.setdefault(path, _copy(args))

        def after(_module: nn.Module, _args: Any, output: Any, path: str = path) -> None:
            calls.setdefault(path, (given[path], _copy(output)))

        handles += [
            module.register_forward_pre_hook(before),
            module.register_forward_hook(after),
        ]
    try:
        with torch.no_grad():
            model(*_copy(example))
    finally:
        for handle in handles:
            handle.remove()
    return calls


def _copy(value: Any) -> Any:
    return map_tensors(value, torch.Tensor.clone)


def reason_of(error: BaseException) -> str:
    """What it says, in one line of at most 200 characters; its type where it says nothing."""
    return " ".join(str(error).split())[:200] or type(error).__name__
