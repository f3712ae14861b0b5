"""Controllers made from a scenario and the shipped profiles, each knowing its own part only."""

from __future__ import annotations

import functools
import gc
import types
from collections.abc import Iterator

import pytest

from cosim.models import load_device_profile, load_model_profile
from cosim.nodes import EnergyRates, NodeController, Uplink, UplinkHop, build_controllers, uplink_of
from cosim.nodes.config import node_model_of
from cosim.scenario import load_scenario
from cosim.scenario.topology import Segment, Topology, build_topology
from cosim.splitting import make_policy

MS = 1_000_000


def _build(
    count_energy_of: tuple[str, ...] = ("ue", "iab"),
) -> tuple[Topology, dict[str, NodeController]]:
    topology = build_topology(load_scenario("mmwave-iab"))
    devices = {
        name: load_device_profile(str(topology.node(name).device))
        for name in topology.computing_nodes
    }
    controllers = build_controllers(
        topology,
        {name: topology.node(name).kind for name in topology.computing_nodes},
        functools.partial(node_model_of, load_model_profile("resnet18")),
        devices,
        lambda: make_policy("hivemind"),
        sci_period_ns=50 * MS,
        think_ns=0,
        timeout_ns=2000 * MS,
        count_energy_of=count_energy_of,
    )
    return topology, controllers


def test_every_computing_node_has_a_controller_in_its_place() -> None:
    topology, controllers = _build()
    assert tuple(controllers) == topology.computing_nodes
    for name, controller in controllers.items():
        config = controller.config
        assert config.role.is_source == (config.kind == "ue")
        assert config.role.is_sink == (name == topology.root)
        assert config.model.layers == load_model_profile("resnet18").layer_count
        segment = None if config.kind == "ue" else topology.next_computing(name)
        assert config.uplink == uplink_of(segment)
        for child in config.upstream:
            uplink = controllers[child].config.uplink
            assert uplink is not None and uplink.destination == name


def test_energy_counts_where_it_is_asked_to() -> None:
    _, controllers = _build(("ue",))
    for controller in controllers.values():
        energy = controller.config.energy
        if controller.config.kind == "ue":
            assert min(energy.busy_w, energy.radio_w, energy.radio_j_per_bit) > 0
        else:
            assert energy == EnergyRates()


def test_no_controller_can_reach_another_or_the_topology() -> None:
    """Each could run on its own machine: nothing that it refers to is central."""
    _, controllers = _build()
    for controller in controllers.values():
        others = [c for c in _reachable(controller) if isinstance(c, NodeController | Topology)]
        assert others == [controller]


def _reachable(root: object) -> Iterator[object]:
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        thing = waiting.pop()
        shared = type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType
        if id(thing) in seen or isinstance(thing, shared):
            continue
        seen.add(id(thing))
        yield thing
        waiting.extend(gc.get_referents(thing))


def test_a_segment_over_nodes_that_do_not_compute() -> None:
    segment = Segment("ue", "donor", ("ue-access", "C"), ("iab1",))
    assert uplink_of(segment) == Uplink(
        "donor", (UplinkHop("ue-access", "ue", "iab1"), UplinkHop("C", "iab1", "donor"))
    )
    assert uplink_of(None) is None
    with pytest.raises(ValueError, match="zip"):
        uplink_of(Segment("ue", "donor", ("ue-access", "C")))
