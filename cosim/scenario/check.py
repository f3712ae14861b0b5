"""Checks that types cannot express: ranges, what belongs to which kind of node or link, names."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from cosim.errors import ScenarioError, nearest_name_hint
from cosim.scenario.carriers import bandwidths_mhz, fits_carrier
from cosim.scenario.population import background_users, transit_users
from cosim.scenario.schema import (
    BlockageSpec,
    CrossTrafficSpec,
    LinkSpec,
    LoadSpec,
    LogNormalSpec,
    NodeSpec,
    RadioSpec,
    Scenario,
    TaskSpec,
    TopologyChangeSpec,
)
from cosim.scenario.topology import SERVING_KINDS, Topology, access_link, build_topology
from cosim.units import RateBps

# A name stands in key paths and file names, and a digit first would look like an index.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*\Z")
_SHORTEST_TIMEOUT_NS = 1_000_000  # a task each ns would stop the clock
_RADIO_KINDS = ("ue", *SERVING_KINDS)
_LEAST_COHERENCE_NS = 1_000_000  # the demand is redrawn no more often, by the radio stack
_WIDEST_SIGMA = 3  # e^3 is 20 times the median
_LEAST_PACKET_BYTES, _LARGEST_PACKET_BYTES = 29, 1500  # IPv4 and UDP headers; MTU
_FASTEST_MPS = 500 / 3.6
_TOO_FAST = "must be from 0 to 500 km/h (ITU-R M.2410 4.11)"
_FARTHEST_M = 1e6  # beyond it, nothing that is meant in earnest
_LEAST_QUEUE_BYTES = 10_000
_MOST_QUEUE_BYTES = 1_000_000_000
_LEAST_NS = 1_000  # of what happens again and again, so that the clock moves
_MOST_SIGMA = 20.0  # of ln(rate): e^20 is 5e8
_MOST_FACTOR = 1000.0
_MOST_NODES = 5000
_MOST_CELL_UES = 10_000
_MOST_COMPONENTS = 100  # of a mixture
_RLC_HEADER_BYTES = 8  # of what waits in a queue, as in rlc-channel.h
MOST_RADIO_NODES = 65_000  # BAP addresses and the IPv4 subnet of the radio network have 16 bits
_TOO_MANY = f"the radio network would have more than {MOST_RADIO_NODES} nodes at this load"
_NOT_AT_CARRIER = "there is none at this carrier: 0 to 2 below 7.125 GHz, 2 to 4 from 24.25 GHz"

Check = tuple[str, bool, str]  # key path, whether it holds, what is wrong when it does not


def check_scenario(scenario: Scenario) -> None:
    """Raise a `ScenarioError` for the first thing that is wrong with a scenario."""
    _check_names(scenario)
    _check_finite(scenario, "")
    _require(_radio_checks(scenario.radio))
    _require(_run_checks(scenario))
    _require(_load_checks(scenario))
    _require(_population_checks(scenario))
    topology = build_topology(scenario)
    _require(_mix_checks(topology))
    _check_merging(scenario, topology)
    for node in scenario.nodes:
        _require(_node_checks(node))
        _check_path(node, topology)
    for link in scenario.links:
        _require(_link_checks(link, topology))
    for index, blockage in enumerate(scenario.blockages):
        _check_blockage(blockage, f"blockages[{index}]", topology)
    for index, change in enumerate(scenario.topology_changes):
        path = f"topology_changes[{index}]"
        _check_known(f"{path}.node", "IAB node", change.node, topology.of_kind("iab"))
        _require(_change_checks(change, path, topology))


def _require(checks: Iterator[Check]) -> None:
    for path, holds, problem in checks:
        if not holds:
            raise ScenarioError(path, problem)


def _check_known(path: str, kind: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        hint = nearest_name_hint(name, sorted(known))
        raise ScenarioError(path, f"unknown {kind} '{name}'", hint=hint)


def _check_names(scenario: Scenario) -> None:
    paths = [("name", scenario.name)]
    paths += [(f"nodes[{i}].name", node.name) for i, node in enumerate(scenario.nodes)]
    paths += [(f"links[{i}].name", link.name) for i, link in enumerate(scenario.links)]
    for path, name in paths:
        if not _NAME.match(name):
            hint = "a letter first, then letters, digits, '-' and '_'"
            raise ScenarioError(path, f"'{name}' is no name", hint=hint)


def _check_finite(value: Any, path: str) -> None:
    """TOML knows `nan` and `inf`; no field has a use for them."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ScenarioError(path, f"{value} is not a finite number")
    if isinstance(value, tuple):
        for index, item in enumerate(value):
            name = getattr(item, "name", None)
            _check_finite(item, f"{path}.{name}" if name else f"{path}[{index}]")
    if isinstance(value, msgspec.Struct):
        for key in value.__struct_fields__:
            _check_finite(getattr(value, key), f"{path}.{key}".removeprefix("."))


