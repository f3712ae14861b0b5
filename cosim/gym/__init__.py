"""Reinforcement learning: an episode is a run, a step one split decision of one node.

Importing this module registers the Gymnasium environment ``cosim/SplitInference-v0``
(`cosim.gym.environment`). ``cosim gym`` is the same for programs that are written for ns3-gym
(`cosim.gym.ns3gym`). What is observed stands in `cosim.gym.observation`, what is rewarded in
`cosim.gym.decisions`. Both need the extra ``gym``.
"""

import importlib.util

if importlib.util.find_spec("gymnasium") is not None:  # ns3-gym's side needs none
    from gymnasium.envs.registration import register

    register("cosim/SplitInference-v0", "cosim.gym.environment:SplitInferenceEnv")
