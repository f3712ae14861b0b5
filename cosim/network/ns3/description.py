"""What ns-3 is told of a scenario: plain maps in SI units, with the load applied."""

from __future__ import annotations

from typing import Any

from cosim.network.demand import (
    LARGEST_CROSS_FRACTION,
    cross_rate_bps,
    demand_bps,
    load_of,
)
from cosim.network.trajectory import LONGEST_S, trajectory
from cosim.scenario.population import background_users, transit_users
from cosim.scenario.schema import (
    BackgroundSpec,
    BlockageSpec,
    CrossTrafficSpec,
    LinkSpec,
    LoadSpec,
    LogNormalSpec,
    NodeSpec,
    RadioSpec,
    Scenario,
    TopologyChangeSpec,
)
from cosim.scenario.topology import SERVING_KINDS

LOS_DECORRELATION_M = 50.0  # TR 38.901 Table 7.6.3.1-2, UMi
_NS_PER_S = 1e9


def describe_network(scenario: Scenario) -> dict[str, Any]:
    """Build the ``network`` field of the configuration message.

    Returns
    -------
    dict
        Integers in ns, byte and bit/s, floats in m, Hz, dB and dBm, as the keys say.
    """
    load = load_of(scenario)
    return {
        "seed": scenario.seed,
        "report_interval_ns": int(scenario.report_interval),
        "radio": _radio(scenario.radio, _los_update_ns(scenario), _has_relays(scenario)),
        "nodes": [_node(node, scenario) for node in scenario.nodes],
        "links": [_link(link, load) for link in scenario.links],
        "background": _background(scenario.background, load),
        "blockages": [_blockage(blockage) for blockage in scenario.blockages],
        "topology_changes": [_topology_change(change) for change in scenario.topology_changes],
    }


def _has_relays(scenario: Scenario) -> bool:
    return any(link.kind == "wireless" for link in scenario.links)


def _radio(radio: RadioSpec, los_update_ns: int, has_relays: bool) -> dict[str, Any]:
    return {
        "carrier_hz": float(radio.carrier),
        "bandwidth_hz": int(radio.bandwidth),
        "numerology": radio.numerology,
        "tdd_pattern": radio.tdd_pattern,
        "half_duplex": radio.half_duplex if has_relays else "none",
        "backhaul_sectors": radio.backhaul_sectors,
        "backhaul_channels": radio.backhaul_channels,
        "flow_control": radio.flow_control,
        "scheduling_request": radio.scheduling_request,
        "buffer_report": radio.buffer_report,
        "k1": radio.k1,
        "k2": radio.k2,
        "decode_latency_ns": int(radio.decode_latency),
        "cqi_delay_ns": int(radio.cqi_delay),
        "interference": radio.interference,
        "mcs_table": radio.mcs_table,
        "sharing": radio.sharing,
        "scheduler": radio.scheduler,
        "harq_processes": radio.harq_processes,
        "harq_transmissions": radio.harq_transmissions,
        "rlc": radio.rlc,
        "rlc_status_delay_ns": int(radio.rlc_status_delay),
        "environment": radio.environment,
        "access_condition": radio.access_condition,
        "backhaul_condition": radio.backhaul_condition,
        "shadowing": radio.shadowing,
        "noise_figure_db": float(radio.noise_figure),
        "ue_power_dbm": float(radio.ue_power),
        "iab_power_dbm": float(radio.iab_power),
        "eirp_limit_dbm": None if radio.eirp_limit is None else float(radio.eirp_limit),
        "scatterer_speed_mps": float(radio.scatterer_speed),
        "ue_array": [radio.ue_array.rows, radio.ue_array.columns],
        "iab_array": [radio.iab_array.rows, radio.iab_array.columns],
        "queue_bytes": int(radio.queue),
        "channel_update_ns": int(radio.channel_update),
        "channel_redraw_ns": int(radio.channel_redraw),
        "los_update_ns": los_update_ns,
        "handover_hysteresis_db": float(radio.handover_hysteresis),
        "handover_time_to_trigger_ns": int(radio.handover_time_to_trigger),
        "handover_interruption_ns": int(radio.handover_interruption),
        "handover_forwarding": radio.handover_forwarding,
        "backhaul_failure_ns": int(radio.backhaul_failure),
    }


def _los_update_ns(scenario: Scenario) -> int:
    """Time in which the fastest UE crosses a decorrelation distance; 0 when nothing moves."""
    speeds_mps = [float(node.speed) for node in scenario.nodes if node.waypoints_m]
    fastest_mps = max([float(scenario.background.speed), *speeds_mps])
    if fastest_mps <= 0:
        return 0
    return round(min(LOS_DECORRELATION_M / fastest_mps, LONGEST_S) * _NS_PER_S)


def _node(node: NodeSpec, scenario: Scenario) -> dict[str, Any]:
    serves = node.kind in SERVING_KINDS
    return {
        "name": node.name,
        "kind": node.kind,
        "position_m": None if node.position_m is None else list(node.position_m),
        "waypoints": [point._asdict() for point in trajectory(node)],
        "background_ues": background_users(scenario, node) if serves else 0,
        "transit": _transit(node, scenario),
        "path": list(node.path),
    }


def _transit(node: NodeSpec, scenario: Scenario) -> dict[str, Any] | None:
    if node.transit is None:
        return None
    demand = demand_bps(scenario.background, load_of(scenario), node.transit)
    return {"ues": transit_users(scenario, node), "demand_bps": _mixture(demand)}


def _link(link: LinkSpec, load: LoadSpec) -> dict[str, Any]:
    description: dict[str, Any] = {
        "name": link.name,
        "kind": link.kind,
        "child": link.child,
        "parent": link.parent,
    }
    if link.kind == "wired":
        description |= {
            "capacity_bps": int(link.capacity or 0),
            "delay_ns": int(link.delay or 0),
            "queue_bytes": int(link.queue),
            "queue_discipline": link.queue_discipline,
            "cross_traffic": _cross_traffic(link.cross_traffic, load),
        }
    return description


def _cross_traffic(traffic: CrossTrafficSpec | None, load: LoadSpec) -> dict[str, Any] | None:
    if traffic is None:
        return None
    return {
        "rate_bps": cross_rate_bps(traffic, load),
        "sigma": traffic.sigma,
        "coherence_ns": int(traffic.coherence),
        "max_fraction": LARGEST_CROSS_FRACTION,
    }


def _mixture(mixture: tuple[LogNormalSpec, ...]) -> list[dict[str, float]]:
    return [{"weight": p.weight, "median": p.median, "sigma": p.sigma} for p in mixture]


def _background(background: BackgroundSpec, load: LoadSpec) -> dict[str, Any]:
    return {
        "traffic": background.traffic,
        "packet_bytes": int(background.packet),
        "burst_packets": background.burst,
        "speed_mps": float(background.speed),
        "demand_bps": _mixture(demand_bps(background, load)),
        "downlink_share": background.downlink_share,
        "coherence_ns": int(background.coherence),
        "radius_m": background.radius_m,
    }


def _blockage(blockage: BlockageSpec) -> dict[str, Any]:
    return {
        "link": blockage.link,
        "start_ns": int(blockage.start),
        "end_ns": int(blockage.end),
        "loss_db": float(blockage.loss),
    }


def _topology_change(change: TopologyChangeSpec) -> dict[str, Any]:
    return {
        "time_ns": int(change.time),
        "node": change.node,
        "action": change.action,
        "parent": change.parent,
    }
