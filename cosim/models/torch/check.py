"""Whether a profile still describes the model that it was made of."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

import torch

from cosim.models.profile import ModelProfile
from cosim.models.torch.graph import LayerGraph, trace_model
from cosim.models.torch.measure import measure_sizes
from cosim.models.torch.operators import operator_kind
from cosim.models.torch.resolve import entry_of
from cosim.models.torch.zoo import build_model, example_inputs


def find_mismatch(profile: ModelProfile) -> str | None:
    """Name the first thing that the traced model has otherwise; None when all is the same."""
    provenance = profile.provenance
    entry = entry_of(provenance)
    inputs = example_inputs(entry, seed=provenance.seed)
    graph = trace_model(build_model(entry, seed=provenance.seed), *inputs)
    return find_mismatch_of(profile, graph, inputs)


def find_mismatch_of(
    profile: ModelProfile, graph: LayerGraph, inputs: tuple[torch.Tensor, ...]
) -> str | None:
    """The same for a model that is traced already."""
    sizes = measure_sizes(graph, *inputs)
    traced: dict[str, Sequence[object]] = {
        "layer_names": [node.name for node in graph.layers],
        "kinds": [operator_kind(graph.module, node) for node in graph.layers],
        "flops": sizes.flops.tolist(),
        "param_bytes": sizes.param_bytes.tolist(),
        "live_bytes": [*sizes.live_bytes[:-1].tolist(), 0],
        "layer_output_bytes": sizes.output_bytes.tolist(),
    }
    for field, values in traced.items():
        stated = list(getattr(profile, field))
        for index, (one, other) in enumerate(zip_longest(stated, values)):
            if one != other:
                return f"{field}[{index}]: is {one}, but the model has {other}"
    return None
