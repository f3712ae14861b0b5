"""Making a model profile from a zoo model: trace, measure, and write down where it comes from."""

from __future__ import annotations

import datetime
import importlib.metadata
import math
import os
import platform

import numpy as np

from cosim.models.profile import IntArray, ModelProfile, Provenance
from cosim.models.torch.graph import trace_model
from cosim.models.torch.measure import LayerSizes, LayerTimes, measure_sizes, measure_times
from cosim.models.torch.operators import operator_kind
from cosim.models.torch.zoo import (
    REFERENCE_MODEL,
    ZooEntry,
    build_model,
    example_input,
    find_entry,
)

_METHOD = (
    "torch.fx trace, one layer per operation, in-place operations rewritten; each layer timed"
    " alone with perf_counter, in the model's order, alternating with the untouched model; shortest"
    " of all repeats after a warm-up; spread is median over shortest, less 1. FLOPs by"
    " torch.utils.flop_counter (convolutions and matrix products). live_bytes counts every tensor"
    " that a later layer needs; 0 after the last layer: the result stays where it is computed"
)


def profile_model(
    entry: ZooEntry, *, repeats: int = 200, machine: str | None = None
) -> ModelProfile:
    """Measure a model on this machine.

    Parameters
    ----------
    repeats
        How often each layer is timed.
    machine
        The kind of machine, for the provenance; without it, architecture and number of cores.
    """
    model, example = build_model(entry), example_input(entry)
    graph = trace_model(model, example)
    sizes = measure_sizes(graph, example)
    times = measure_times(model, graph, example, repeats=repeats)
    is_reference = entry.name == REFERENCE_MODEL
    reference_s = math.fsum(times.best_s) if is_reference else _time_reference(repeats)
    return ModelProfile(
        name=entry.name,
        description=entry.description,
        layer_names=tuple(node.name for node in graph.layers),
        kinds=tuple(operator_kind(graph.module, node) for node in graph.layers),
        flops=sizes.flops,
        param_bytes=sizes.param_bytes,
        forward_s=times.best_s,
        spread=np.round(times.spread, 4),
        live_bytes=_result_stays(sizes),
        layer_output_bytes=sizes.output_bytes,
        output_bytes=int(sizes.live_bytes[-1]),
        reference_model=REFERENCE_MODEL,
        reference_s=reference_s,
        provenance=_provenance(entry, times, machine or _describe_machine()),
        digest="",
    )


def _result_stays(sizes: LayerSizes) -> IntArray:
    """Nothing crosses the last boundary: the result stays where it is computed (spec 1)."""
    live = sizes.live_bytes.copy()
    live[-1] = 0
    return live


def _time_reference(repeats: int) -> float:
    """Sum of the reference model's layer times on this machine, now, s."""
    entry = find_entry(REFERENCE_MODEL)
    model, example = build_model(entry), example_input(entry)
    graph = trace_model(model, example)
    return math.fsum(measure_times(model, graph, example, repeats=repeats).best_s)


def _provenance(entry: ZooEntry, times: LayerTimes, machine: str) -> Provenance:
    return Provenance(
        status="measured",
        measured_by="the hivemind-cosim project, scripts/profile_model.py",
        method=_METHOD,
        weights="random initialisation, seed 0; neither times nor sizes depend on the values",
        machine=f"{machine}, 1 thread",
        date=datetime.datetime.now(datetime.UTC).date(),
        input_shape=entry.input_shape,
        dtype=entry.dtype,
        threads=1,
        repeats=len(times.model_s),
        whole_model_s=float(times.model_s.min()),
        versions=_versions(),
        notes=entry.notes,
    )


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for distribution in ("torch", "torchvision"):
        try:
            versions[distribution] = importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _describe_machine() -> str:
    """Tell the architecture and the number of cores: no name that identifies a machine."""
    return f"{platform.machine().replace('_', '-')} with {os.cpu_count()} cores"
