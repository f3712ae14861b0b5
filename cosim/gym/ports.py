"""The network of an episode."""

from __future__ import annotations

from cosim.backends import PortFactory, port_factory_of
from cosim.network.ns3 import open_ns3


def patient_port_factory(backend: str, patience_s: float) -> PortFactory:
    """What makes the network of `backend`, which waits `patience_s` for an agent that thinks.

    Raises
    ------
    UnknownNameError
        When there is no such backend.
    """
    if backend != "ns3":
        return port_factory_of(backend)
    return lambda scenario, stderr_path: open_ns3(
        scenario, stderr_path=stderr_path, patience_s=patience_s
    )
