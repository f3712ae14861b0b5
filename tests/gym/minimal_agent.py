"""An ns3-gym agent from scratch: protobuf's wire format by hand, and nothing of cosim's.

Knows what the public package's agent knows: REP, bound first; which message comes is a matter of
turn.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import zmq

URL = b"type.googleapis.com/ns3opengym."
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 0x80:
            return value, at


def fields(data: bytes) -> dict[int, list[Any]]:
    """By number: integers, byte strings, or the raw bytes of fixed-size values."""
    found: dict[int, list[Any]] = {}
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        value: Any
        if key & 7 == VARINT:
            value, at = read_varint(data, at)
        else:
            size = {FIXED64: 8, FIXED32: 4}.get(key & 7)
            if size is None:
                assert key & 7 == BYTES
                size, at = read_varint(data, at)
            value, at = data[at : at + size], at + size
        found.setdefault(key >> 3, []).append(value)
    return found


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def put(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3 | VARINT) + varint(value) if value else b""
    return varint(number << 3 | BYTES) + varint(len(value)) + value


def numbers(raw: list[Any]) -> list[int]:
    """Packed or not."""
    values = []
    for item in raw:
        if isinstance(item, int):
            values.append(item)
            continue
        at = 0
        while at < len(item):
            value, at = read_varint(item, at)
            values.append(value)
    return values


def content(any_bytes: bytes, name: bytes) -> dict[int, list[Any]]:
    parts = fields(any_bytes)
    assert parts[1] == [URL + name]
    return fields(parts[2][0] if 2 in parts else b"")


def discrete_action(value: int) -> bytes:
    held = put(1, URL + b"DiscreteDataContainer") + put(2, put(1, value))
    return put(1, put(1, 1) + put(2, held))


@dataclass(frozen=True)
class Spaces:
    pid: int
    size: int
    lowest: float
    highest: float
    actions: int


@dataclass(frozen=True)
class State:
    observation: tuple[float, ...]
    reward: float
    is_over: bool
    reason: int
    info: str


def read_spaces(data: bytes) -> Spaces:
    message = fields(data)
    seen, done = fields(message[3][0]), fields(message[4][0])
    assert (seen[1], done[1]) == ([2], [1])
    box, discrete = content(seen[2][0], b"BoxSpace"), content(done[2][0], b"DiscreteSpace")
    assert box[3] == [3]
    (size,) = numbers(box[4])
    lowest = struct.unpack("<f", box[1][0])[0] if 1 in box else 0.0
    return Spaces(message[1][0], size, lowest, struct.unpack("<f", box[2][0])[0], discrete[1][0])


def read_state(data: bytes) -> State:
    message = fields(data)
    held = fields(message[1][0])
    assert held[1] == [2]
    box = content(held[2][0], b"BoxDataContainer")
    raw = b"".join(box[5])
    observation = struct.unpack(f"<{len(raw) // 4}f", raw)
    assert numbers(box[2]) == [len(observation)]
    return State(
        observation=observation,
        reward=struct.unpack("<f", message[2][0])[0] if 2 in message else 0.0,
        is_over=message.get(3) == [1],
        reason=message.get(4, [0])[0],
        info=message[5][0].decode() if 5 in message else "",
    )


class Agent:
    """Waits at a port of its own; every wait ends after `deadline_s`."""

    def __init__(self, deadline_s: float = 60.0) -> None:
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.REP)
        self._socket.setsockopt(zmq.LINGER, 1000)
        self._socket.setsockopt(zmq.RCVTIMEO, int(deadline_s * 1000))
        self.port = self._socket.bind_to_random_port("tcp://127.0.0.1")

    def receive(self) -> bytes:
        return self._socket.recv()

    def send(self, data: bytes) -> None:
        self._socket.send(data)

    def begin(self) -> Spaces:
        spaces = read_spaces(self.receive())
        self.send(put(1, 1))
        return spaces

    def state(self) -> State:
        return read_state(self.receive())

    def act(self, stop: int) -> None:
        self.send(discrete_action(stop))

    def stop(self) -> None:
        self.send(put(2, 1))

    def close(self) -> None:
        self._socket.close()
        self._context.term()
