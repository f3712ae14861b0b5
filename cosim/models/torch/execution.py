"""Running a model part by part on real tensors: the `Workload` of a run with ``task.execute``."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from cosim.errors import ExecutionError, ProfileError
from cosim.models.profile import ModelProfile
from cosim.models.torch.check import find_mismatch_of
from cosim.models.torch.graph import (
    LayerGraph,
    assemble_output,
    bind_inputs,
    run_layers,
    trace_model,
)
from cosim.models.torch.measure import best_s, fixed_threads, measure_times
from cosim.models.torch.resolve import entry_of
from cosim.models.torch.values import bytes_in, tensors_in
from cosim.models.torch.wire import layouts_of
from cosim.models.torch.zoo import REFERENCE_MODEL, build_model, example_inputs, find_entry
from cosim.models.transfer import LOSSY_FORMS, TransferForm, decode, encode
from cosim.models.workload import Computed

_REFERENCE_REPEATS = 20


class TorchWorkload:
    """Runs the model of a profile with torch, on one thread.

    The weights are drawn from the profile's seed, as those that it was measured with; each task's
    input from the run's seed and the task's number.

    Parameters
    ----------
    profile
        Whose model is run; what it says of the model must be so.
    form
        In which tensors cross links.
    seed
        Of the inputs.

    Raises
    ------
    ProfileError
        The model that the profile names is another one than it describes.
    """

    def __init__(self, profile: ModelProfile, form: TransferForm, seed: int) -> None:
        provenance = profile.provenance
        self._entry = entry_of(provenance)
        self._form = form
        self._seed = seed
        with fixed_threads():
            self._model = build_model(self._entry, seed=provenance.seed)
            example = example_inputs(self._entry, seed=provenance.seed)
            self._graph: LayerGraph = trace_model(self._model, *example)
            mismatch = find_mismatch_of(profile, self._graph, example)
            if mismatch is not None:
                raise ProfileError(
                    f"model profile '{profile.name}' does not describe the model"
                    f" '{provenance.model}' that would be run: {mismatch}",
                    hint=f"make it anew: cosim profile {provenance.model}",
                )
            self._layouts = layouts_of(self._graph, *example)

    def draw(self, task_id: int) -> bytes:
        """The input of a task."""
        layout = self._layouts[0]
        return b"".join(layout.pack(bind_inputs(self._graph, *self._inputs(task_id))))

    def run(self, tensors: bytes, begin: int, stop: int) -> Computed:
        """Run the layers after `begin` up to `stop`, and time it."""
        if begin == stop:
            return Computed(tensors, 0.0)
        values = self._layouts[begin].unpack(self._parts("fp32", tensors, begin))
        with fixed_threads(), torch.inference_mode():
            began = time.perf_counter()
            values = run_layers(self._graph, begin, stop, values)
            wall_s = time.perf_counter() - began
        return Computed(b"".join(self._pack(values, stop)), wall_s)

    def encode(self, tensors: bytes, boundary: int) -> bytes:
        """What crosses a link."""
        parts = self._parts("fp32", tensors, boundary)
        return encode(self._form, self._layouts[boundary].tensors, parts)

    def decode(self, data: bytes, boundary: int) -> bytes:
        """The tensors of what crossed a link."""
        return b"".join(self._parts(self._form, data, boundary))

    def check(self, task_id: int, sent_at: Sequence[int], tensors: bytes) -> float:
        """Compare with the unsplit model, and return the relative error.

        The output must be, bit by bit, that of the unsplit model. Where the form loses something,
        it must be that of the layers run here, one after the other, with the same loss at the same
        boundaries.

        Raises
        ------
        ExecutionError
            It is not.
        """
        with fixed_threads(), torch.inference_mode():
            whole = list(tensors_in(self._model(*self._inputs(task_id))))
            expected = self._replay(task_id, sent_at) if self._form in LOSSY_FORMS else whole
            last = self._graph.layer_count
            values = self._layouts[last].unpack(self._parts("fp32", tensors, last))
            output = list(tensors_in(assemble_output(self._graph, values)))
        differing = _differing_bytes(output, expected)
        if differing:
            raise ExecutionError(
                f"the output differs from that of the unsplit model in {differing} bytes"
            )
        return _relative_error(output, whole)

    def reference_s(self) -> float:
        """Time of the reference model on this machine, now, s."""
        entry = find_entry(REFERENCE_MODEL)
        model, inputs = build_model(entry), example_inputs(entry)
        graph = trace_model(model, *inputs)
        times = measure_times(model, graph, *inputs, repeats=_REFERENCE_REPEATS)
        return float(best_s(times.layers_s).sum())

    def _inputs(self, task_id: int) -> tuple[torch.Tensor, ...]:
        (state,) = np.random.SeedSequence([self._seed, task_id]).generate_state(1)
        return example_inputs(self._entry, seed=int(state))

    def _pack(self, values: Mapping[str, Any], boundary: int) -> list[bytes]:
        layout = self._layouts[boundary]
        parts = layout.pack(values)
        found, known = sum(map(len, parts)), sum(tensor.nbytes for tensor in layout.tensors)
        if found != known:
            raise ExecutionError(
                f"the model gives {found} bytes at boundary {boundary} and not {known}: its size"
                " depends on data, with which --execute cannot run it"
            )
        return parts

    def _parts(self, form: TransferForm, data: bytes, boundary: int) -> list[bytes]:
        try:
            return decode(form, self._layouts[boundary].tensors, data)
        except ValueError as error:
            raise ExecutionError(f"tensors of boundary {boundary} are damaged: {error}") from error

    def _replay(self, task_id: int, sent_at: Sequence[int]) -> list[torch.Tensor]:
        """The output when all nodes are this one."""
        tensors, before = self.draw(task_id), 0
        for boundary in sent_at:
            tensors = self.run(tensors, before, boundary).tensors
            tensors = self.decode(self.encode(tensors, boundary), boundary)
            before = boundary
        last = self._graph.layer_count
        tensors = self.run(tensors, before, last).tensors
        values = self._layouts[last].unpack(self._parts("fp32", tensors, last))
        return list(tensors_in(assemble_output(self._graph, values)))


def _differing_bytes(one: Sequence[torch.Tensor], other: Sequence[torch.Tensor]) -> int:
    """In how many bytes two outputs differ; all that one has where it has another shape."""
    if [(t.shape, t.dtype) for t in one] != [(t.shape, t.dtype) for t in other]:
        return sum(tensor.nbytes for tensor in one) or 1
    return sum(int((bytes_in(a) != bytes_in(b)).sum()) for a, b in zip(one, other, strict=True))


def _relative_error(one: Sequence[torch.Tensor], other: Sequence[torch.Tensor]) -> float:
    """Euclidean norm of the difference over that of `other`."""
    wide = torch.complex128  # has all numbers of all types
    pairs = [(a.to(wide), b.to(wide)) for a, b in zip(one, other, strict=True)]
    difference = sum(float(((a - b).abs() ** 2).sum()) for a, b in pairs)
    size = sum(float((b.abs() ** 2).sum()) for _, b in pairs)
    return float((difference / size) ** 0.5) if difference and size else difference**0.5
