"""From what a user names to a model: a name of the zoo, or ``module:callable``."""

from __future__ import annotations

import importlib
import operator
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from cosim.errors import InputError, ProfileError
from cosim.models.provenance import InputSpec, Provenance
from cosim.models.torch.zoo import ZooEntry, dtype_of, find_entry

_INPUT = re.compile(
    r"([0-9]+(?:x[0-9]+)*)(?::([a-z0-9]+)(?::([0-9]+))?)?\Z"
)  # SHAPE[:TYPE[:BELOW]]


def resolve_model(
    model: str,
    *,
    shapes: Sequence[str] = (),
    dtype: str | None = None,
    batch: int | None = None,
) -> ZooEntry:
    """Find a model, with the inputs that it shall have.

    Parameters
    ----------
    model
        A name of the zoo, or ``module:callable``: something in a module, on the path or in the
        working directory, that returns a `torch.nn.Module` when it is called without arguments.
    shapes
        Shape of each input, like ``1x3x224x224``, or with its type, and the bound of integers, as
        in ``1x64:int64:4096``; the zoo's own without.
    dtype
        Name of a torch dtype, for all inputs that are not integers, and for the weights, which
        otherwise keep their own.
    batch
        First number of every shape.

    Raises
    ------
    UnknownNameError, InputError
        There is no such model, or its inputs are not told rightly.
    """
    entry = _load_callable(model) if ":" in model else find_entry(model)
    inputs = _inputs(entry, shapes)
    if dtype is not None:
        _check_dtype(dtype)
        inputs = tuple(spec if _is_integer(spec) else _with_dtype(spec, dtype) for spec in inputs)
    if batch is not None:
        inputs = tuple(InputSpec((batch, *s.shape[1:]), s.dtype, s.below) for s in inputs)
    return replace(entry, inputs=inputs, dtype=dtype or "")


def entry_of(provenance: Provenance) -> ZooEntry:
    """The model that a profile was made of."""
    model = provenance.model
    entry = _load_callable(model) if ":" in model else find_entry(model)
    return replace(entry, inputs=provenance.inputs, dtype=provenance.dtype)


def _inputs(entry: ZooEntry, shapes: Sequence[str]) -> tuple[InputSpec, ...]:
    if not shapes:
        if not entry.inputs:
            hint = "for example --input-shape 1x3x224x224, once for each input"
            raise InputError(f"model '{entry.model}': its inputs are not known", hint=hint)
        return entry.inputs
    own = entry.inputs or tuple(InputSpec((1,)) for _ in shapes)
    if len(shapes) != len(own):
        raise InputError(
            f"model '{entry.name}' has {len(own)} inputs, not {len(shapes)}",
            hint=f"its own are {', '.join(map(str, own))}",
        )
    return tuple(_parse_input(text, spec) for text, spec in zip(shapes, own, strict=True))


def _parse_input(text: str, own: InputSpec) -> InputSpec:
    """What `text` says of an input; its type is its own where it says none."""
    match = _INPUT.match(text)
    shape = tuple(map(int, match[1].split("x"))) if match else ()
    if match is None or min(shape) < 1:
        raise InputError(
            f"--input-shape {text}: is no shape",
            hint="write it like 1x3x224x224, or 1x64:int64:4096 for integers below 4096",
        )
    if match[2] is None:
        return InputSpec(shape, own.dtype, own.below)
    if not isinstance(getattr(torch, match[2], None), torch.dtype):
        raise InputError(f"--input-shape {text}: '{match[2]}' is no type of torch")
    return InputSpec(shape, match[2], int(match[3] or 0))


def _check_dtype(name: str) -> None:
    dtype = getattr(torch, name, None)
    if not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        known = "float32, float64, float16, bfloat16"
        raise InputError(f"--dtype {name}: is no floating-point type of torch", hint=known)


def _is_integer(spec: InputSpec) -> bool:
    return not dtype_of(spec.dtype).is_floating_point


def _with_dtype(spec: InputSpec, dtype: str) -> InputSpec:
    return InputSpec(spec.shape, dtype, spec.below)


def _load_callable(path: str) -> ZooEntry:
    """An entry for ``module:callable``, whose inputs are not known."""
    module_name, _, attribute = path.partition(":")
    build = _find_callable(path, module_name, attribute)
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", attribute)
    return ZooEntry(
        name, f"{path}, a model of the user's", lambda: _build(path, build), (), "", path
    )


def _find_callable(path: str, module_name: str, attribute: str) -> Callable[[], Any]:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found = operator.attrgetter(attribute)(importlib.import_module(module_name))
    except (Exception, SystemExit) as error:  # the user's module may raise anything
        raise InputError(f"model '{path}' cannot be imported: {_problem(error)}") from error
    if not callable(found):
        raise InputError(f"model '{path}' cannot be called")
    return found if not isinstance(found, nn.Module) else lambda: found


def _build(path: str, build: Callable[[], Any]) -> nn.Module:
    try:
        model = build()
    except Exception as error:  # the user's code may raise anything
        raise ProfileError(f"model '{path}' cannot be built: {_problem(error)}") from error
    if not isinstance(model, nn.Module):
        raise ProfileError(f"model '{path}' gives a {type(model).__name__}, no torch.nn.Module")
    if any(is_lazy(parameter) for parameter in model.parameters()):
        raise ProfileError(
            f"model '{path}' has parameters that have no shape yet",
            hint="run it once before you return it",
        )
    try:
        return model.eval()
    except NotImplementedError as error:  # of a module that torch.export made
        raise ProfileError(
            f"model '{path}' cannot be put into evaluation mode: {error}",
            hint="return the model that was exported",
        ) from error


def _problem(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
