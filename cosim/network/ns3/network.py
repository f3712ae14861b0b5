"""The network port over an ns-3 process."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import NamedTuple

import cosim
from cosim.errors import ProtocolError, RejectedError
from cosim.network.ns3.channel_cache import ChannelCache, ChannelRecord
from cosim.network.ns3.description import describe_network
from cosim.network.ns3.link import Ns3Link
from cosim.network.ns3.process import LastWill
from cosim.network.ns3.program import find_program
from cosim.network.ns3.remote import remote_access
from cosim.network.ns3.wire import (
    Advance,
    Config,
    Finish,
    Hello,
    Ready,
    Reject,
    StepDone,
    TotalsDone,
)
from cosim.network.port import Send, Step, Totals
from cosim.scenario.schema import Scenario

DEFAULT_DEADLINE_S = 60.0
_HELLO_DEADLINE_S = 20.0  # a program that starts takes a second or so
_ARRIVAL_DEADLINE_S = 120.0  # one that somebody else starts, perhaps by hand


class TimeSpent(NamedTuple):
    """Where the real time of a run's steps went.

    Attributes
    ----------
    exchanges
        Steps asked for.
    waited_s
        From each question, encoding it included, to its decoded answer.
    simulating_s
        Of that, what ns-3 needed to simulate; known when the run is over.
    """

    exchanges: int
    waited_s: float
    simulating_s: float

    @property
    def coupling_s(self) -> float:
        """The rest: messages, sockets, and waking each other up."""
        return self.waited_s - self.simulating_s


class Ns3Network:
    """A `NetworkPort` whose packets ns-3 simulates.

    Parameters
    ----------
    link
        A fresh connection to the program.
    scenario
        What to simulate.
    channels
        What the run does with the cache of channels, if anything.
    """

    def __init__(
        self, link: Ns3Link, scenario: Scenario, channels: ChannelRecord | None = None
    ) -> None:
        self._link = link
        self._channels = channels
        self._scenario = scenario
        self._exchanges = 0
        self._waited_ns = 0
        self._simulating_ns = 0
        hello = link.receive(_ARRIVAL_DEADLINE_S if link.is_remote else _HELLO_DEADLINE_S)
        if not isinstance(hello, Hello):
            raise ProtocolError("ns-3 did not say hello")
        theirs, ours = hello.program_version, cosim.__version__
        if theirs != ours:
            raise ProtocolError(
                f"the ns-3 program is of cosim {theirs}, this is {ours}",
                hint="install cosim again, so that both sides are of one version",
            )
        link.hide()
        self._pid = hello.pid
        self._version = f"{hello.program} {hello.program_version} (ns-{hello.ns3_version})"

    @property
    def version(self) -> str:
        """Name and version of the program and of ns-3."""
        return self._version

    @property
    def pid(self) -> int:
        """Process id of ns-3, where it runs."""
        return self._pid

    @property
    def time_spent(self) -> TimeSpent:
        """Where the real time went so far."""
        return TimeSpent(self._exchanges, self._waited_ns / 1e9, self._simulating_ns / 1e9)

    def start(self) -> Step:
        """Build the network; see `NetworkPort.start`."""
        answer = self._link.ask(Config, network=describe_network(self._scenario))
        if isinstance(answer, Reject):
            raise RejectedError(
                f"ns-3 cannot build the network of '{self._scenario.name}': {answer.reason}"
            )
        if not isinstance(answer, Ready):
            raise _unexpected(answer, self._link.now_ns)
        return Step(answer.now_ns, answer.events)

    def advance(self, until_ns: int, commands: tuple[Send, ...]) -> Step:
        """Run a step; see `NetworkPort.advance`."""
        asked_ns = time.perf_counter_ns()
        answer = self._link.ask(Advance, until_ns=int(until_ns), commands=commands)
        self._waited_ns += time.perf_counter_ns() - asked_ns
        self._exchanges += 1
        if not isinstance(answer, StepDone):
            raise _unexpected(answer, self._link.now_ns)
        self._link.now_ns = answer.now_ns
        return Step(answer.now_ns, answer.events)

    def finish(self) -> Totals:
        """End in good order; see `NetworkPort.finish`."""
        answer = self._link.ask(Finish)
        if not isinstance(answer, TotalsDone):
            raise _unexpected(answer, self._link.now_ns)
        self._simulating_ns = answer.simulating_wall_ns
        self._link.wait_for_end()
        if self._channels is not None:
            self._channels.keep()
        return answer.totals

    def close(self) -> None:
        """Release everything; see `NetworkPort.close`."""
        self._link.close()
        if self._channels is not None:
            self._channels.discard()


def open_ns3(
    scenario: Scenario,
    *,
    stderr_path: Path,
    deadline_s: float = DEFAULT_DEADLINE_S,
    patience_s: float | None = None,
    last_will: LastWill | None = None,
    channel_cache: ChannelCache | None = None,
) -> Ns3Network:
    """Start ns-3 for a scenario, or wait for a remote one (see `cosim.network.ns3.remote`).

    Parameters
    ----------
    scenario
        What to simulate.
    stderr_path
        File that takes ns-3's standard error.
    deadline_s
        Longest time to wait for any answer, s.
    patience_s
        Longest time that ns-3 waits for this side, s; by default the same.
    last_will
        Files that ns-3 is to exchange if this process is killed.
    channel_cache
        Where channels are kept for other runs; a remote ns-3 always draws its own.

    Raises
    ------
    BackendMissingError
        When the program is not installed or cannot be started.
    NetworkError
        When it does not say hello as it should.
    """
    remote = remote_access()
    program = find_program() if remote is None else None
    with contextlib.ExitStack() as opened:
        channels = None
        if program is not None and channel_cache is not None:
            described = describe_network(scenario)
            channels = channel_cache.record_of(described, int(scenario.duration), program)
        if channels is not None:
            opened.callback(channels.discard)
        link = Ns3Link(
            program,
            stderr_path=stderr_path,
            deadline_s=deadline_s,
            patience_s=patience_s,
            last_will=last_will,
            remote=remote,
            arguments=() if channels is None else channels.arguments,
        )
        opened.callback(link.close)
        network = Ns3Network(link, scenario, channels)
        opened.pop_all()
        return network


def _unexpected(answer: object, now_ns: int) -> ProtocolError:
    return ProtocolError(
        f"ns-3 answered with '{type(answer).__name__}' out of turn", sim_time_ns=now_ns
    )
