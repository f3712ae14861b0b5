"""Importing torchvision where its compiled operators cannot be loaded.

PyPI's torchvision is built against CUDA. Beside a CPU build of torch its operator library does not
load, and then the import fails, because it registers shape functions for operators that nobody
declared ("operator torchvision::nms does not exist"). The model definitions need none of these
operators, so declaring them, without an implementation, is enough. Where torchvision imports as it
is, nothing is touched.
"""

from __future__ import annotations

import functools
import importlib
import sys
from types import ModuleType
from typing import Any, Final

import torch

# The operators that `torchvision._meta_registrations` registers shape functions for whether or not
# the operator library was loaded (torchvision 0.28), with that library's signatures.
_SCHEMAS: Final = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


def import_torchvision() -> ModuleType:
    """Import torchvision, declaring its operators first if that is what keeps it from importing.

    Raises
    ------
    ImportError
        torchvision is not installed.
    RuntimeError
        It fails to import for another reason.
    """
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "operator torchvision::" not in str(error):
            raise
    _declare_operators()
    _forget_half_imported()
    return importlib.import_module("torchvision")


@functools.cache  # a torch Library's declarations last as long as the object: keep it
def _declare_operators() -> Any:
    untyped: Any = torch.library
    library = untyped.Library("torchvision", "FRAGMENT")
    for schema in _SCHEMAS:
        library.define(schema)
    return library


def _forget_half_imported() -> None:
    """Drop the submodules that the failed import left behind, so that they are imported anew."""
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
