"""The socket to an agent: it binds, we connect and ask, and no answer is waited for without end."""

from __future__ import annotations

import time
from typing import Final

import zmq
from zmq.utils.monitor import recv_monitor_message

from cosim.errors import PeerDiedError, PeerTimeoutError

_LAST_WORDS_MS: Final = 200  # for an answer that was on its way when the agent ended


class AgentSocket:
    """A REQ socket to ``tcp://localhost:PORT``; an agent that ends is noticed at once.

    Parameters
    ----------
    port
        TCP port at which the agent waits.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.REQ)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._monitor = self._socket.get_monitor_socket(
            zmq.EVENT_CONNECTED | zmq.EVENT_DISCONNECTED
        )
        self._is_connected = False
        self._socket.connect(f"tcp://localhost:{port}")
        self._poller = zmq.Poller()
        self._poller.register(self._socket, zmq.POLLIN)
        self._poller.register(self._monitor, zmq.POLLIN)

    def ask(self, data: bytes, patience_s: float) -> bytes:
        """Send `data`, and wait for the answer.

        Raises
        ------
        PeerDiedError
            When the agent's connection ends.
        PeerTimeoutError
            When nobody is there, or no answer comes, within `patience_s`.
        """
        self._socket.send(data)
        limit = time.monotonic() + patience_s
        while True:
            left_ms = int((limit - time.monotonic()) * 1000)
            if left_ms <= 0:
                raise self._silence(patience_s)
            ready = dict(self._poller.poll(left_ms))
            if self._socket in ready:
                return self._socket.recv()
            if self._monitor in ready and self._has_gone():
                if self._socket.poll(_LAST_WORDS_MS):
                    return self._socket.recv()
                raise PeerDiedError(f"the agent at port {self._port} has gone")

    def close(self) -> None:
        """Release the socket; may be called twice."""
        if self._socket.closed:
            return
        self._socket.disable_monitor()
        self._monitor.close(0)
        self._socket.close(0)
        self._context.term()

    def _has_gone(self) -> bool:
        event = recv_monitor_message(self._monitor)["event"]
        self._is_connected = event == zmq.EVENT_CONNECTED
        return not self._is_connected

    def _silence(self, patience_s: float) -> PeerTimeoutError:
        if self._is_connected:
            return PeerTimeoutError(
                f"the agent at port {self._port} did not answer within {patience_s:g} s"
            )
        return PeerTimeoutError(
            f"no agent came to port {self._port} within {patience_s:g} s",
            hint="start the agent first, or name its port with --port",
        )
