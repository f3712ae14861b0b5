"""What a node knows from the start: itself, its profile of the model, and its neighbours' names."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from cosim.models import (
    DeviceProfile,
    ModelProfile,
    compute_energy_j,
    device_scale,
    layer_times_s,
    radio_energy_j,
)
from cosim.models.transfer import TransferForm
from cosim.models.workload import Workload
from cosim.nodes.arrivals import ArrivalConfig
from cosim.nodes.link_costs import ForecasterFactory, Uplink
from cosim.nodes.processor import Discipline
from cosim.splitting.node import Objective, Role, RoleKind
from cosim.splitting.problem import FloatArray, prefix_sums

IntArray = npt.NDArray[np.int64]
_Array = TypeVar("_Array", FloatArray, IntArray)


@dataclass(frozen=True, eq=False)
class NodeModel:
    """The model, as this node's device runs it.

    Attributes
    ----------
    prefix_s
        Shape ``(L + 1,)``, s: time of the first b layers.
    prefix_ns
        The same as integer ns, each rounded to the nearest (half to even): a share's time is the
        difference of two, so that shares add up exactly however they are cut.
    live_bytes
        Shape ``(L + 1,)``: bytes that cross boundary b.
    digest
        First 32 bits of the model profile's digest.
    param_prefix
        Shape ``(L + 1,)``: bytes of the parameters of the first b layers.
    encode_ns, decode_ns
        Shape ``(L + 1,)``: time to bring what crosses boundary b into the form that it crosses in
        (`live_bytes` are the bytes of that form), and back; 0 where it crosses as it is.
    """

    prefix_s: FloatArray
    prefix_ns: IntArray
    live_bytes: IntArray
    digest: int
    param_prefix: IntArray
    encode_ns: IntArray
    decode_ns: IntArray

    @functools.cached_property
    def layers(self) -> int:
        """`L`, the number of layers."""
        return int(self.live_bytes.size - 1)

    def compute_ns(self, begin: int, stop: int) -> int:
        """Time of the layers after `begin` up to `stop`."""
        return int(self.prefix_ns[stop] - self.prefix_ns[begin])

    def param_bytes(self, begin: int, stop: int) -> int:
        """Bytes of the parameters of the layers after `begin` up to `stop`."""
        return int(self.param_prefix[stop] - self.param_prefix[begin])


MAX_LAYERS = 0xFFFE  # messages carry a boundary in 16 bits, of which the last value is taken


def make_node_model(
    forward_s: npt.ArrayLike,
    live_bytes: npt.ArrayLike,
    digest: int = 0,
    param_bytes: npt.ArrayLike | None = None,
    encode_s: npt.ArrayLike = 0.0,
    decode_s: npt.ArrayLike = 0.0,
) -> NodeModel:
    """A `NodeModel` from layer times, shape ``(L,)`` in s, and live bytes, shape ``(L + 1,)``.

    `param_bytes`, shape ``(L,)``, matter only in training; by default there are none.
    """
    prefix_s = prefix_sums(forward_s)
    live: IntArray = np.array(live_bytes, dtype=np.int64)
    if live.shape != prefix_s.shape or prefix_s.ndim != 1:
        raise ValueError(f"live_bytes must have shape (L+1,) = {prefix_s.shape}, not {live.shape}")
    if prefix_s.size - 1 > MAX_LAYERS:
        raise ValueError(f"a model of {prefix_s.size - 1} layers does not fit into messages")
    if not np.isfinite(prefix_s).all() or (np.diff(prefix_s) < 0).any():
        raise ValueError("forward_s must be finite and not negative")
    if (live < 0).any():
        raise ValueError(f"live_bytes[{int(np.argmax(live < 0))}] is negative")
    prefix_ns: IntArray = np.rint(prefix_s * 1e9).astype(np.int64)
    params: IntArray = np.zeros(live.size, dtype=np.int64)
    if param_bytes is not None:
        params[1:] = np.cumsum(np.asarray(param_bytes, dtype=np.int64))
    return NodeModel(
        prefix_s=_frozen(prefix_s),
        prefix_ns=_frozen(prefix_ns),
        live_bytes=_frozen(live),
        digest=digest,
        param_prefix=_frozen(params),
        encode_ns=_frozen(_in_ns(encode_s, live.size)),
        decode_ns=_frozen(_in_ns(decode_s, live.size)),
    )


def node_model_of(
    model: ModelProfile, device: DeviceProfile, form: TransferForm = "fp32"
) -> NodeModel:
    """`model` as `device` runs it, and sends what is live in `form`.

    Raises
    ------
    ProfileError
        The profile does not say what crosses in that form.
    """
    crossing = model.crossing(form)
    scale = device_scale(model, device)
    return make_node_model(
        layer_times_s(model, device),
        crossing.coded_bytes,
        digest32(model.digest),
        model.param_bytes,
        crossing.encode_s * scale,
        crossing.decode_s * scale,
    )


def _in_ns(times_s: npt.ArrayLike, size: int) -> IntArray:
    spread = np.broadcast_to(np.asarray(times_s, dtype=np.float64), (size,))
    rounded: IntArray = np.rint(spread * 1e9).astype(np.int64)
    return rounded


def digest32(digest: str) -> int:
    """First 32 bits of a hexadecimal digest."""
    return int(digest[:8], 16)


class EnergyRates(msgspec.Struct, frozen=True):
    """What a node's part of a task costs in energy; all 0 when its energy is not counted.

    Attributes
    ----------
    busy_w
        Power while it computes.
    radio_w, radio_j_per_bit
        Power of its radio while it sends, and energy for each bit (UEs only).
    """

    busy_w: float = 0.0
    radio_w: float = 0.0
    radio_j_per_bit: float = 0.0

    @property
    def has_radio(self) -> bool:
        """Whether there is a radio whose energy counts."""
        return self.radio_w != 0 or self.radio_j_per_bit != 0


def energy_rates_of(device: DeviceProfile, *, with_radio: bool) -> EnergyRates:
    """The rates of a device; `with_radio` for a UE, which then must have radio figures."""
    busy_w = compute_energy_j(device, 1.0)
    if not with_radio:
        return EnergyRates(busy_w)
    return EnergyRates(
        busy_w,
        radio_energy_j(device, 0.0, 1.0, "uplink"),
        radio_energy_j(device, 1.0, 0.0, "uplink"),
    )


class SourceConfig(msgspec.Struct, frozen=True):
    """How a UE repeats tasks: ids are `first_task_id`, then every `task_id_step`-th."""

    think_ns: int
    timeout_ns: int
    first_task_id: int = 0
    task_id_step: int = 1
    start_ns: int = 0
    """No task begins before."""
    link_patience_ns: int = 100_000_000
    """How long the way downstream must be shut before a task that went that way is given up."""
    arrivals: ArrivalConfig = ArrivalConfig()


SciTrigger = Literal["periodic", "on-change", "on-task"]


class Merging(msgspec.Struct, frozen=True):
    """How the agents of collaborative learning merge their parameters.

    Attributes
    ----------
    node
        Where they merge.
    there_bytes, back_bytes
        What an agent's final node sends there, and what comes back.
    interval
        Every how many steps.
    counted
        Whether nodes count it when they decide.
    """

    node: str
    there_bytes: int
    back_bytes: int
    interval: int = 1
    counted: bool = True


@dataclass(frozen=True)
class NodeOptions:
    """What the scenario asks of all nodes alike.

    Attributes
    ----------
    objective
        For policies with several metrics.
    trigger, change
        When costs are told; see `cosim.scenario.schema.SciSpec`.
    make_forecaster, lag_tasks, coherence_ns
        Predictive splitting: what makes forecasters (None switches it off), over how many tasks the
        lag is averaged, and below which lag it is off.
    discipline
        How processors serve tasks that meet there.
    backward_ratio
        Backward over forward time of a layer, when tasks are training steps; None for inference.
    merging
        In collaborative learning, what training steps end with.
    module_runs, state_bytes
        Of a recurrent model that is split as one module: how often it runs, and what goes back to
        the UE after each run but the last.
    """

    objective: Objective = field(default_factory=Objective)
    trigger: SciTrigger = "periodic"
    change: float = 0.2
    make_forecaster: ForecasterFactory | None = None
    lag_tasks: int = 8
    coherence_ns: int = 0
    backward_ratio: float | None = None
    discipline: Discipline = "fifo"
    merging: Merging | None = None
    module_runs: int = 1
    state_bytes: int = 0


@dataclass(frozen=True, eq=False)
class NodeConfig:
    """One computing node.

    Attributes
    ----------
    name, kind
        Who it is.
    model, energy
        What computing costs on it.
    sci_period_ns
        How often the sink starts an SCI update.
    uplink
        Way to the next computing node downstream; None at the sink, and at a UE (which learns it
        when it attaches).
    upstream
        Fixed computing nodes for which this one is the next downstream.
    source
        Set on a UE that runs tasks.
    options
        What all nodes do alike.
    merges_downstream
        In collaborative learning: whether parameters merge further downstream, or here or before.
    decode_ns_of
        How long each node that may be the next takes to decode, shape ``(L + 1,)``: neighbours tell
        each other when they meet.
    workload
        What really computes the node's share; None when time and size are all that is simulated.
    measured_scale
        With a workload: time on this node over time on the machine that runs the simulation, when
        tasks take the time that was measured; None when they take the profile's.
    """

    name: str
    kind: RoleKind
    model: NodeModel
    sci_period_ns: int
    energy: EnergyRates = field(default_factory=EnergyRates)
    uplink: Uplink | None = None
    upstream: tuple[str, ...] = ()
    source: SourceConfig | None = None
    options: NodeOptions = NodeOptions()
    merges_downstream: bool = True
    decode_ns_of: Mapping[str, IntArray] = field(default_factory=dict)
    workload: Workload | None = None
    measured_scale: float | None = None

    @property
    def role(self) -> Role:
        """The node's place, as policies see it."""
        is_source = self.source is not None
        return Role(self.kind, is_source, is_sink=not is_source and self.uplink is None)


def _frozen(array: _Array) -> _Array:
    array.setflags(write=False)
    return array
