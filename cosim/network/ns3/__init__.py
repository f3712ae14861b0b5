"""ns-3 as a network: a child process that simulates packets, in lock-step over ZeroMQ."""

from cosim.network.ns3.channel_cache import ChannelCache, channel_cache_at
from cosim.network.ns3.network import Ns3Network, open_ns3
from cosim.network.ns3.process import LastWill

__all__ = ["ChannelCache", "LastWill", "Ns3Network", "channel_cache_at", "open_ns3"]
