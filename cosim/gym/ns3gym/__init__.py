"""Behaves as an ns3-gym simulation: see `cosim.gym.ns3gym.simulation`."""
