"""The networks that a run can have, by name."""

from __future__ import annotations

from typing import Final

from cosim.errors import UnknownNameError
from cosim.runner import PortFactory, open_ns3_port

BACKENDS: Final = ("ns3",)

__all__ = ["BACKENDS", "PortFactory", "port_factory_of"]


def port_factory_of(backend: str) -> PortFactory:
    """What makes the network of a backend, given the scenario and a file for its standard error.

    Raises
    ------
    UnknownNameError
        When there is no such backend.
    """
    if backend == "ns3":
        return open_ns3_port
    raise UnknownNameError("backend", backend, BACKENDS)
