"""Making a model profile: trace, measure, and write down where it comes from."""

from __future__ import annotations

import datetime
import importlib.metadata
import math
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import torch
from torch import nn

import cosim
from cosim.errors import ProfileError
from cosim.models.devices import load_device_profile
from cosim.models.meters import find_meter, power_state_energy
from cosim.models.profile import FloatArray, IntArray, ModelProfile
from cosim.models.provenance import EnergyReading, Provenance
from cosim.models.torch.clocks import clock_for
from cosim.models.torch.coding import measure_coding
from cosim.models.torch.graph import LayerGraph, trace_model
from cosim.models.torch.hooks import HookedRun, run_hooked
from cosim.models.torch.machine import measure_machine
from cosim.models.torch.measure import (
    LayerSizes,
    LayerTimes,
    Progress,
    best_s,
    fixed_threads,
    measure_sizes,
    measure_times,
    spread,
)
from cosim.models.torch.operators import operator_kind
from cosim.models.torch.zoo import (
    REFERENCE_MODEL,
    ZooEntry,
    build_model,
    example_inputs,
    find_entry,
)

_METHOD = (
    "{tracer} trace, one layer per operation, in-place operations rewritten; each layer timed"
    " alone with {clock}, in the model's order, alternating with the untouched model; shortest"
    " of all repeats after a warm-up; spread is median over shortest, less 1. FLOPs by"
    " torch.utils.flop_counter (convolutions and matrix products). live_bytes counts every tensor"
    " that a later layer needs; 0 after the last layer: the result stays where it is computed"
)
_WARM_UP = 10  # rounds; as many as are measured, where those are fewer
_METERED_S = 2.0  # meters are read at intervals of some 10 to 100 ms
_PAPER_METHOD = (
    "as HiveMind's authors: forward hooks on modules without children; shortest of all repeats;"
    " live_bytes is the last module's output only, so it is too little where a later layer needs"
    " more; operations that are no modules are not seen"
)
_BACKWARD = "; backward_s: gradient of each layer alone, for what it takes and its parameters"


@dataclass(frozen=True)
class Measurement:
    """How to measure.

    Attributes
    ----------
    repeats
        How often each layer is timed.
    threads
        Of torch, on the CPU.
    device
        ``cpu`` or ``cuda``.
    backward
        Whether to time the backward pass too.
    energy_device
        Whether to tell the energy of an inference: by a meter where this machine has one, else by
        the power states of this device; None for no energy at all.
    seed
        Of weights and inputs.
    machine
        The kind of machine, for the provenance; without it, architecture and number of cores.
    measured_by
        Who measures, for the provenance.
    """

    repeats: int = 200
    threads: int = 1
    device: str = "cpu"
    backward: bool = False
    energy_device: str | None = None
    seed: int = 0
    machine: str | None = None
    measured_by: str = "cosim profile"


@dataclass(frozen=True)
class _Loaded:
    """A model on the device that measures it."""

    model: nn.Module
    graph: LayerGraph
    inputs: tuple[torch.Tensor, ...]


def profile_model(
    entry: ZooEntry,
    how: Measurement = Measurement(),
    on_round: Progress | None = None,
) -> ModelProfile:
    """Measure a model on this machine.

    Parameters
    ----------
    on_round
        Called with the rounds done and how many there are, the reference model's counted too.

    Raises
    ------
    ProfileError
        The model does not run on its inputs, or what its layers pass has no size.
    InputError
        There is no such device.
    """
    clock_for(how.device)  # says so if there is no such device
    reference = find_entry(REFERENCE_MODEL)
    progress = _in_turns(on_round, 1 if entry == reference else 2)
    loaded = _load(entry, how)
    times = _measure(loaded, how, progress(0))
    reference_s = math.fsum(best_s(times.layers_s))
    if entry != reference:
        forward_only = replace(how, backward=False)
        reference_times = _measure(_load(reference, how), forward_only, progress(1))
        reference_s = math.fsum(best_s(reference_times.layers_s))
    graph, back = loaded.graph, times.backward_s
    profile = _assemble(
        entry,
        tuple(node.name for node in graph.layers),
        tuple(operator_kind(graph.module, node) for node in graph.layers),
        measure_sizes(graph, *loaded.inputs),
        times.layers_s,
        reference_s=reference_s,
        backward_s=None if back is None else best_s(back),
        backward_spread=None if back is None else spread(back).round(4),
        coded=measure_coding(graph, *loaded.inputs),
        provenance=_provenance(entry, graph, times, how),
    )
    return profile if how.energy_device is None else _with_energy(profile, loaded, how)


def _with_energy(profile: ModelProfile, loaded: _Loaded, how: Measurement) -> ModelProfile:
    """The same profile with the energy of one inference."""
    meter = find_meter(how.device)
    if meter is None:
        device = load_device_profile(how.energy_device or "")
        energy = power_state_energy(profile, device)
    else:
        times = math.ceil(_METERED_S / profile.provenance.whole_model_s)
        with fixed_threads(how.threads), torch.inference_mode():
            joules = meter.measure_j(lambda: _run_often(loaded, times, how.device))
        energy = EnergyReading(meter=meter.name, forward_j=joules / times)
    provenance = msgspec.structs.replace(profile.provenance, energy=energy)
    return replace(profile, provenance=provenance)


def _run_often(loaded: _Loaded, times: int, device: str) -> None:
    for _ in range(times):
        loaded.model(*loaded.inputs)
    if device == "cuda":
        torch.cuda.synchronize()