def _run_checks(s: Scenario) -> Iterator[Check]:
    positive = "must be more than 0"
    yield "seed", 0 <= s.seed < 2**63, "must be from 0 to 2^63 - 1"
    yield "duration", s.duration > 0, positive
    yield "report_interval", s.report_interval >= _LEAST_NS, "must be at least 1 us"
    yield "sci.period", s.sci.period > 0, positive
    yield "task.timeout", s.task.timeout >= _SHORTEST_TIMEOUT_NS, "must be at least 1 ms"
    yield "task.interval", s.task.interval > 0, positive
    yield "task.link_patience", s.task.link_patience > 0, positive
    yield "task.backward_ratio", s.task.backward_ratio >= 0, "cannot be negative"
    yield from _work_checks(s.task)
    inference = s.task.kind == "inference"
    yield "task.transfer", inference or s.task.transfer == "fp32", "is for inference only"
    yield "task.execute", inference or not s.task.execute, "is for inference only"
    needs_execute = "measured needs task.execute = true (--execute)"
    yield "task.timing", s.task.execute or s.task.timing == "profile", needs_execute
    yield "sci.change", s.sci.change >= 0, "cannot be negative"
    wants_trace = s.prediction.forecaster in ("oracle", "learned")
    missing = "is required by this forecaster: the directory of an earlier run"
    yield "prediction.trace", not wants_trace or s.prediction.trace is not None, missing
    for key in ("capacity", "hop_time", "latency", "plans"):
        margin = getattr(s.validation, key)
        yield f"validation.{key}", margin is None or margin >= 0, "cannot be negative"
    tau = s.validation.ranking
    yield "validation.ranking", tau is None or -1 <= tau <= 1, "must be from -1 to 1"
    yield "prediction.error", s.prediction.error >= 0, "cannot be negative"
    yield "prediction.tasks", s.prediction.tasks >= 1, "must be at least 1"
    limit = s.objective.latency_limit
    yield "objective.latency_limit", limit is None or limit > 0, positive
    yield "objective.front_cap", 1 <= s.objective.front_cap <= 60_000, "must be 1 to 60000"
    for key in ("latency_weight", "energy_weight"):
        yield f"objective.{key}", getattr(s.objective, key) >= 0, "cannot be negative"
    yield "energy.count", bool(s.energy.count), "must name at least one kind of node"
    yield "background.ues_per_cell", s.background.ues_per_cell >= 0, "cannot be negative"
    yield from _mixture_checks(s.background.population_mixture, "population", _WIDEST_SIGMA)
    yield from _mixture_checks(s.background.rate_mixture, "rate", _MOST_SIGMA)
    share_ok = 0 <= s.background.downlink_share <= _MOST_FACTOR
    yield "background.downlink_share", share_ok, f"must be from 0 to {_MOST_FACTOR:g}"
    coherence_ok = s.background.coherence >= _LEAST_COHERENCE_NS
    yield "background.coherence", coherence_ok, "must be at least 1 ms"
    packet_ok = _LEAST_PACKET_BYTES <= s.background.packet <= _LARGEST_PACKET_BYTES
    yield "background.packet", packet_ok, "must be from 29 B, a byte behind headers, to 1500 B"
    most = (s.radio.queue - _RLC_HEADER_BYTES) // s.background.packet
    burst_ok = 1 <= s.background.burst <= most
    yield "background.burst", burst_ok, "must be from 1 packet to what `radio.queue` takes"
    yield "background.speed", 0 <= s.background.speed <= _FASTEST_MPS, _TOO_FAST
    radius_ok = 0 < s.background.radius_m <= _FARTHEST_M
    yield "background.radius_m", radius_ok, "must be more than 0 and at most 1000 km"
    yield "nodes", len(s.nodes) <= _MOST_NODES, f"there can be at most {_MOST_NODES}"


