"""Tells Gymnasium of the environment; called by Gymnasium itself, through an entry point."""

from __future__ import annotations


def register_environments() -> None:
    """Register ``SplitInference-v0`` in the name space of the entry point, ``cosim``."""
    from gymnasium.envs.registration import register

    register(id="SplitInference-v0", entry_point="cosim.gym.environment:SplitInferenceEnv")
