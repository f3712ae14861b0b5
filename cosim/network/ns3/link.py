"""The ZeroMQ socket to ns-3: private, numbered, and never waited on without a deadline."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import zmq
from zmq.utils.monitor import recv_monitor_message

from cosim.errors import PeerDiedError, PeerTimeoutError, ProtocolError
from cosim.network.ns3.process import LastWill, Ns3Process
from cosim.network.ns3.remote import RemoteAccess, RemotePeer
from cosim.network.ns3.wire import Codec, Failure, Incoming, Outgoing

_LONGEST_SOCKET_PATH = 100  # sun_path holds 108 bytes
_LAST_WORDS_MS = 200  # for a message that was on its way when the process ended
_LARGEST_MESSAGE = 1 << 28
_LOOK_INTERVAL_MS = 500  # at whether the process was stopped


class Ns3Link:
    """Starts ns-3 on a fresh socket that only this user can reach, and talks with it.

    With `remote` ns-3 is not started here, but expected to come.

    A peer that dies is noticed through its process descriptor, one that is stopped through its
    process state, one that loops through the deadline. Of a remote one its heartbeats are heard
    instead: here they would take a process that waits long for a processor for a dead one.

    Parameters
    ----------
    program
        The ns-3 program.
    stderr_path
        File that takes its standard error.
    deadline_s
        Longest time to wait for an answer, s.
    patience_s
        Longest time that ns-3 waits for this side, s; by default the same.
    last_will
        What ns-3 is to do for this process if it is killed.
    remote
        Where to wait for an ns-3 that somebody else starts; None starts one here.
    arguments
        Further ones of the program.
    """

    def __init__(
        self,
        program: Path | None,
        *,
        stderr_path: Path,
        deadline_s: float,
        patience_s: float | None = None,
        last_will: LastWill | None = None,
        remote: RemoteAccess | None = None,
        arguments: tuple[str, ...] = (),
    ) -> None:
        self.now_ns = 0
        self._deadline_s = deadline_s
        self._codec = Codec(remote.session if remote else secrets.token_hex(8))
        self._directory: Path | None = None
        with contextlib.ExitStack() as opened:  # a signal may come at any moment of the start
            opened.callback(self.hide)
            self._context = zmq.Context()
            opened.callback(self._context.destroy, 0)
            self._socket = self._context.socket(zmq.DEALER)
            self._socket.setsockopt(zmq.LINGER, 0)
            self._socket.setsockopt(zmq.MAXMSGSIZE, _LARGEST_MESSAGE)
            self._monitor = self._socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
            self._peer: Ns3Process | RemotePeer = RemotePeer()
            if remote is not None:
                remote.bind(self._socket)
            elif program is not None:
                patience_s = deadline_s if patience_s is None else patience_s
                self._peer = self._start(program, patience_s, stderr_path, last_will, arguments)
            opened.callback(self._peer.close)
            self._opened = opened.pop_all()
        self._poller = zmq.Poller()
        for waitable in (self._socket, self._monitor, self._peer.exit_fd):
            if waitable is not None:
                self._poller.register(waitable, zmq.POLLIN)

    def _start(
        self,
        program: Path,
        patience_s: float,
        stderr_path: Path,
        last_will: LastWill | None,
        arguments: tuple[str, ...],
    ) -> Ns3Process:
        self._directory = _private_directory()
        endpoint = f"ipc://{self._directory}/ns3.sock"
        self._socket.bind(endpoint)
        return Ns3Process(
            program,
            endpoint=endpoint,
            session=self._codec.session,
            deadline_s=patience_s,
            stderr_path=stderr_path,
            last_will=last_will,
            arguments=arguments,
        )

    @property
    def is_remote(self) -> bool:
        """Whether somebody else starts ns-3."""
        return isinstance(self._peer, RemotePeer)

    def ask(self, kind: type[Outgoing], **fields: Any) -> Incoming:
        """Send a message and wait for the answer.

        Raises
        ------
        ProtocolError
            When it is larger than ns-3 takes; and as `receive`.
        """
        message = self._codec.encode(kind, **fields)
        if len(message) > _LARGEST_MESSAGE:
            raise ProtocolError(
                f"nodes send {len(message)} bytes at once, ns-3 takes {_LARGEST_MESSAGE}",
                hint="run a smaller batch of the model",
                sim_time_ns=self.now_ns,
            )
        try:
            # A socket without a peer would block for ever.
            self._socket.send(message, zmq.NOBLOCK)
        except zmq.Again:
            return self._read_last_words()
        return self.receive()

    def receive(self, deadline_s: float | None = None) -> Incoming:
        """Wait for the next message.

        Parameters
        ----------
        deadline_s
            Instead of the link's own.

        Raises
        ------
        PeerDiedError
            When ns-3 ended, was stopped, or its connection broke.
        PeerTimeoutError
            When nothing came before the deadline.
        ProtocolError
            When what came is not what the protocol allows, or ns-3 reports an error.
        """
        deadline_s = self._deadline_s if deadline_s is None else deadline_s
        left_ms = int(deadline_s * 1000)
        was_stopped = False
        while True:
            begin_s = time.monotonic()
            ready = dict(self._poller.poll(min(left_ms, _LOOK_INTERVAL_MS)))
            # Time in which this process was stopped itself (Ctrl-Z) does not count.
            waited_ms = int((time.monotonic() - begin_s) * 1000)
            left_ms = max(0, left_ms - min(waited_ms, 2 * _LOOK_INTERVAL_MS))
            if self._socket in ready:
                return self._read()
            if self._peer.exit_fd in ready:
                return self._read_last_words()
            if self._monitor in ready and self._is_disconnected():
                return self._read_last_words()
            # Twice: when a shell lets both processes go on, this one may be the first to wake.
            is_stopped = self._peer.is_stopped()
            if is_stopped and was_stopped:
                raise PeerDiedError(
                    f"{self._peer.label} was stopped by a signal", sim_time_ns=self.now_ns
                )
            was_stopped = is_stopped
            if left_ms == 0:
                raise PeerTimeoutError(
                    f"ns-3 did not answer within {deadline_s:g} s",
                    hint="is the machine overloaded, or the report interval very long?",
                    sim_time_ns=self.now_ns,
                )

    def hide(self) -> None:
        """Remove the socket's name: who is connected stays so, and nothing is left to clean up."""
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)

    def wait_for_end(self) -> None:
        """Give ns-3 time to end by itself after its last message."""
        self._peer.wait(self._deadline_s)

    def close(self) -> None:
        """End ns-3 if it still runs, and remove the socket; may be called twice."""
        self._opened.close()

    def _read(self) -> Incoming:
        message = self._codec.decode(self._socket.recv())
        if isinstance(message, Failure):
            raise ProtocolError(f"ns-3 failed: {message.reason}", sim_time_ns=message.sim_time_ns)
        return message

    def _is_disconnected(self) -> bool:
        recv_monitor_message(self._monitor)
        if isinstance(self._peer, Ns3Process):
            return True
        # Over TCP it may have been a stranger's connection, which never came so far as to be ours:
        # before ns-3 has come nothing is lost, and then nothing is as long as one can send.
        if not self._codec.has_received or self._socket.poll(_LAST_WORDS_MS):
            return False
        return not self._socket.poll(0, zmq.POLLOUT)

    def _read_last_words(self) -> Incoming:
        """Return what ns-3 still sent before its end, or say that it died."""
        if self._socket.poll(_LAST_WORDS_MS):
            return self._read()
        if self._peer.wait(1.0):
            raise PeerDiedError(
                f"{self._peer.label} {self._peer.describe_end()}",
                sim_time_ns=self.now_ns,
            )
        raise PeerDiedError(
            f"{self._peer.label} is there but its connection is dead; was it stopped?",
            sim_time_ns=self.now_ns,
        )


def _private_directory() -> Path:
    """Make a directory of mode 0700 whose path leaves room for a socket's name."""
    directory = Path(tempfile.mkdtemp(prefix="cosim-"))
    if len(str(directory)) > _LONGEST_SOCKET_PATH - len("/ns3.sock"):
        with contextlib.suppress(OSError):
            directory.rmdir()
        directory = Path(tempfile.mkdtemp(prefix="cosim-", dir="/tmp"))
    return directory
