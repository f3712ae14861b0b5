"""Controllers: what runs at each computing node."""

from cosim.nodes.arrivals import ArrivalConfig
from cosim.nodes.build import build_controllers, uplink_of
from cosim.nodes.config import (
    EnergyRates,
    NodeConfig,
    NodeModel,
    NodeOptions,
    SourceConfig,
    make_node_model,
)
from cosim.nodes.controller import NodeController
from cosim.nodes.link_costs import Uplink, UplinkHop

__all__ = [
    "ArrivalConfig",
    "EnergyRates",
    "NodeConfig",
    "NodeController",
    "NodeModel",
    "NodeOptions",
    "SourceConfig",
    "Uplink",
    "UplinkHop",
    "build_controllers",
    "make_node_model",
    "uplink_of",
]
