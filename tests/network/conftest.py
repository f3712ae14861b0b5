"""A peer of ``cosim-ns3`` that says whatever it likes."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zmq

from cosim.network.ns3.program import find_program

SESSION = "fuzz"
ANSWER_S = 30.0


class Rogue:
    """``with`` starts the program on a socket of its own, and ends it."""

    def __enter__(self) -> Rogue:
        self._sent = 0
        self._folder = tempfile.TemporaryDirectory()
        endpoint = f"ipc://{self._folder.name}/s"
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.bind(endpoint)
        command = [str(find_program()), f"--endpoint={endpoint}", f"--session={SESSION}"]
        self._stderr = (Path(self._folder.name) / "stderr").open("w+b")
        self._process = subprocess.Popen([*command, "--deadline-ms=20000"], stderr=self._stderr)
        hello = self.listen()
        assert hello is not None and hello["type"] == "hello"
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.wait()
        self._socket.close(0)
        self._context.term()
        self._stderr.close()
        self._folder.cleanup()

    def say(self, kind: str, **fields: Any) -> dict[str, Any] | None:
        """Send a well-formed message, and wait for the answer."""
        message = {"v": 1, "session": SESSION, "seq": self._sent, "type": kind, **fields}
        return self.throw(msgspec.msgpack.encode(message))

    def throw(self, raw: bytes) -> dict[str, Any] | None:
        """Send any bytes, and wait for the answer."""
        self._sent += 1
        self._socket.send(raw)
        return self.listen()

    def listen(self) -> dict[str, Any] | None:
        """The next message; None when none came in time, or none will."""
        limit = time.monotonic() + ANSWER_S
        while not self._socket.poll(200):
            if self._process.poll() is not None or time.monotonic() > limit:
                return None
        answer: dict[str, Any] = msgspec.msgpack.decode(self._socket.recv())
        return answer

    def exit_status(self) -> int:
        """How the program ended, which it must."""
        return self._process.wait(ANSWER_S)

    def last_words(self) -> str:
        """What it wrote to standard error."""
        self._stderr.seek(0)
        return self._stderr.read().decode()


@pytest.fixture(scope="session")
def rogue() -> type[Rogue]:
    return Rogue
