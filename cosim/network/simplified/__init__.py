"""The simplified simulator: the paper's own level of detail, in numpy, much faster than packets.

Friis and SNR to CQI to MCS on radio links, proportional fairness among background UEs with
log-normal demand, mean waits on wires, and messages as fluid (HiveMind VII.A).
"""

from cosim.network.simplified.network import SimplifiedNetwork, open_simplified

__all__ = ["SimplifiedNetwork", "open_simplified"]