def _mixture_checks(mixture: tuple[LogNormalSpec, ...], of: str, widest: float) -> Iterator[Check]:
    path = f"background.{of}_mixture"
    components_ok = 1 <= len(mixture) <= _MOST_COMPONENTS
    yield path, components_ok, f"must have from 1 to {_MOST_COMPONENTS} components"
    for index, part in enumerate(mixture):
        for key in ("median", "weight"):
            here = f"{path}[{index}].{key}"
            factor_ok = 1 / _MOST_FACTOR <= getattr(part, key) <= _MOST_FACTOR
            yield here, factor_ok, f"must be from {1 / _MOST_FACTOR:g} to {_MOST_FACTOR:g}"
        sigma_ok = 0 <= part.sigma <= widest
        yield f"{path}[{index}].sigma", sigma_ok, f"must be from 0 to {widest:g}"


def _population_checks(s: Scenario) -> Iterator[Check]:
    serving = [node for node in s.nodes if node.kind in SERVING_KINDS]
    crowds = [(_population_key(node), node.name, background_users(s, node)) for node in serving] + [
        (f"nodes.{node.name}.transit.ues", node.name, transit_users(s, node)) for node in serving
    ]
    total = len(s.nodes) + sum(users for _, _, users in crowds)
    yield "background.ues_per_cell", total <= MOST_RADIO_NODES, _TOO_MANY
    for path, name, users in crowds:
        too_many = f"'{name}' has more than {_MOST_CELL_UES} at this load"
        yield path, users <= _MOST_CELL_UES, too_many


def _population_key(node: NodeSpec) -> str:
    """What says how many background UEs a node has."""
    if node.background_ues is None:
        return "background.ues_per_cell"
    return f"nodes.{node.name}.background_ues"


def _load(s: Scenario) -> LoadSpec:
    load: LoadSpec = getattr(s.loads, s.load)
    return load


def _work_checks(task: TaskSpec) -> Iterator[Check]:
    yield "task.runs", task.runs >= 1, "must be at least 1"
    alone = task.runs == 1 or task.kind == "inference"
    yield "task.runs", alone, "recurrent models are for inference: set task.kind to 'inference'"
    plain = task.runs == 1 or (task.transfer == "fp32" and not task.execute)
    yield "task.runs", plain, "is for fp32 tensors that are not really computed (task.execute)"
    yield "task.states", task.runs > 1 or not task.states, "only go with task.runs of more than 1"
    for index, state in enumerate(task.states):
        yield f"task.states[{index}].size", state.size > 0, "must be more than 0"
    yield "task.merge_interval", task.merge_interval >= 1, "must be at least 1"
    yield "task.agents", task.agents >= 2, "must be at least 2: one agent has nobody to learn with"


def _check_merging(scenario: Scenario, topology: Topology) -> None:
    """Parameters merge where every UE's way to the root leads through."""
    node = scenario.task.merge_at
    if node is None:
        return
    _check_known("task.merge_at", "computing node", node, topology.computing_nodes)
    if any(topology.may_avoid(serving, node) for serving in topology.serving_nodes):
        raise ScenarioError("task.merge_at", f"the way of some UE does not pass '{node}'")


def _load_checks(s: Scenario) -> Iterator[Check]:
    for level in s.loads.__struct_fields__:
        load = getattr(s.loads, level)
        for key in ("population", "demand"):
            factor_ok = 0 <= getattr(load, key) <= _MOST_FACTOR
            yield f"loads.{level}.{key}", factor_ok, f"must be from 0 to {_MOST_FACTOR:g}"
    load = _load(s)
    too_much = "is more than 10 Tbit/s at this load"
    yield "background.ue_rate", s.background.ue_rate * load.demand <= RateBps.LARGEST, too_much
    for node in s.nodes:
        rate_bps = 0.0 if node.transit is None else node.transit.ue_rate * load.demand
        yield f"nodes.{node.name}.transit.ue_rate", rate_bps <= RateBps.LARGEST, too_much
    for link in s.links:
        crowd = link.cross_traffic
        rate_bps = 0.0 if crowd is None else crowd.rate * load.population * load.demand
        yield f"links.{link.name}.cross_traffic.rate", rate_bps <= RateBps.LARGEST, too_much


