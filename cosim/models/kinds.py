"""The kinds of layer that a profile may name.

A closed list, so that a misspelt kind in a profile is an error, and a cost model per kind of
operator has something fixed to hold on to. ``other`` is for operators that none of the names fits.
"""

from __future__ import annotations

from typing import Final

OPERATOR_KINDS: Final[frozenset[str]] = frozenset(
    {
        "activation",  # element-wise and not a plain ReLU: SiLU, GELU, sigmoid, softmax, ...
        "add",
        "arithmetic",  # element-wise on one or two tensors, other than add
        "attention",
        "avg_pool",
        "batch_norm",
        "concat",
        "conv",
        "dropout",
        "embedding",
        "linear",
        "matmul",
        "max_pool",
        "norm",  # layer, group, instance normalisation
        "other",
        "recurrent",
        "relu",
        "reshape",  # view, flatten, permute, slice: no arithmetic
    }
)
