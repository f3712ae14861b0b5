"""A run that an agent steps through: the loop in a thread of its own, one decision at a time.

The loop calls controllers, and controllers their policy; an agent wants to call instead. So the run
has its own thread, and exactly one of the two threads is at work at any time: the run's policy puts
a question and waits for the answer, the agent's side gives an answer and waits for a question.
"""

from __future__ import annotations

import contextlib
import queue
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cosim.assembly import RunSetup, prepare
from cosim.backends import PortFactory
from cosim.engine import run_loop
from cosim.errors import CosimError, InternalError, PeerTimeoutError
from cosim.gym.decisions import AgentPolicy, Question, RewardLedger, whole_model_times
from cosim.ledger import TaskOutcome
from cosim.scenario import Scenario

DEFAULT_PATIENCE_S: Final = 600.0
_JOIN_S: Final = 70.0  # longer than any wait of a network port


class EpisodeClosed(BaseException):
    """Ends the run's thread from the agent's side; passes through every ``except Exception``."""


@dataclass(frozen=True, eq=False)
class Turn:
    """What a step gives: a question, or None when the run is over; and the reward until then."""

    question: Question | None
    reward: float
    tasks: tuple[TaskOutcome, ...]


class Episode:
    """One run, from its start to its end or until it is closed.

    Parameters
    ----------
    scenario
        What to run.
    port_factory
        Makes the network.
    energy_weight
        See `RewardLedger`.
    patience_s
        Longest time to wait for the other side, s.
    """

    def __init__(
        self,
        scenario: Scenario,
        port_factory: PortFactory,
        *,
        energy_weight: float = 0.0,
        patience_s: float = DEFAULT_PATIENCE_S,
    ) -> None:
        self._scenario = scenario
        self._port_factory = port_factory
        self._patience_s = patience_s
        self._setup = prepare(scenario, lambda: AgentPolicy(self._ask))
        alone_s = whole_model_times(self._setup.controllers)
        self._ledger = RewardLedger(scenario, alone_s, energy_weight)
        self._turns: queue.SimpleQueue[Turn | BaseException] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="cosim-episode", daemon=True)
        self._thread.start()

    def next_turn(self) -> Turn:
        """Wait for the next decision, or for the end.

        Raises
        ------
        CosimError
            The run failed, or did not come to a decision in time.
        """
        try:
            turn = self._turns.get(timeout=self._patience_s)
        except queue.Empty:
            raise PeerTimeoutError(
                f"the run came to no decision within {self._patience_s:g} s"
            ) from None
        if isinstance(turn, Turn):
            return turn
        if isinstance(turn, CosimError):
            raise turn
        raise InternalError(f"{type(turn).__name__}: {turn}") from turn

    def answer(self, stop: int) -> None:
        """Decide, and let the run go on."""
        self._answers.put(stop)

    def close(self) -> None:
        """End the run, wherever it is, with its network; may be called twice."""
        self._answers.put(None)
        self._thread.join(_JOIN_S)

    def _ask(self, question: Question) -> int:
        self._turns.put(Turn(question, *self._ledger.take()))
        try:
            answer = self._answers.get(timeout=self._patience_s)
        except queue.Empty:
            raise PeerTimeoutError(
                f"the agent did not decide within {self._patience_s:g} s"
            ) from None
        if answer is None:
            raise EpisodeClosed
        return answer

    def _run(self) -> None:
        try:
            self._simulate(self._setup)
        except EpisodeClosed:
            return
        except BaseException as error:
            self._turns.put(error)
        else:
            self._turns.put(Turn(None, *self._ledger.take()))

    def _simulate(self, setup: RunSetup) -> None:
        with tempfile.TemporaryDirectory(prefix="cosim-episode-") as scratch:
            port = self._port_factory(self._scenario, Path(scratch) / "ns3-stderr.txt")
            with contextlib.closing(port):
                duration_ns = self._scenario.duration
                run_loop(port, setup.controllers, setup.topology, duration_ns, self._ledger)
