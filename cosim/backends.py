"""The networks that a run can have, by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from cosim.errors import UnknownNameError
from cosim.network.ns3 import ChannelCache, LastWill, channel_cache_at, open_ns3
from cosim.network.port import NetworkPort
from cosim.network.simplified import open_simplified
from cosim.results.manifest import MANIFEST_NAME, WILL_NAME
from cosim.scenario import Scenario

BACKENDS: Final = ("ns3", "simplified")
PortFactory = Callable[[Scenario, Path], NetworkPort]


def port_factory_of(
    backend: str, *, patience_s: float | None = None, channel_cache: str | Path | None = "off"
) -> PortFactory:
    """What makes the network of a backend, given the scenario and a file for its standard error.

    Parameters
    ----------
    backend
        One of `BACKENDS`.
    patience_s
        Longest time that the network waits for its user, s; by default as long as its user for it.
    channel_cache
        Where ns-3's channels are kept for other runs: a directory, ``off``, or None for where the
        environment says (see `cosim.network.ns3.channel_cache`).

    Raises
    ------
    UnknownNameError
        When there is no such backend.
    """
    if backend == "ns3":
        cache = channel_cache_at(channel_cache)
        return partial(_open_ns3, patience_s=patience_s, channel_cache=cache)
    if backend == "simplified":
        return _open_simplified
    raise UnknownNameError("backend", backend, BACKENDS)


def _open_ns3(
    scenario: Scenario,
    stderr_path: Path,
    *,
    patience_s: float | None,
    channel_cache: ChannelCache | None,
) -> NetworkPort:
    directory = stderr_path.parent
    will = LastWill((directory / WILL_NAME).absolute(), (directory / MANIFEST_NAME).absolute())
    return open_ns3(
        scenario,
        stderr_path=stderr_path,
        patience_s=patience_s,
        last_will=will,
        channel_cache=channel_cache,
    )


def _open_simplified(scenario: Scenario, _stderr_path: Path) -> NetworkPort:
    return open_simplified(scenario)
