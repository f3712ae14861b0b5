"""Workers of a sweep, through Dask distributed: threads here, or whoever a scheduler has."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cosim.errors import CosimWarning, InputError, RunError

if TYPE_CHECKING:
    from distributed import Client

_LOOPBACK = "127.0.0.1:0"
_CONNECT_S = 20.0
_GO_ON = "give the same command again: it goes on with what is missing"


@contextmanager
def open_client(scheduler: str | None, workers: int) -> Iterator[Client]:
    """A Dask client: of a scheduler that runs somewhere, or of `workers` threads in this process.

    The threads only wait for the processes that they start; what listens, does so on loopback.

    Raises
    ------
    InputError
        When Dask is not installed, or no scheduler answers at that address.
    """
    try:
        from distributed import Client, LocalCluster
        from distributed.utils import silence_logging_cmgr
    except ImportError as error:
        hint = "install it with `pip install 'hivemind-cosim[sweep]'`"
        raise InputError(
            "sweeps need Dask distributed, which is not installed", hint=hint
        ) from error
    if scheduler is None:
        with (
            LocalCluster(
                n_workers=1,
                threads_per_worker=workers,
                processes=False,
                protocol="inproc",
                # None would listen on every interface, at port 8787 or near it.
                dashboard_address=_LOOPBACK,
                worker_dashboard_address=_LOOPBACK,
                silence_logs=50,
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
        return
    try:
        client = Client(scheduler, timeout=_CONNECT_S)
    except (OSError, ValueError) as error:
        raise InputError(f"no Dask scheduler answers at {scheduler}: {error}") from error
    # A scheduler that goes is told of here, and not by tracebacks too.
    with silence_logging_cmgr(logging.CRITICAL), client:
        if not client.scheduler_info()["workers"]:
            raise RunError(
                f"the Dask scheduler at {scheduler} has no workers",
                hint="start one, or wait until one has come",
            )
        yield client


def ended_by(futures: Iterable[Any], wait_s: float) -> set[Any]:
    """Those that end within some seconds, or at once when some have ended.

    Raises
    ------
    RunError
        When their scheduler has gone.
    """
    from distributed import CancelledError, wait

    try:
        return set(wait(futures, timeout=wait_s, return_when="FIRST_COMPLETED").done)
    except TimeoutError:
        return set()
    except CancelledError as error:
        raise RunError("the Dask scheduler ended", hint=_GO_ON) from error


class WorkerWatch:
    """Ends the wait for a scheduler that has lost all of its workers.

    Parameters
    ----------
    patience_s
        Real time that it may be without one: a queue starts the next job when it likes.
    """

    def __init__(self, client: Client, patience_s: float) -> None:
        self._client = client
        self._patience_s = patience_s
        self._none_since_s: float | None = None

    def look(self) -> None:
        """See whether there are workers; the first time that there are none, warn.

        Raises
        ------
        RunError
            When there have been none for too long.
        """
        if self._client.scheduler_info()["workers"]:
            self._none_since_s = None
        elif self._none_since_s is None:
            self._none_since_s = time.monotonic()
            waits = f"waiting {self._patience_s:g} s for one"
            text = f"the Dask scheduler has lost its workers; {waits}"
            warnings.warn(text, CosimWarning, stacklevel=2)
        elif time.monotonic() - self._none_since_s > self._patience_s:
            text = f"the Dask scheduler has had no workers for {self._patience_s:g} s"
            raise RunError(text, hint=f"start some and {_GO_ON}")
