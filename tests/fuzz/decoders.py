"""Fuzz what decodes bytes from outside, guided by coverage (atheris, which is libFuzzer).

    python tests/fuzz/decoders.py -max_total_time=60 [further options of libFuzzer] [CORPUS]

The first byte of an input chooses the decoder: of messages between nodes (SCI, tasks and the rest),
or of ns-3's. It may raise `ProtocolError` and nothing else, and what it took must come out of the
encoder as it went in.
"""

from __future__ import annotations

import inspect
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

import atheris
import msgspec
import numpy as np

from cosim.errors import ProtocolError
from cosim.network.ns3 import wire
from cosim.nodes import messages, told

NODES: Final = b"N"
NS3: Final = b"W"
SESSION: Final = "s"


def fuzz(data: bytes) -> None:
    """Decode one input."""
    target, payload = data[:1], data[1:]
    try:
        if target == NS3:
            wire.Codec(SESSION).decode(payload)
            return
        message = messages.decode(payload)
    except ProtocolError:
        return
    again = messages.encode(message)
    if isinstance(message, messages.SciMessage):  # costs are coded in the shortest of several ways
        assert messages.encode(messages.decode(again)) == again
    else:
        assert payload[: len(again)] == again


def seeds() -> Iterator[bytes]:
    """A good input of each kind, to begin with."""
    hop = messages.HopTrace("iab1", 3, 10, 20, 30)
    yield from (
        NODES + messages.encode(message)
        for message in (
            messages.SciMessage(4, 1, 7, 5, np.linspace(0.5, 0.0, 20)),
            messages.TaskMessage(1, "ue", 7, 5, 6, 0.5, 0.25, (hop,)),
            messages.DoneMessage(1, 2),
            messages.UpdateRequest(),
        )
    )
    envelope = {"v": wire.PROTOCOL_VERSION, "session": SESSION, "seq": 0}
    link = {"link": "A", "transmitter": "a", "receiver": "b", "capacity_bps": 1, "latency_ns": 2}
    link |= {"queue_bytes": 3, "queue_delay_ns": 4, "hol_delay_ns": 5, "mcs": 6, "sinr_db": 7.0}
    link |= {"used_fraction": 0.5}
    report = {"type": "report", "time_ns": 1, "links": [link]}
    for body in (
        {"type": "hello", "program": "p", "program_version": "1", "ns3_version": "3", "pid": 1},
        {"type": "ready", "now_ns": 0, "events": [report]},
        {"type": "step", "now_ns": 1, "events": [report]},
        {"type": "reject", "reason": "r"},
        {"type": "error", "reason": "r", "sim_time_ns": 1},
    ):
        raw = msgspec.msgpack.encode(envelope | body)
        wire.Codec(SESSION).decode(raw)  # it is good indeed
        yield NS3 + raw


def watch(module: ModuleType) -> None:
    """Tell libFuzzer which ways are taken through a module (an editable install's import hook does
    not work with ``atheris.instrument_imports``)."""
    owners = [module, *(each for _, each in inspect.getmembers(module, inspect.isclass))]
    for owner in owners:
        for _, function in inspect.getmembers(owner, inspect.isfunction):
            if function.__module__ == module.__name__:
                atheris.instrument_func(function)


def main() -> None:
    """Fuzz until libFuzzer's options say that it is enough."""
    for module in (wire, messages, told):
        watch(module)
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds()):
            (Path(folder) / str(number)).write_bytes(seed)
        atheris.Setup([*sys.argv, folder], fuzz)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