def _radio_checks(r: RadioSpec) -> Iterator[Check]:
    # TR 38.901 clause 6.1: 0.5 to 100 GHz, bandwidth up to 10 % of the carrier and at most 2 GHz.
    carrier_ok = 500_000_000 <= r.carrier <= 100_000_000_000
    yield "radio.carrier", carrier_ok, "must be from 0.5 GHz to 100 GHz (TR 38.901 6.1)"
    widest = min(r.carrier // 10, 2_000_000_000)
    bandwidth_ok = 0 < r.bandwidth <= widest
    yield "radio.bandwidth", bandwidth_ok, "must be at most 10 % of the carrier (TR 38.901 6.1)"
    yield "radio.numerology", 0 <= r.numerology <= 4, "must be from 0 to 4 (TS 38.211 4.2)"
    yield "radio.numerology", fits_carrier(r.numerology, r.carrier), _NOT_AT_CARRIER
    known = ", ".join(f"{mhz} MHz" for mhz in bandwidths_mhz(r.numerology))
    has_blocks = r.bandwidth in {mhz * 1_000_000 for mhz in bandwidths_mhz(r.numerology)}
    yield "radio.bandwidth", has_blocks, f"at numerology {r.numerology} must be one of {known}"
    letters = set(r.tdd_pattern)
    yield "radio.tdd_pattern", letters <= set("DSUF"), "may have only the letters D, S, U, F"
    both = "F" in letters or {"D", "U"} <= letters
    yield "radio.tdd_pattern", both, "needs both a D and a U slot, or an F slot"
    yield "radio.scatterer_speed", 0 <= r.scatterer_speed <= _FASTEST_MPS, _TOO_FAST
    yield "radio.k1", 1 <= r.k1 <= 15, "must be from 1 to 15 (TS 38.213 9.2.3)"
    yield "radio.k2", 0 <= r.k2 <= 32, "must be from 0 to 32 (TS 38.214 6.1.2.1)"
    yield (
        "radio.harq_processes",
        1 <= r.harq_processes <= 32,
        "must be from 1 to 32 (TS 38.214 5.1)",
    )
    yield "radio.harq_transmissions", 1 <= r.harq_transmissions <= 16, "must be from 1 to 16"
    for key in ("ue_array", "iab_array"):
        array = getattr(r, key)
        for side in ("rows", "columns"):
            size = getattr(array, side)
            yield f"radio.{key}.{side}", 1 <= size <= 64, "must be from 1 to 64"
    yield "radio.noise_figure", r.noise_figure >= 0, "cannot be negative"
    yield "radio.handover_hysteresis", r.handover_hysteresis >= 0, "cannot be negative"
    yield "radio.channel_update", r.channel_update >= _LEAST_NS, "must be at least 1 us"
    yield "radio.channel_redraw", r.channel_redraw >= _LEAST_NS, "must be at least 1 us"
    queue_ok = _LEAST_QUEUE_BYTES <= r.queue <= _MOST_QUEUE_BYTES
    yield "radio.queue", queue_ok, "must be from 10 kB, a few packets, to 1 GB"


def _mix_checks(topology: Topology) -> Iterator[Check]:
    yield "nodes", bool(topology.computing_ues), "no UE has a device, so no task would ever start"
    yield "nodes", bool(topology.serving_nodes), "no node of kind 'iab' or 'donor' could serve a UE"
    for name in topology.of_kind("donor")[1:]:
        yield f"nodes.{name}.kind", False, "is a second donor, and there can be one"


def _node_checks(node: NodeSpec) -> Iterator[Check]:
    path = f"nodes.{node.name}"
    is_radio, moves = node.kind in _RADIO_KINDS, bool(node.waypoints_m)
    is_placed = node.position_m is not None
    missing = f"is required for a node of kind '{node.kind}'"
    needless = f"only radio nodes have one, this is of kind '{node.kind}'"
    yield f"{path}.position_m", is_placed or not is_radio, missing
    yield f"{path}.position_m", is_radio or not is_placed, needless
    points = [
        ("position_m", node.position_m or ()),
        *(("waypoints_m", p) for p in node.waypoints_m),
    ]
    for key, point in points:
        yield f"{path}.{key}", all(abs(x) <= _FARTHEST_M for x in point), "is beyond 1000 km"
    yield f"{path}.waypoints_m", not moves or node.kind == "ue", "only a UE moves"
    yield f"{path}.speed", not node.speed > 0 or moves, "has no waypoints_m to go to"
    yield f"{path}.speed", node.speed > 0 or not moves, "must be more than 0 to reach waypoints_m"
    serves = node.background_ues is None or node.kind in SERVING_KINDS
    yield f"{path}.background_ues", serves, "only IAB nodes and donors have a cell"
    some = node.background_ues is None or node.background_ues >= 0
    yield f"{path}.background_ues", some, "cannot be negative"
    if node.transit is not None:
        yield f"{path}.transit", node.kind == "iab", "only IAB nodes have a backhaul to load"
        yield f"{path}.transit.ues", node.transit.ues >= 0, "cannot be negative"


def _check_path(node: NodeSpec, topology: Topology) -> None:
    path = f"nodes.{node.name}.path"
    if node.path and node.kind not in ("ue", "iab"):
        raise ScenarioError(path, f"is for UEs and IAB nodes, this is of kind '{node.kind}'")
    backhaul = {name: link for name, link in topology.links.items() if link.kind == "wireless"}
    taken: dict[str, str] = {}
    for index, name in enumerate(node.path):
        _check_known(f"{path}[{index}]", "backhaul link", name, backhaul)
        child = backhaul[name].child
        if child in taken:
            problem = f"'{name}' and '{taken[child]}' both lead up from '{child}'"
            raise ScenarioError(f"{path}[{index}]", problem)
        taken[child] = name


def _link_checks(link: LinkSpec, topology: Topology) -> Iterator[Check]:
    path = f"links.{link.name}"
    child, parent = topology.nodes[link.child], topology.nodes[link.parent]
    taken = link.name not in {access_link(ue) for ue in topology.ues}
    yield f"{path}.name", taken, "is the name of a UE's radio link"
    if link.kind == "wireless":
        yield from _wireless_checks(link, path, child, parent)
    else:
        yield from _wired_checks(link, path, child, parent)


def _traffic_checks(traffic: CrossTrafficSpec, path: str) -> Iterator[Check]:
    yield f"{path}.rate", traffic.rate > 0, "must be more than 0"
    sigma_ok = 0 <= traffic.sigma <= _MOST_SIGMA
    yield f"{path}.sigma", sigma_ok, f"must be from 0 to {_MOST_SIGMA:g}"
    yield f"{path}.coherence", traffic.coherence >= _LEAST_NS, "must be at least 1 us"


def _wireless_checks(
    link: LinkSpec, path: str, child: NodeSpec, parent: NodeSpec
) -> Iterator[Check]:
    for key in ("capacity", "delay", "cross_traffic"):
        yield f"{path}.{key}", getattr(link, key) is None, "is for wired links, the radio sets it"
    wired = link.queue_discipline != "drop-tail"
    yield f"{path}.queue_discipline", not wired, "is for wired links"
    lower_end = f"must be an IAB node, '{child.name}' is '{child.kind}'"
    upper_end = f"must be an IAB node or a donor, '{parent.name}' is '{parent.kind}'"
    yield f"{path}.child", child.kind == "iab", lower_end
    yield f"{path}.parent", parent.kind in SERVING_KINDS, upper_end
    yield path, child.position_m != parent.position_m, "both ends are at the same position"


def _wired_checks(link: LinkSpec, path: str, child: NodeSpec, parent: NodeSpec) -> Iterator[Check]:
    yield f"{path}.capacity", link.capacity is not None, "is required for a wired link"
    yield f"{path}.capacity", link.capacity != 0, "must be more than 0"
    yield f"{path}.delay", link.delay is not None, "is required for a wired link"
    yield f"{path}.queue", link.queue > 0, "must be more than 0"
    lower_end = f"must be a donor or core node, '{child.name}' is '{child.kind}'"
    upper_end = f"must be a core node or the cloud, '{parent.name}' is '{parent.kind}'"
    yield f"{path}.child", child.kind in ("donor", "core"), lower_end
    yield f"{path}.parent", parent.kind in ("core", "cloud"), upper_end
    if link.cross_traffic is not None:
        yield from _traffic_checks(link.cross_traffic, f"{path}.cross_traffic")


def _change_checks(change: TopologyChangeSpec, path: str, topology: Topology) -> Iterator[Check]:
    moves = change.action == "parent"
    yield f"{path}.parent", moves or change.parent is None, "is for the action 'parent' alone"
    yield f"{path}.parent", not moves or change.parent is not None, "is required"
    if change.parent is not None:
        serves = change.parent in topology.serving_nodes and change.parent != change.node
        yield f"{path}.parent", serves, f"'{change.parent}' is no other IAB node or donor"


def _check_blockage(blockage: BlockageSpec, path: str, topology: Topology) -> None:
    wireless = [name for name, link in topology.links.items() if link.kind == "wireless"]
    _check_known(
        f"{path}.link",
        "wireless link",
        blockage.link,
        [*wireless, *(access_link(ue) for ue in topology.ues)],
    )
    if blockage.end <= blockage.start:
        raise ScenarioError(f"{path}.end", "must be later than start")
    if blockage.loss <= 0:
        raise ScenarioError(f"{path}.loss", "must be more than 0: an obstacle takes power away")
