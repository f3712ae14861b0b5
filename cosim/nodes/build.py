"""Make the controllers of a network, each with nothing but its own part of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

import msgspec

from cosim.models import DeviceProfile
from cosim.models.workload import Workload
from cosim.nodes.arrivals import ArrivalConfig
from cosim.nodes.config import (
    EnergyRates,
    NodeConfig,
    NodeModel,
    NodeOptions,
    SourceConfig,
    energy_rates_of,
)
from cosim.nodes.controller import NodeController
from cosim.nodes.link_costs import Uplink, UplinkHop
from cosim.splitting.node import RoleKind
from cosim.splitting.policy import NodePolicy


class SegmentLike(Protocol):
    """The way from a node up to the next computing one, as `cosim.scenario.topology.Segment`."""

    @property
    def source(self) -> str: ...
    @property
    def destination(self) -> str: ...
    @property
    def links(self) -> tuple[str, ...]: ...
    @property
    def via(self) -> tuple[str, ...]: ...


class TreeLike(Protocol):
    """What is needed of `cosim.scenario.topology.Topology`."""

    @property
    def computing_nodes(self) -> tuple[str, ...]: ...
    def next_computing(self, name: str) -> SegmentLike | None: ...
    def upstream_computing(self, name: str) -> tuple[str, ...]: ...


def uplink_of(segment: SegmentLike | None) -> Uplink | None:
    """A segment of the topology as the `Uplink` of the node at its lower end."""
    if segment is None:
        return None
    nodes = (segment.source, *segment.via, segment.destination)
    ends = zip(segment.links, nodes[:-1], nodes[1:], strict=True)
    return Uplink(segment.destination, tuple(UplinkHop(*link) for link in ends))


def build_controllers(
    tree: TreeLike,
    kinds: Mapping[str, RoleKind],
    make_model: Callable[[DeviceProfile], NodeModel],
    devices: Mapping[str, DeviceProfile],
    make_policy: Callable[[], NodePolicy],
    *,
    sci_period_ns: int,
    think_ns: int,
    timeout_ns: int,
    start_ns: int = 0,
    link_patience_ns: int = 100_000_000,
    count_energy_of: Collection[str] = ("ue", "iab", "donor", "core", "cloud"),
    arrivals: ArrivalConfig = ArrivalConfig(),
    options: NodeOptions = NodeOptions(),
    workload: Workload | None = None,
    measured_scale: Callable[[DeviceProfile], float | None] = lambda _device: None,
) -> dict[str, NodeController]:
    """One controller for each computing node, in the order of the topology.

    Parameters
    ----------
    kinds, devices
        By node name, for all computing nodes.
    make_model
        The model as a device runs it.
    make_policy
        Called once for each node.
    count_energy_of
        The kinds of nodes whose energy counts.
    arrivals
        How tasks come to every UE; each draws from a stream of its own.
    options
        What all nodes do alike.
    workload
        What really computes the shares; without it only their time and size are simulated.
    measured_scale
        With a workload: time on a device over time on this machine, when shares shall take the time
        that was measured; else None.
    """
    models = {name: make_model(devices[name]) for name in tree.computing_nodes}
    ues = [name for name in tree.computing_nodes if kinds[name] == "ue"]
    controllers = {}
    for name in tree.computing_nodes:
        is_ue = name in ues
        counted = kinds[name] in count_energy_of
        source = None
        if is_ue:
            number = ues.index(name)
            source = SourceConfig(
                think_ns=think_ns,
                timeout_ns=timeout_ns,
                first_task_id=number,
                task_id_step=len(ues),
                start_ns=start_ns,
                link_patience_ns=link_patience_ns,
                arrivals=msgspec.structs.replace(arrivals, seed=(*arrivals.seed, number)),
            )
        config = NodeConfig(
            name=name,
            kind=kinds[name],
            model=models[name],
            sci_period_ns=sci_period_ns,
            energy=energy_rates_of(devices[name], with_radio=is_ue) if counted else EnergyRates(),
            uplink=None if is_ue else uplink_of(tree.next_computing(name)),
            upstream=() if is_ue else tree.upstream_computing(name),
            source=source,
            options=options,
            merges_downstream=is_ue or _merges_downstream(tree, name, options),
            decode_ns_of={node: own.decode_ns for node, own in models.items()},
            workload=workload,
            measured_scale=measured_scale(devices[name]),
        )
        controllers[name] = NodeController(config, make_policy())
    return controllers


def _merges_downstream(tree: TreeLike, name: str, options: NodeOptions) -> bool:
    """Whether agents' parameters merge at a node further downstream than this fixed one."""
    segment = tree.next_computing(name) if options.merging else None
    while segment is not None and options.merging is not None:
        if segment.destination == options.merging.node:
            return True
        segment = tree.next_computing(segment.destination)
    return False