def profile_as_paper(entry: ZooEntry, how: Measurement = Measurement()) -> ModelProfile:
    """Measure a model as the paper's authors did: hooks on modules, last output only.

    The profile is called ``NAME-paper``. It is timed on the CPU, forward only.
    """
    how = replace(how, device="cpu", backward=False)
    loaded = _load(entry, how)
    hooked = _run_hooked(loaded, how)
    times = _measure(loaded, how, None)
    reference = (
        loaded if entry == find_entry(REFERENCE_MODEL) else _load(find_entry(REFERENCE_MODEL), how)
    )
    reference_hooked = _run_hooked(reference, how)
    provenance = _provenance(entry, loaded.graph, times, how)
    return _assemble(
        replace(entry, name=f"{entry.name}-paper"),
        hooked.names,
        hooked.kinds,
        hooked.sizes,
        hooked.layers_s,
        reference_s=math.fsum(best_s(reference_hooked.layers_s)),
        provenance=msgspec.structs.replace(provenance, method=_PAPER_METHOD),
    )


def _run_hooked(loaded: _Loaded, how: Measurement) -> HookedRun:
    clock_ns = time.thread_time_ns if how.threads == 1 else time.perf_counter_ns
    with fixed_threads(how.threads):
        return run_hooked(loaded.model, *loaded.inputs, repeats=how.repeats, clock_ns=clock_ns)


def _assemble(
    entry: ZooEntry,
    names: tuple[str, ...],
    kinds: tuple[str, ...],
    sizes: LayerSizes,
    layers_s: FloatArray,
    **others: Any,
) -> ModelProfile:
    return ModelProfile(
        name=entry.name,
        description=entry.description,
        layer_names=names,
        kinds=kinds,
        flops=sizes.flops,
        param_bytes=sizes.param_bytes,
        forward_s=best_s(layers_s),
        spread=spread(layers_s).round(4),
        live_bytes=_result_stays(sizes),
        layer_output_bytes=sizes.output_bytes,
        output_bytes=int(sizes.live_bytes[-1]),
        reference_model=REFERENCE_MODEL,
        digest="",
        **others,
    )


def _load(entry: ZooEntry, how: Measurement) -> _Loaded:
    model, inputs = build_model(entry, seed=how.seed), example_inputs(entry, seed=how.seed)
    try:
        model = model.to(how.device)
        inputs = tuple(tensor.to(how.device) for tensor in inputs)
    except RuntimeError as error:  # too little memory, or a driver that does not fit
        raise ProfileError(f"{entry.name} cannot be put on {how.device}: {error}") from error
    return _Loaded(model, trace_model(model, *inputs), inputs)


def _measure(loaded: _Loaded, how: Measurement, on_round: Progress | None) -> LayerTimes:
    return measure_times(
        loaded.model,
        loaded.graph,
        *loaded.inputs,
        repeats=how.repeats,
        warm_up=min(how.repeats, _WARM_UP),
        threads=how.threads,
        backward=how.backward,
        clock=clock_for(how.device, how.threads),
        on_round=on_round,
    )


def _in_turns(on_round: Progress | None, models: int) -> Callable[[int], Progress | None]:
    """The progress of one model after another as that of all of them."""
    if on_round is None:
        return lambda _turn: None
    return lambda turn: lambda done, total: on_round(turn * total + done, models * total)


def _result_stays(sizes: LayerSizes) -> IntArray:
    """Nothing crosses the last boundary: the result stays where it is computed (spec 1)."""
    live = sizes.live_bytes.copy()
    live[-1] = 0
    return live


def _provenance(
    entry: ZooEntry, graph: LayerGraph, times: LayerTimes, how: Measurement
) -> Provenance:
    clock = clock_for(how.device, how.threads)
    method = _METHOD.format(tracer=graph.tracer, clock=clock.name)
    with fixed_threads(how.threads):
        flop_per_s, bytes_per_s = measure_machine(clock, how.device)
    return Provenance(
        status="measured",
        measured_by=how.measured_by,
        method=method + (_BACKWARD if how.backward else ""),
        weights=f"random initialisation, seed {how.seed}; neither times nor sizes depend on them",
        machine=how.machine or describe_machine(how.device),
        machine_flop_per_s=float(f"{flop_per_s:.4g}"),
        machine_bytes_per_s=float(f"{bytes_per_s:.4g}"),
        date=datetime.datetime.now(datetime.UTC).date(),
        model=entry.model,
        inputs=entry.inputs,
        dtype=entry.dtype,
        seed=how.seed,
        device=how.device,
        threads=how.threads,
        repeats=len(times.model_s),
        whole_model_s=float(times.model_s.min()),
        whole_model_spread=round(float(spread(times.model_s[:, None])[0]), 4),
        atomic=tuple(f"{part}: {reason}" for part, reason in graph.atomic.items()),
        versions=_versions(how.device),
        notes=entry.notes,
    )


def _versions(device: str) -> dict[str, str]:
    versions = {
        "python": platform.python_version(),
        "cosim": cosim.__version__,
    }
    for distribution in ("torch", "torchvision"):
        try:
            versions[distribution] = importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
    if device == "cuda":
        versions |= {"cuda": str(torch.version.cuda), "cudnn": str(torch.backends.cudnn.version())}
    return versions


def describe_machine(device: str = "cpu") -> str:
    """Tell the processor and the number of cores: no name that identifies a machine."""
    if device == "cuda":
        return str(torch.cuda.get_device_name())
    processor = _processor_name() or platform.machine().replace("_", "-")
    return f"{processor}, {os.cpu_count()} cores"


def _processor_name() -> str | None:
    """What Linux says of the processor; None elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else None
