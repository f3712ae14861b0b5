"""Commands that need more than a plain installation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cosim.errors import InputError


@contextmanager
def needs_extra(extra: str) -> Iterator[None]:
    """Say which extra to install where a module is missing that is not ours."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("cosim"):
            raise
        raise InputError(
            f"the package '{error.name}' is not installed",
            hint=f"pip install 'hivemind-cosim[{extra}]'",
        ) from error
