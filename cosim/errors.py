"""Every exception that cosim raises on purpose, and the exit code each one means.

CosimError                      exit 1
├── InputError                  exit 2: the user can mend it by changing what was asked
│   ├── ScenarioError           a scenario file or an override, with its key path
│   ├── UnitError               a quantity that cannot be read, or of the wrong kind
│   ├── UnknownNameError        a name that nothing answers to, with the nearest one
│   ├── ProfileError            a model or device profile, with its file and field
│   └── OutputError             an output directory that cannot be written
└── RunError                    exit 1: the run began and could not go on
    ├── NetworkError            the network side
    │   ├── BackendMissingError no ns-3 program, or one that cannot be started
    │   ├── RejectedError       ns-3 refused the handshake, with its reason
    │   ├── ProtocolError       a message that does not follow the protocol
    │   ├── PeerDiedError       the other process ended
    │   └── PeerTimeoutError    the other process did not answer in time
    ├── ExecutionError          tensors that were really computed are not what they must be
    ├── PolicyError             a policy raised, took too long or returned what is no plan
    ├── ProfileChangedError     a profile's file changed while a run used it
    ├── DivergenceError         a replay does not do what the record says
    ├── InterruptedRunError     Ctrl-C, SIGTERM or SIGHUP
    └── InternalError           a fault of cosim's own, with the place of its traceback

CosimWarning is what it warns of (`warnings`): the results are right, something else is not.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class CosimError(Exception):
    """Base of all errors that cosim raises on purpose.

    Parameters
    ----------
    message
        What went wrong and where, in one sentence.
    hint
        What the user can do about it.
    sim_time_ns
        Simulated time at which it happened, in ns, when there was one.

    Attributes
    ----------
    rerun
        The command that does the same again; set by whoever knows it.
    """

    exit_code = 1
    rerun: str | None = None

    def __init__(
        self, message: str, *, hint: str | None = None, sim_time_ns: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.sim_time_ns = sim_time_ns

    def __str__(self) -> str:
        at = ""
        # ns-3's own last words, where they are part of the message, tell it already.
        if self.sim_time_ns is not None and "at simulated time" not in self.message:
            at = f" (at simulated time {self.sim_time_ns / 1e9:.6f} s)"
        hint = "" if self.hint is None else f"; {self.hint}"
        again = "" if self.rerun is None else f"; the same again: {self.rerun}"
        return f"{self.message}{at}{hint}{again}"


class CosimWarning(UserWarning):
    """Something the user should know of, which does not change results."""


class InputError(CosimError):
    """Something the user asked for cannot be done as asked."""

    exit_code = 2


class ScenarioError(InputError):
    """A scenario is wrong; `key_path` tells where, e.g. ``links[2].capacity``."""

    def __init__(self, key_path: str, problem: str, *, hint: str | None = None) -> None:
        super().__init__(f"scenario: {key_path}: {problem}", hint=hint)
        self.key_path = key_path
        self.problem = problem


class UnitError(InputError, ValueError):
    """A quantity cannot be read, or is of another kind than the one needed."""


class UnknownNameError(InputError, LookupError):
    """Nothing is called that; the message offers the nearest name and lists the others."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        super().__init__(f"unknown {kind} '{name}'", hint=nearest_name_hint(name, names))
        self.kind = kind
        self.name = name


class ProfileError(InputError):
    """A model or device profile is unreadable or inconsistent."""


class OutputError(InputError):
    """The output directory cannot be used."""


class RunError(CosimError):
    """A run began and could not go on."""


class NetworkError(RunError):
    """The network side failed."""


class BackendMissingError(NetworkError):
    """The network program is missing or cannot be started."""


class RejectedError(NetworkError):
    """The network program refused the handshake."""


class ProtocolError(NetworkError):
    """A message does not follow the protocol."""


class PeerDiedError(NetworkError):
    """The other process ended while it was still needed."""


class PeerTimeoutError(NetworkError):
    """The other process lives but did not answer before its deadline."""


class ExecutionError(RunError):
    """A split model, really run, computes something else than the unsplit one."""


class PolicyError(RunError):
    """A policy raised, took too long, or returned something that is no valid decision."""


class ProfileChangedError(RunError):
    """A profile's file changed while a run used it: the same again would be another run."""


class DivergenceError(RunError):
    """A replay and the record that it follows part."""


class InterruptedRunError(RunError):
    """The run was interrupted from outside."""


class InternalError(RunError):
    """A run met an exception that cosim does not know: a fault of its own."""


def nearest_name_hint(name: str, known: Iterable[str]) -> str:
    """Say which known name is nearest to `name`, or list them all."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"did you mean '{close[0]}'?"
    return "known: " + (", ".join(names) if names else "none")
