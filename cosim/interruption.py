"""SIGINT (Ctrl-C), SIGTERM and SIGHUP as an exception that ends a run in good order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_Handler = Callable[[int, FrameType | None], Any] | int | signal.Handlers | None


class Interruption(BaseException):
    """A signal came. As `KeyboardInterrupt`, it passes through every ``except Exception``."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)


class Interruptible:
    """While it is entered, the first signal raises `Interruption`, from `listen` on.

    One that comes before `listen` waits for it, so that what is being set up can be relied upon.
    Python lets only the main thread handle signals; a run in another thread is that program's to
    interrupt. Later signals pass, so that cleaning up comes to its end.
    """

    def __init__(self) -> None:
        self._is_listening = False
        self._is_ignored = False
        self._waiting: int | None = None
        self._before: dict[signal.Signals, _Handler] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {name: signal.signal(name, self._handle) for name in _SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for name, handler in self._before.items():
            # One that was not set from Python is None here, and cannot be set from it again.
            signal.signal(name, signal.SIG_DFL if handler is None else handler)

    def listen(self) -> None:
        """From now on let the first signal raise; if one has come already, raise."""
        self._is_listening = True
        if self._waiting is not None:
            self._handle(self._waiting, None)

    def ignore(self) -> None:
        """From now on let the signals pass."""
        self._is_ignored = True

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self._is_listening:
            self._waiting = number
        elif not self._is_ignored:
            self._is_ignored = True
            raise Interruption(number)


@contextmanager
def ctrl_c_noted() -> Iterator[threading.Event]:
    """Ctrl-C sets an event here, for whoever looks at it often.

    An exception that a signal raises in the middle of a library's code may be lost there: Python
    drops one that is raised in a finalizer.
    """
    noted = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield noted
        return
    before = signal.signal(signal.SIGINT, lambda _number, _frame: noted.set())
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
