"""ns-3 as a network: a child process that simulates packets, in lock-step over ZeroMQ."""

from cosim.network.ns3.network import Ns3Network, open_ns3

__all__ = ["Ns3Network", "open_ns3"]
