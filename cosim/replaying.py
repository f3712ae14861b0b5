"""Doing one side of a recorded run again, up to where it parts from the record."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from cosim.assembly import RunSetup, prepare
from cosim.engine import run_loop
from cosim.errors import DivergenceError, InputError, OutputError
from cosim.ledger import SciUpdate, TaskOutcome
from cosim.network.exchanges import FORMAT, Answered, Asked, Ended, Entry, Opened, read_exchanges
from cosim.network.port import LinkReport, NetworkPort, Send, Step, Totals
from cosim.nodes.records import CapacityForecast
from cosim.results import RunResult
from cosim.results.writer import EXCHANGES_NAME
from cosim.scenario import scenario_hash

Side = Literal["controllers", "network"]
SIDES: Final[tuple[Side, ...]] = ("controllers", "network")
_LONGEST_SHOWN: Final = 200


class SideReplay(msgspec.Struct, frozen=True):
    """One side that did all that the record says.

    Attributes
    ----------
    exchanges, simulated_s
        How many, and up to which simulated time.
    is_whole
        Whether the record has an end; that of a run that failed has none.
    """

    side: Side
    exchanges: int
    simulated_s: float
    is_whole: bool


def replay_controllers(directory: Path) -> SideReplay:
    """Run the controllers again, with the recorded network.

    Raises
    ------
    DivergenceError
        When they ask for something else than was recorded.
    InputError
        When there is no record, or profiles or scenario are not those of the run.
    """
    setup, entries = _open(directory)
    network = _RecordedNetwork(entries)
    is_whole = True
    try:
        run_loop(network, setup.controllers, setup.topology, setup.scenario.duration, _NoRecorder())
    except _EndOfRecordError:
        is_whole = False
    return SideReplay("controllers", network.exchanges, network.now_ns / 1e9, is_whole)


def replay_network(directory: Path, open_network: Callable[[RunResult], NetworkPort]) -> SideReplay:
    """Run the network again, with what the controllers asked of it.

    Parameters
    ----------
    open_network
        Makes the network of a run.

    Raises
    ------
    DivergenceError
        When it answers something else than was recorded.
    InputError
        As `replay_controllers`.
    NetworkError
        When the network fails.
    """
    _, entries = _open(directory)
    network = open_network(RunResult.open(directory))
    exchanges, now_ns, is_whole = 0, 0, False
    asked: Asked | None = None
    try:
        for entry in entries:
            if isinstance(entry, Asked):
                asked = entry
            elif isinstance(entry, Answered):
                step = network.start() if asked is None else network.advance(*_request(asked))
                _compare("network", exchanges, step, entry.step, now_ns)
                exchanges, now_ns = exchanges + 1, step.now_ns
            elif isinstance(entry, Ended):
                _compare("network", exchanges, network.finish(), entry.totals, now_ns)
                is_whole = True
    finally:
        network.close()
    return SideReplay("network", exchanges, now_ns / 1e9, is_whole)


def first_difference(now: Any, recorded: Any, path: str = "") -> str | None:
    """Say where two messages differ first, for example ``commands[0].size_bytes``; None: nowhere.

    NaN equals NaN: a wire has no SINR.
    """
    if isinstance(now, dict) and isinstance(recorded, dict) and now.keys() == recorded.keys():
        items = ((f"{path}.{key}".lstrip("."), now[key], recorded[key]) for key in now)
    elif isinstance(now, list | tuple) and isinstance(recorded, list | tuple):
        if len(now) != len(recorded):
            return f"{path} has {len(now)} entries, recorded are {len(recorded)}"
        pairs = zip(now, recorded, strict=True)
        items = ((f"{path}[{i}]", a, b) for i, (a, b) in enumerate(pairs))
    else:
        return (
            None if _same(now, recorded) else f"{path} is {_show(now)}, recorded {_show(recorded)}"
        )
    return next((d for where, a, b in items if (d := first_difference(a, b, where))), None)


class _EndOfRecordError(Exception):
    """The record of a failed run is at its end."""


class _RecordedNetwork:
    """A `NetworkPort` that answers from the record, and makes sure that it is asked the same."""

    version = "record"

    def __init__(self, entries: Iterator[Entry]) -> None:
        self._entries = entries
        self.exchanges = 0
        self.now_ns = 0

    def start(self) -> Step:
        return self._answer()

    def advance(self, until_ns: int, commands: tuple[Send, ...]) -> Step:
        asked = next(self._entries, None)
        if asked is None:
            raise _EndOfRecordError
        recorded = asked if isinstance(asked, Asked) else "the end"
        _compare("controllers", self.exchanges, Asked(until_ns, commands), recorded, self.now_ns)
        return self._answer()

    def finish(self) -> Totals:
        ended = next(self._entries, None)
        if ended is None:
            raise _EndOfRecordError
        if not isinstance(ended, Ended):
            _compare("controllers", self.exchanges, "the end", ended, self.now_ns)
            raise AssertionError("an end is nothing else")
        return ended.totals

    def close(self) -> None:
        """Nothing to release."""

    def _answer(self) -> Step:
        answer = next(self._entries, None)
        if answer is None:
            raise _EndOfRecordError
        if not isinstance(answer, Answered):
            raise OutputError(f"the record has a {type(answer).__name__} where an answer is due")
        self.exchanges += 1
        self.now_ns = answer.step.now_ns
        return answer.step


class _NoRecorder:
    """The engine's `Recorder` that keeps nothing."""

    def record_task(self, task: TaskOutcome) -> None:
        pass

    def record_links(self, time_ns: int, links: tuple[LinkReport, ...]) -> None:
        pass

    def record_sci(self, update: SciUpdate) -> None:
        pass

    def record_forecast(self, forecast: CapacityForecast) -> None:
        pass


def _open(directory: Path) -> tuple[RunSetup, Iterator[Entry]]:
    """The run in a directory, and its record after the first entry."""
    run = RunResult.open(directory)
    entries = read_exchanges(directory / EXCHANGES_NAME)
    opened = next(entries, None)
    if not isinstance(opened, Opened) or opened.format != FORMAT:
        raise OutputError(f"{directory / EXCHANGES_NAME} is no record that this cosim can read")
    scenario = run.scenario
    if scenario_hash(scenario) != opened.scenario_sha256:
        raise InputError(f"{directory}: the scenario beside the record is not the recorded one")
    setup = prepare(scenario)
    digests = setup.digests
    changed = [name for name, known in run.manifest.profiles.items() if digests.get(name) != known]
    if changed:
        raise InputError(f"{directory}: {', '.join(changed)} is not as it was in the recorded run")
    return setup, entries


def _request(asked: Asked) -> tuple[int, tuple[Send, ...]]:
    return asked.until_ns, asked.commands


def _compare(side: Side, exchange: int, now: object, recorded: object, now_ns: int) -> None:
    if msgspec.msgpack.encode(now) == msgspec.msgpack.encode(recorded):
        return
    found = first_difference(msgspec.to_builtins(now), msgspec.to_builtins(recorded))
    raise DivergenceError(
        f"{side}: not as recorded from exchange {exchange} on: {found or 'bytes differ'}",
        sim_time_ns=now_ns,
    )


def _same(now: object, recorded: object) -> bool:
    if isinstance(now, float) and isinstance(recorded, float) and math.isnan(now):
        return math.isnan(recorded)
    return type(now) is type(recorded) and now == recorded


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
