"""Reinforcement learning: an episode is a run, a step one split decision of one node.

``gymnasium.make("cosim/SplitInference-v0")`` finds the environment by itself (an entry point of the
package); ``cosim gym`` is the same for programs that are written for ns3-gym. What is observed and
rewarded stands in `cosim.gym.observation` and `cosim.gym.decisions`.
"""
