"""The Gymnasium environment ``cosim/SplitInference-v0``."""

from __future__ import annotations

import math
import operator
import threading
from pathlib import Path
from typing import Any

import gymnasium
import msgspec
import numpy as np
from gymnasium import spaces

from cosim.assembly import Overrides, prepare, resolve_scenario
from cosim.backends import PortFactory, port_factory_of
from cosim.errors import InputError
from cosim.gym.decisions import AgentPolicy, Question
from cosim.gym.episode import DEFAULT_PATIENCE_S, Episode, Turn
from cosim.gym.observation import LONGEST_S, Mask, Observation, observation_size
from cosim.scenario import Scenario

_LARGEST_SEED = 2**31 - 1


class SplitInferenceEnv(gymnasium.Env[Observation, np.int64]):
    """Where does this node stop? An episode is a run, a step one decision of one node.

    - Observation: ``Box(0, 10, (6 + 3 (L + 1),), float32)``; `cosim.gym.observation` says what
      each number is, in which unit.
    - Action: ``Discrete(L + 1)``, the boundary at which the node passes the task on; L finishes it
      there. ``info["action_mask"]`` says which make sense.
    - Reward: the time in s that the tasks which ended since the decision before have saved over
      running them on the UE alone; see `cosim.gym.decisions`. ``info["tasks"]`` lists them.
    - The episode is truncated when the scenario's duration is over; it never terminates.
      The last observation is then the one before, for no decision is waiting.

    ``reset(seed=s)`` runs the scenario with seed s, as ``cosim run --seed s`` does; later resets
    without a seed draw new ones.

    Parameters
    ----------
    scenario, model, load, duration_s, overrides
        As of `cosim.run`.
    backend
        Network: ``ns3`` or ``simplified``.
    energy_weight
        What a joule counts in the reward, where a second counts 1.
    patience_s
        Longest time that the run waits for a decision, and the agent for the run, s.
    port_factory
        Makes the network in the backend's stead, as in `cosim.run`.

    Raises
    ------
    InputError
        When there is no such scenario, or an option has no value that can be; in `step`, when an
        action is no boundary.
    """

    def __init__(
        self,
        scenario: str | Path | Scenario = "mmwave-iab",
        *,
        backend: str = "ns3",
        model: str | None = None,
        load: str | None = None,
        duration_s: float | None = None,
        overrides: Overrides = (),
        energy_weight: float = 0.0,
        patience_s: float = DEFAULT_PATIENCE_S,
        port_factory: PortFactory | None = None,
        render_mode: str | None = None,
    ) -> None:
        if render_mode is not None:
            raise InputError(f"there is no render mode '{render_mode}': a run has no picture")
        if not (math.isfinite(energy_weight) and energy_weight >= 0):
            raise InputError(f"energy_weight: {energy_weight} is not 0 or more")
        if not 0 < patience_s <= threading.TIMEOUT_MAX:
            raise InputError(f"patience_s: {patience_s} s is no time to wait")
        self.metadata = {"render_modes": []}
        self.render_mode = None
        self._scenario = resolve_scenario(
            scenario, model=model, load=load, duration_s=duration_s, overrides=overrides
        )
        self._port_factory = port_factory or port_factory_of(backend, patience_s=patience_s)
        self._energy_weight = energy_weight
        self._patience_s = patience_s
        layers = prepare(self._scenario, lambda: AgentPolicy(lambda _: 0)).model.layer_count
        size = observation_size(layers)
        self.observation_space = spaces.Box(0.0, LONGEST_S, (size,), np.float32)
        self.action_space = spaces.Discrete(layers + 1)
        self._layers = layers
        self._episode: Episode | None = None
        self._question: Question | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        super().reset(seed=seed)
        self._end_episode()
        if seed is None:
            seed = int(self.np_random.integers(_LARGEST_SEED))
        self._episode = Episode(
            resolve_scenario(self._scenario, seed=seed),
            self._port_factory,
            energy_weight=self._energy_weight,
            patience_s=self._patience_s,
        )
        turn = self._next_turn(self._episode)
        if turn.question is None:
            self._end_episode()
            raise InputError(
                "the run ended without a decision", hint="is the duration too short for a task?"
            )
        self._question = turn.question
        return turn.question.observation, _info(turn.question.mask, turn)

    def step(self, action: np.int64) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        if self._episode is None or self._question is None:
            raise InputError("there is no episode to step through", hint="call reset() first")
        self._episode.answer(self._boundary(action))
        turn = self._next_turn(self._episode)
        last = self._question
        self._question = question = turn.question
        if question is None:
            self._end_episode()
            # Copies: what the step before gave is the agent's to keep or change.
            return last.observation.copy(), turn.reward, False, True, _info(last.mask.copy(), turn)
        return question.observation, turn.reward, False, False, _info(question.mask, turn)

    def action_masks(self) -> Mask:
        """The mask of the decision at hand, under the name that sb3-contrib looks for."""
        if self._question is None:
            raise InputError("there is no decision at hand", hint="call reset() first")
        return self._question.mask

    def close(self) -> None:
        self._end_episode()
        super().close()

    def _boundary(self, action: np.int64) -> int:
        try:
            boundary = operator.index(action)
        except TypeError:
            boundary = -1
        if not 0 <= boundary <= self._layers:
            raise InputError(f"action {action!r} is no boundary, from 0 to {self._layers}")
        return boundary

    def _next_turn(self, episode: Episode) -> Turn:
        try:
            return episode.next_turn()
        except BaseException:
            self._end_episode()
            raise

    def _end_episode(self) -> None:
        self._question = None
        if self._episode is not None:
            self._episode.close()
            self._episode = None


def _info(mask: Mask, turn: Turn) -> dict[str, Any]:
    return {"action_mask": mask, "tasks": [msgspec.structs.asdict(task) for task in turn.tasks]}
