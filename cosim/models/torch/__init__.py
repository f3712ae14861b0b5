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
    best_s,
    measure_sizes,
    measure_times,
    spread,
)
from cosim.models.torch.profiler import Measurement, profile_model
from cosim.models.torch.torchvision_guard import import_torchvision
from cosim.models.torch.values import count_bytes
from cosim.models.torch.zoo import ZOO, ZooEntry, build_model, example_inputs, find_entry

__all__ = [
    "ZOO",
    "LayerGraph",
    "LayerSizes",
    "LayerTimes",
    "Measurement",
    "ZooEntry",
    "assemble_output",
    "best_s",
    "bind_inputs",
    "build_model",
    "count_bytes",
    "example_inputs",
    "find_entry",
    "import_torchvision",
    "measure_sizes",
    "measure_times",
    "profile_model",
    "run_layers",
    "spread",
    "trace_model",
]
