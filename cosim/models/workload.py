"""What really computes a task's tensors, as execution sees it; a run needs none.

Tensors are bytes here: those live at the boundary where the task is, one after the other as they
lie in memory. `cosim.models.torch.execution` has the one that runs a model with torch.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Protocol

import msgspec

from cosim.errors import InputError
from cosim.models.profile import ModelProfile
from cosim.models.transfer import TransferForm


class Computed(msgspec.Struct, frozen=True):
    """What running some layers gave: tensors, and how long it took on this machine, s."""

    tensors: bytes
    wall_s: float


class Workload(Protocol):
    """Runs parts of one model on real tensors.

    What cannot be, tensors that are damaged or an output that is wrong, is an
    `cosim.errors.ExecutionError`.
    """

    def draw(self, task_id: int) -> bytes:
        """The input of a task."""

    def run(self, tensors: bytes, begin: int, stop: int) -> Computed:
        """Run the layers after `begin` up to `stop` on what is live at `begin`."""

    def encode(self, tensors: bytes, boundary: int) -> bytes:
        """What crosses a link, in the form that the scenario asks for."""

    def decode(self, data: bytes, boundary: int) -> bytes:
        """The tensors of what crossed a link."""

    def check(self, task_id: int, sent_at: Sequence[int], tensors: bytes) -> float:
        """Compare a task's output with that of the unsplit model.

        Parameters
        ----------
        sent_at
            The boundaries at which the tensors crossed a link, in order.

        Returns
        -------
        float
            Its error: the Euclidean norm of the difference over that of the output.
        """

    def reference_s(self) -> float:
        """Time of the reference model on this machine, now, s."""


def load_workload(profile: ModelProfile, form: TransferForm, seed: int) -> Workload:
    """What runs the model of a profile with torch.

    Parameters
    ----------
    form
        In which tensors cross links.
    seed
        Of the tasks' inputs.

    Raises
    ------
    InputError
        torch is not installed.
    ProfileError
        The model that the profile names cannot be run, or is another one than it describes.
    """
    if importlib.util.find_spec("torch") is None:
        raise InputError(
            "really running a model (--execute) needs torch, which is not installed",
            hint="`make torch`, or pip install 'hivemind-cosim[torch]'",
        )
    from cosim.models.torch.execution import TorchWorkload

    return TorchWorkload(profile, form, seed)
