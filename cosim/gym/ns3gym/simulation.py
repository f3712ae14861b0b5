"""A run as an ns3-gym simulation: the agent waits at a port, this side connects and asks.

As the simulations of ns3-gym do, it tells its spaces, then a state for every decision, and one last
state when the run is over. Everything but the socket is the core that Gymnasium's side has too.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from cosim import api
from cosim.assembly import prepare, resolve_scenario
from cosim.backends import PortFactory
from cosim.errors import InterruptedRunError, NetworkError
from cosim.gym.decisions import (
    AGENT_POLICY,
    AgentPolicy,
    Question,
    RewardLedger,
    whole_model_times,
)
from cosim.gym.ns3gym.agent import AgentSocket
from cosim.gym.ns3gym.wire import (
    decode_acknowledgement,
    decode_action,
    encode_spaces,
    encode_state,
)
from cosim.gym.observation import LONGEST_S, Observation, observation_size
from cosim.ledger import TaskOutcome
from cosim.results import RunResult
from cosim.scenario import Scenario

_GRACE_S: Final = 60.0  # beyond an agent's patience: a decision of the agent ends by itself
_FAREWELL_S: Final = 5.0  # for the answer to the last state, which changes nothing


class AgentStoppedError(InterruptedRunError):
    """The agent asked for an end before the run's."""


@dataclass(frozen=True)
class Patience:
    """How long to wait, in s: for the agent to come, and for each of its decisions."""

    arrival_s: float = 60.0
    decision_s: float = 600.0


def simulate(
    port: int,
    scenario: str | Path | Scenario,
    *,
    patience: Patience,
    port_factory: PortFactory,
    run_options: dict[str, Any],
    scenario_options: dict[str, Any],
) -> RunResult:
    """Run a scenario whose decisions the agent at `port` makes.

    Parameters
    ----------
    port
        TCP port of the agent, on this machine.
    scenario, scenario_options, run_options
        As of `cosim.run`: those that choose what is run, and the others.
    patience
        How long to wait for the agent.
    port_factory
        Makes the network.

    Raises
    ------
    AgentStoppedError
        When the agent ended the run.
    CosimError
        See `cosim.run`; also when the agent dies or does not answer.
    """
    chosen = resolve_scenario(scenario, policy=AGENT_POLICY, **scenario_options)
    socket = AgentSocket(port)
    try:
        conversation = _Conversation(socket, chosen, patience)
        result = api.run(
            chosen,
            port_factory=port_factory,
            policy_factory=lambda: AgentPolicy(conversation.ask),
            on_task=conversation.ledger.record_task,
            decision_limit_s=patience.decision_s + _GRACE_S,
            **run_options,
        )
        conversation.end()
        return result
    finally:
        socket.close()


class _Conversation:
    """The agent's side of a run."""

    def __init__(self, socket: AgentSocket, scenario: Scenario, patience: Patience) -> None:
        self._socket = socket
        self._patience = patience
        setup = prepare(scenario, lambda: AgentPolicy(self.ask))
        self.ledger = RewardLedger(scenario, whole_model_times(setup.controllers))
        layers = setup.model.layer_count
        size = observation_size(layers)
        self._last: Observation = np.zeros(size, dtype=np.float32)
        spaces = encode_spaces(os.getpid(), size, LONGEST_S, layers + 1)
        if not decode_acknowledgement(socket.ask(spaces, patience.arrival_s)):
            raise AgentStoppedError("the agent ended the run before its start")

    def ask(self, question: Question) -> int:
        """Put a decision to the agent."""
        self._last = question.observation
        state = self._state(is_over=False)
        action = decode_action(self._socket.ask(state, self._patience.decision_s))
        if action is None:
            raise AgentStoppedError("the agent ended the run")
        return action

    def end(self) -> None:
        """Tell that the run is over; what the agent answers, if it does, is of no interest."""
        try:
            self._socket.ask(self._state(is_over=True), _FAREWELL_S)
        except NetworkError:
            return

    def _state(self, *, is_over: bool) -> bytes:
        reward, tasks = self.ledger.take()
        return encode_state(self._last, reward, _told(tasks), is_over=is_over)


def _told(tasks: Sequence[TaskOutcome]) -> str:
    """The tasks that a reward is for, as JSON."""
    return msgspec.json.encode(tasks).decode() if tasks else ""
