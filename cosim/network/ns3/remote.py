"""An ns-3 that somebody else starts, on another machine or in another container, over TCP.

Off unless ``$COSIM_NS3_LISTEN`` says where to listen, ``tcp://HOST:PORT`` or a port of 127.0.0.1;
``$COSIM_SESSION_SECRET_FILE`` then names a file of 64 hexadecimal digits that both sides have. The
secret is this side's CURVE key (CurveZMQ, RFC 26): whoever lacks it can neither connect, for it
takes the public key, which is never told, nor read what is sent.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import zmq
from zmq.utils import z85

from cosim.errors import InputError, NetworkError

LISTEN_VARIABLE: Final = "COSIM_NS3_LISTEN"
SECRET_VARIABLE: Final = "COSIM_SESSION_SECRET_FILE"
# A machine that is too busy must not look dead; one that was stopped is to be noticed within 5 s.
_HEARTBEAT_INTERVAL_MS: Final = 1000
_HEARTBEAT_TIMEOUT_MS: Final = 3500
_SECRET: Final = re.compile(r"[0-9a-fA-F]{64}")
_ENDPOINT: Final = re.compile(r"tcp://(\[[0-9a-fA-F:]+\]|[^:/\s]+):(\d{1,5})")


@dataclass(frozen=True, repr=False)
class RemoteAccess:
    """Where to listen for ns-3, and the secret that it must have.

    Parameters
    ----------
    endpoint
        ``tcp://HOST:PORT``.
    secret
        32 bytes.
    """

    endpoint: str
    secret: bytes

    @property
    def session(self) -> str:
        """The session's id: the public key that belongs to the secret."""
        return zmq.curve_public(z85.encode(self.secret)).decode("ascii")

    def bind(self, socket: zmq.Socket[bytes]) -> None:
        """Listen, for whom has the secret.

        Raises
        ------
        NetworkError
            When the address cannot be had.
        """
        socket.setsockopt(zmq.HEARTBEAT_IVL, _HEARTBEAT_INTERVAL_MS)
        socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, _HEARTBEAT_TIMEOUT_MS)
        socket.curve_server = True
        socket.curve_secretkey = z85.encode(self.secret)
        try:
            socket.bind(self.endpoint)
        except zmq.ZMQError as error:
            raise NetworkError(
                f"cannot listen at {self.endpoint}: {error.strerror}",
                hint=f"{LISTEN_VARIABLE} names another address",
            ) from error


class RemotePeer:
    """Stands where a local process would: of a remote one only its connection is known."""

    label = "the remote ns-3"
    exit_fd = None

    def is_stopped(self) -> bool:
        """Its heartbeats would fail, which ends the connection."""
        return False

    def describe_end(self) -> str:
        """All that is known."""
        return "ended its connection"

    def wait(self, timeout_s: float) -> bool:
        """It ends by itself."""
        return True

    def close(self) -> None:
        """It ends when its connection does."""


def remote_access(environment: Mapping[str, str] = os.environ) -> RemoteAccess | None:
    """What the environment says about a remote ns-3; None when it says nothing.

    Raises
    ------
    InputError
        When what it says cannot be.
    """
    endpoint = environment.get(LISTEN_VARIABLE)
    if not endpoint:
        return None
    if endpoint.isdecimal():
        endpoint = f"tcp://127.0.0.1:{endpoint}"
    return RemoteAccess(checked_endpoint(endpoint), read_secret(environment.get(SECRET_VARIABLE)))


def checked_endpoint(endpoint: str) -> str:
    """``tcp://HOST:PORT``, or an `InputError`."""
    match = _ENDPOINT.fullmatch(endpoint)
    if match is None or not 0 < int(match[2]) < 65536:
        raise InputError(f"'{endpoint}' is not of the form tcp://HOST:PORT")
    return endpoint


def read_secret(path: str | None) -> bytes:
    """The secret in a file, or an `InputError` that says what is wrong with it."""
    hint = "make one with: python3 -c 'import secrets; print(secrets.token_hex(32))' > FILE"
    if not path:
        raise InputError(f"no session secret: {SECRET_VARIABLE} names no file", hint=hint)
    try:
        text = Path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the session secret {path} cannot be read: {error}") from error
    if not _SECRET.fullmatch(text):
        raise InputError(f"the session secret {path} is not 64 hexadecimal digits", hint=hint)
    return bytes.fromhex(text)
