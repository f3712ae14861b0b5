"""Policies by name: the built-in ones, those of the entry point group, and ``module:Class``."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TypeGuard

from cosim.errors import InputError, UnknownNameError
from cosim.splitting.central import Dijkstra, Exhaustive
from cosim.splitting.policies import CloudOnly, EdgeOnly, HiveMind, SingleSplit, UeOnly
from cosim.splitting.policy import NodePolicy
from cosim.splitting.qa import HiveMindPareto
from cosim.splitting.rivals import (
    CollabStandard,
    Dads,
    EdgeSplit,
    HiveMindQa,
    Linear,
    OptEnergy,
    OptLatency,
    PipeDream,
    RnnStandard,
)

ENTRY_POINT_GROUP = "cosim.policies"

BUILTIN_POLICIES: tuple[type[NodePolicy], ...] = (
    HiveMind,
    UeOnly,
    CloudOnly,
    SingleSplit,
    EdgeOnly,
    EdgeSplit,
    Dads,
    PipeDream,
    Linear,
    OptLatency,
    OptEnergy,
    HiveMindQa,
    HiveMindPareto,
    Dijkstra,
    Exhaustive,
    RnnStandard,
    CollabStandard,
)


def policy_names() -> list[str]:
    """Names of all policies that are known: the built-in ones first, then installed ones."""
    builtin = [policy.name for policy in BUILTIN_POLICIES]
    return builtin + sorted(set(_installed()) - set(builtin))


def policy_class(name_or_path: str) -> type[NodePolicy]:
    """The policy class called `name_or_path`, a name or ``module:Class``.

    Raises
    ------
    UnknownNameError
        When nothing is called that.
    InputError
        When it cannot be imported, or is no `Policy`.
    """
    for policy in BUILTIN_POLICIES:
        if policy.name == name_or_path:
            return policy
    if ":" in name_or_path:
        return _checked(name_or_path, _import(name_or_path))
    installed = _installed()
    if name_or_path not in installed:
        raise UnknownNameError("policy", name_or_path, policy_names())
    try:
        found = installed[name_or_path].load()
    except (Exception, SystemExit) as error:
        raise InputError(f"policy '{name_or_path}' cannot be imported: {error}") from error
    return _checked(name_or_path, found)


def make_policy(name_or_path: str) -> NodePolicy:
    """A new instance of the policy called `name_or_path`; see `policy_class` for what it raises."""
    found = policy_class(name_or_path)
    try:
        return found()
    except (Exception, SystemExit) as error:
        raise InputError(
            f"policy '{name_or_path}' cannot be made: {type(error).__name__}: {error}",
            hint="its class must be constructible without arguments",
        ) from error


def policy_description(name_or_path: str) -> str:
    """The first line of a policy's docstring."""
    return (inspect.getdoc(policy_class(name_or_path)) or "").partition("\n")[0]


def _installed() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}


def _import(path: str) -> object:
    module_name, _, attribute = path.partition(":")
    try:
        with _working_directory_importable():
            found: object = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and not module_name.startswith(error.name):
            raise InputError(f"policy '{path}' cannot be imported: {error}") from error
        raise UnknownNameError("policy", path, policy_names()) from error
    except (Exception, SystemExit) as error:
        raise InputError(
            f"policy '{path}' cannot be imported: {type(error).__name__}: {error}"
        ) from error
    try:
        for part in attribute.split("."):
            found = getattr(found, part)
    except AttributeError as error:
        names = [key for key in dir(found) if _is_policy(getattr(found, key, None))]
        raise UnknownNameError(f"class in module '{module_name}'", attribute, names) from error
    return found


def _is_policy(found: object) -> TypeGuard[type[NodePolicy]]:
    return inspect.isclass(found) and issubclass(found, NodePolicy)


def _checked(name: str, found: object) -> type[NodePolicy]:
    if not _is_policy(found):
        raise InputError(f"policy '{name}' is not a subclass of cosim.splitting.Policy")
    if inspect.isabstract(found):
        missing = ", ".join(sorted(found.__abstractmethods__))
        raise InputError(f"policy '{name}' does not define {missing}")
    if not found.name:
        found.name = name
    return found


@contextmanager
def _working_directory_importable() -> Iterator[None]:
    """A console script's ``sys.path`` lacks the working directory, where a user's module lies."""
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        yield
    finally:
        if here in sys.path:
            sys.path.remove(here)
