"""Split problems of real models: a profile, a chain of devices, and the links between them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cosim.models import (
    DeviceProfile,
    ModelProfile,
    compute_energy_j,
    device_scale,
    layer_times_s,
    radio_energy_j,
)
from cosim.models.transfer import TransferForm
from cosim.splitting import SplitProblem

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Chain:
    """Nodes from the UE to the cloud.

    Attributes
    ----------
    devices
        Of the P nodes.
    rates_bps, delays_s
        Of the P - 1 links, towards the cloud.
    form
        In which tensors cross the links (see `cosim.models.transfer`): coding takes time at both
        ends of each.
    """

    devices: Sequence[DeviceProfile]
    rates_bps: Sequence[float]
    delays_s: Sequence[float]
    form: TransferForm = "fp32"

    def __post_init__(self) -> None:
        for name in ("rates_bps", "delays_s"):
            if len(getattr(self, name)) != len(self.devices) - 1:
                raise ValueError(f"{name} must have one entry for each of the links between nodes")


def latency_problem(model: ModelProfile, chain: Chain) -> SplitProblem:
    """Seconds of compute and transfer (Eq. 10); the result stays where it is computed."""
    compute = np.array([layer_times_s(model, device) for device in chain.devices])
    return SplitProblem(compute, _transfer_s(model, chain))


def energy_problem(
    model: ModelProfile,
    chain: Chain,
    count: Collection[str] = ("ue", "iab", "donor", "core", "cloud"),
) -> SplitProblem:
    """Joules of computing at the kinds of nodes in `count`, and of the UE's radio."""
    counted = [device.kind in count for device in chain.devices]
    watts = [
        compute_energy_j(device, 1.0) if counts else 0.0
        for device, counts in zip(chain.devices, counted, strict=True)
    ]
    times = np.array([layer_times_s(model, device) for device in chain.devices])
    transfer = np.zeros((len(chain.devices) - 1, model.layer_count + 1))
    ue = chain.devices[0]
    if counted[0] and ue.radio is not None and len(transfer):
        seconds = _transfer_s(model, chain)[0]
        base = radio_energy_j(ue, 0.0, 1.0, "uplink")
        per_bit = radio_energy_j(ue, 1.0, 0.0, "uplink")
        crossing = model.crossing(chain.form)
        coding_s = _coding_s(model, chain)[0]
        transfer[0] = base * (seconds - coding_s) + per_bit * 8.0 * crossing.coded_bytes
        transfer[0] += watts[0] * crossing.encode_s * device_scale(model, ue)
    return SplitProblem(times * np.array(watts)[:, None], transfer)


def _transfer_s(model: ModelProfile, chain: Chain) -> FloatArray:
    rates, delays = np.array(chain.rates_bps)[:, None], np.array(chain.delays_s)[:, None]
    crossing = model.crossing(chain.form).coded_bytes
    with np.errstate(divide="ignore", invalid="ignore"):
        transfer = np.where(crossing > 0, crossing * 8.0 / rates + delays, 0.0)
    return np.asarray(transfer) + _coding_s(model, chain)


def _coding_s(model: ModelProfile, chain: Chain) -> FloatArray:
    """Time of both ends of each link for the form that tensors cross in, s."""
    crossing = model.crossing(chain.form)
    scales = np.array([device_scale(model, device) for device in chain.devices])[:, None]
    return np.asarray(crossing.encode_s * scales[:-1] + crossing.decode_s * scales[1:])
