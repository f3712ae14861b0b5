"""A limit on the real time that a node's decision may take."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Final

DEFAULT_LIMIT_S: Final = 30.0  # below the 60 s after which ns-3 gives its controllers up
# The last real-time signal: test runners and users' programs set alarms with SIGALRM.
_SIGNAL: Final = signal.SIGRTMAX
_LOOKS_PER_LIMIT: Final = 4
_LONGEST_LOOK_S: Final = 1.0


class OverdueDecision(BaseException):
    """A decision took too long. It passes through every ``except Exception`` of a policy."""


class DecisionWatch:
    """Raises `OverdueDecision` in a guarded block that takes longer than a limit.

    ``with watch.running():`` stands around a whole run, ``with watch:`` around each decision. Only
    the main thread can be interrupted, so a run in another thread is not guarded. Nor can what
    never returns to the interpreter: then ns-3's own deadline ends the network.

    Parameters
    ----------
    limit_s
        Real time, s.
    """

    def __init__(self, limit_s: float = DEFAULT_LIMIT_S) -> None:
        self.limit_s = limit_s
        self._began_s: float | None = None  # of the block under way

    def __enter__(self) -> None:
        self._began_s = time.monotonic()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._began_s = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Look at the blocks that begin meanwhile."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(_SIGNAL, self._handle)
        over = threading.Event()
        looking = threading.Thread(target=self._look, args=(over,), daemon=True)
        looking.start()
        try:
            yield
        finally:
            over.set()
            looking.join()
            signal.signal(_SIGNAL, before)

    def _look(self, over: threading.Event) -> None:
        main = threading.main_thread().ident
        while not over.wait(min(self.limit_s / _LOOKS_PER_LIMIT, _LONGEST_LOOK_S)):
            if main is not None and self._is_overdue():
                signal.pthread_kill(main, _SIGNAL)  # ends a blocking call too

    def _is_overdue(self) -> bool:
        began_s = self._began_s
        return began_s is not None and time.monotonic() - began_s > self.limit_s

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._is_overdue():  # the block may have ended since the signal was sent
            self._began_s = time.monotonic()  # a policy that catches it gets the time once more
            raise OverdueDecision
