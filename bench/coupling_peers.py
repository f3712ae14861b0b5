"""The couplings that cosim is timed against: ``coupling_peers.py helics|mosaik STEPS``.

Each steps in lock-step with a process of its own, and prints the seconds that the steps took.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any


def helics(steps: int) -> float:
    """Two federates that publish a number to each other in every step."""
    import helics as h

    broker = h.helicsCreateBroker("zmq", "cosim-bench", "--federates=2 --loglevel=no_print")
    peer = subprocess.Popen([sys.executable, __file__, "helics-peer", str(steps)])
    try:
        return _federate("here", "there", steps)
    finally:
        peer.wait(60)
        h.helicsBrokerDisconnect(broker)
        h.helicsCloseLibrary()


def _federate(name: str, other: str, steps: int) -> float:
    import helics as h

    info = h.helicsCreateFederateInfo()
    h.helicsFederateInfoSetCoreTypeFromString(info, "zmq")
    h.helicsFederateInfoSetCoreInitString(info, "--federates=1 --loglevel=no_print")
    h.helicsFederateInfoSetTimeProperty(info, h.helics_property_time_delta, 1.0)
    federate = h.helicsCreateValueFederate(name, info)
    publication = h.helicsFederateRegisterGlobalPublication(
        federate, f"from-{name}", h.helics_data_type_double
    )
    subscription = h.helicsFederateRegisterSubscription(federate, f"from-{other}", "")
    h.helicsFederateEnterExecutingMode(federate)
    began_s = time.perf_counter()
    for step in range(steps):
        h.helicsPublicationPublishDouble(publication, float(step))
        h.helicsFederateRequestTime(federate, float(step + 1))
        h.helicsInputGetDouble(subscription)
    took_s = time.perf_counter() - began_s
    h.helicsFederateDisconnect(federate)
    h.helicsFederateFree(federate)
    return took_s


def mosaik(steps: int) -> float:
    """One simulator in a process of its own, stepped by mosaik."""
    import mosaik as m
    from loguru import logger

    logger.remove()
    config: Any = {"Peer": {"cmd": f"{sys.executable} {__file__} mosaik-peer %(addr)s"}}
    with m.World(config, skip_greetings=True) as world:
        world.start("Peer").Thing()
        began_s = time.perf_counter()
        world.run(until=steps, print_progress=False)
        return time.perf_counter() - began_s


def _mosaik_peer() -> None:
    import mosaik_api_v3

    class Peer(mosaik_api_v3.Simulator):
        """Steps once for each unit of time."""

        def __init__(self) -> None:
            super().__init__(
                {
                    "api_version": "3.0",
                    "type": "time-based",
                    "models": {"Thing": {"public": True, "params": [], "attrs": []}},
                }
            )

        def init(self, sid: str, time_resolution: float = 1.0, **params: Any) -> Any:
            return self.meta

        def create(self, num: int, model: str, **params: Any) -> Any:
            return [{"eid": str(number), "type": model} for number in range(num)]

        def step(self, now: int, inputs: Any, max_advance: int) -> int:
            return now + 1

        def get_data(self, outputs: Any) -> Any:
            return {}

    sys.argv = sys.argv[1:]
    mosaik_api_v3.start_simulation(Peer())


def main() -> None:
    """Do what the first argument says."""
    what = sys.argv[1]
    if what == "mosaik-peer":
        _mosaik_peer()
    elif what == "helics-peer":
        _federate("there", "here", int(sys.argv[2]))
    else:
        print({"helics": helics, "mosaik": mosaik}[what](int(sys.argv[2])))


if __name__ == "__main__":
    main()
