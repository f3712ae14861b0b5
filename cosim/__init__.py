"""Co-simulation of split neural-network inference over a packet-level mmWave IAB network.

>>> import cosim
>>> result = cosim.run("mmwave-iab", policy="hivemind", duration_s=2.0)  # doctest: +SKIP
>>> result.summary()["latency_s"]["mean"]  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cosim.api import Comparison, compare, replay, run
    from cosim.results.read import RunResult

__all__ = ["Comparison", "RunResult", "__version__", "compare", "replay", "run"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import the API only when it is asked for: pandas and pyarrow take half a second."""
    if name == "RunResult":
        from cosim.results.read import RunResult

        return RunResult
    if name in __all__:
        from cosim import api

        return getattr(api, name)
    raise AttributeError(f"module 'cosim' has no attribute '{name}'")
