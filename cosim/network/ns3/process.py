"""The ns-3 process: start it, know when it ends, end it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path
from typing import NamedTuple

from cosim.errors import BackendMissingError

_STDERR_TAIL_BYTES = 2000
_STDERR_TAIL_LINES = 3


class LastWill(NamedTuple):
    """What ns-3 does for a process that was killed: put `prepared` in the place of `target`."""

    prepared: Path
    target: Path


class Ns3Process:
    """A running ``cosim-ns3``, which watches this process and ends when it does.

    Parameters
    ----------
    program
        The executable.
    endpoint, session
        What it connects to, and the id of the conversation.
    deadline_s
        Longest time that it waits for a message, s.
    stderr_path
        File that takes its standard error.
    last_will
        Files to exchange when this process is killed.
    arguments
        Further ones of the program.

    Raises
    ------
    BackendMissingError
        When it cannot be started.
    """

    def __init__(
        self,
        program: Path,
        *,
        endpoint: str,
        session: str,
        deadline_s: float,
        stderr_path: Path,
        last_will: LastWill | None = None,
        arguments: tuple[str, ...] = (),
    ) -> None:
        self._stderr_path = stderr_path
        command = [
            str(program),
            f"--endpoint={endpoint}",
            f"--session={session}",
            f"--deadline-ms={int(deadline_s * 1000)}",
            f"--parent={os.getpid()}",
            *arguments,
        ]
        if last_will is not None:
            command += [f"--will-from={last_will.prepared}", f"--will-to={last_will.target}"]
        try:
            with stderr_path.open("wb") as stderr:
                self._child = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr
                )
        except OSError as error:
            raise BackendMissingError(
                f"{program} cannot be started: {error.strerror}", hint="run `cosim doctor`"
            ) from error
        # Readable as soon as the child ends, so that it can be waited for beside a socket.
        self.exit_fd = os.pidfd_open(self._child.pid)

    @property
    def label(self) -> str:
        """What errors call it."""
        return f"ns-3 (process {self._child.pid})"

    def has_ended(self) -> bool:
        """Whether it is no longer running."""
        return self._child.poll() is not None

    def is_stopped(self) -> bool:
        """Whether a signal has stopped it (SIGSTOP, a debugger), so that it cannot answer."""
        look_only = os.WSTOPPED | os.WNOHANG | os.WNOWAIT
        try:
            found = os.waitid(os.P_PID, self._child.pid, look_only)
        except ChildProcessError:
            return False
        return found is not None and found.si_code == os.CLD_STOPPED

    def describe_end(self) -> str:
        """Say how it ended, with the last it wrote to standard error."""
        code = self._child.wait()
        if code < 0:
            end = f"was killed by signal {-code} ({signal.Signals(-code).name})"
        else:
            end = f"ended with exit status {code}"
        last_words = self._stderr_tail()
        return f"{end}: {last_words}" if last_words else end

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end; False when it still runs after `timeout_s`."""
        try:
            self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> None:
        """End it if it still runs, and release its descriptor."""
        if not self.has_ended():
            self._child.kill()
            self._child.wait()
        with contextlib.suppress(OSError):
            os.close(self.exit_fd)

    def _stderr_tail(self) -> str:
        try:
            text = self._stderr_path.read_bytes()[-_STDERR_TAIL_BYTES:].decode(errors="replace")
        except OSError:
            return ""
        lines = text.strip().splitlines()
        return " | ".join(lines[-_STDERR_TAIL_LINES:])
