"""Making model profiles from torch models; the only part of cosim that imports torch."""

from __future__ import annotations

from cosim.models.torch.graph import (
    LayerGraph,
    assemble_output,
    bind_inputs,
    run_layers,
    trace_model,
)
from cosim.models.torch.measure import (
    LayerSizes,
    LayerTimes,
    count_bytes,
    measure_sizes,
    measure_times,
)
from cosim.models.torch.profiler import profile_model
from cosim.models.torch.torchvision_guard import import_torchvision
from cosim.models.torch.zoo import ZOO, ZooEntry, build_model, example_input, find_entry

__all__ = [
    "ZOO",
    "LayerGraph",
    "LayerSizes",
    "LayerTimes",
    "ZooEntry",
    "assemble_output",
    "bind_inputs",
    "build_model",
    "count_bytes",
    "example_input",
    "find_entry",
    "import_torchvision",
    "measure_sizes",
    "measure_times",
    "profile_model",
    "run_layers",
    "trace_model",
]
