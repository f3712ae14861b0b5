"""Workers of a sweep, through Dask distributed: threads here, or whoever a scheduler has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cosim.errors import InputError, RunError

if TYPE_CHECKING:
    from distributed import Client

_LOOPBACK = "127.0.0.1:0"
_CONNECT_S = 20.0


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
    try:
        if not client.scheduler_info()["workers"]:
            raise RunError(
                f"the Dask scheduler at {scheduler} has no workers",
                hint="start one, or wait until one has come",
            )
        yield client
    finally:
        client.close()
