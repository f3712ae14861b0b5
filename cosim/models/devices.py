"""Devices: how fast one computes, and what power it draws, each figure with where it comes from."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final, Literal

import msgspec

from cosim.errors import ProfileError
from cosim.models.files import (
    check_schema_version,
    convert_table,
    digest_of,
    find_profile,
    list_profiles,
    read_toml,
)
from cosim.models.provenance import FigureStatus

DEVICE_SCHEMA_VERSION: Final = 2
DeviceKind = Literal["ue", "iab", "donor", "core", "cloud"]


class Figure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number with how it was obtained and its source; the unit is in the field's name."""

    value: float
    status: FigureStatus
    source: str


class ComputeFigures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How fast it computes: by one measured latency, by its peak rates, or both.

    Attributes
    ----------
    reference_latency_s
        Time of one whole inference of `reference_model`, at the input that its profile states; None
        of a device that nobody measured, whose times are predicted (`cosim.models.cost_model`).
    peak_flop_per_s, memory_bytes_per_s
        Peak of float32 arithmetic and of memory.
    """

    reference_model: str
    reference_latency_s: Figure | None = None
    peak_flop_per_s: Figure | None = None
    memory_bytes_per_s: Figure | None = None


class PowerFigures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Power of the whole device while it computes, and while it does nothing."""

    busy_watts: Figure
    idle_watts: Figure | None = None  # None: no source for this device is at hand


class RadioFigures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Linear power model of the device's radio: base power while active, plus energy per bit."""

    uplink_base_watts: Figure
    uplink_joules_per_bit: Figure
    downlink_base_watts: Figure
    downlink_joules_per_bit: Figure


class _DeviceFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    schema_version: int
    name: str
    kind: DeviceKind
    description: str
    compute: ComputeFigures
    power: PowerFigures
    radio: RadioFigures | None = None


class DeviceProfile(msgspec.Struct, frozen=True, kw_only=True):
    """One device; `digest` is the SHA-256 of its content, hexadecimal."""

    name: str
    kind: DeviceKind
    description: str
    compute: ComputeFigures
    power: PowerFigures
    radio: RadioFigures | None
    digest: str

    @property
    def reference_model(self) -> str:
        """The model that `reference_latency_s` is stated for."""
        return self.compute.reference_model

    @property
    def reference_latency_s(self) -> float | None:
        """Time of one inference of the reference model, s; None where nobody measured it."""
        latency = self.compute.reference_latency_s
        return None if latency is None else latency.value

    @property
    def busy_watts(self) -> float:
        """Power of the whole device while it computes, W."""
        return self.power.busy_watts.value

    @property
    def idle_watts(self) -> float | None:
        """Power of the whole device while it does nothing, W; None when not known."""
        return None if self.power.idle_watts is None else self.power.idle_watts.value


def list_device_profiles() -> list[str]:
    """Names of the shipped device profiles, sorted."""
    return list_profiles("devices")


def load_device_profile(name: str) -> DeviceProfile:
    """Load a shipped device profile by name, or one of yours by the path of its TOML file.

    Raises
    ------
    UnknownNameError
        No shipped device is called that.
    ProfileError
        The profile is unreadable or wrong; the message names the file and the field.
    """
    return read_device_profile(find_profile("device", "devices", name))


def read_device_profile(path: Path) -> DeviceProfile:
    """Read and check the device profile in the TOML file `path`."""
    table = read_toml(path)
    check_schema_version(path, table, DEVICE_SCHEMA_VERSION)
    content = convert_table(path, table, _DeviceFile)
    _check_figures(path, content)
    return DeviceProfile(
        name=content.name,
        kind=content.kind,
        description=content.description,
        compute=content.compute,
        power=content.power,
        radio=content.radio,
        digest=digest_of(table),
    )


def _check_figures(path: Path, content: _DeviceFile) -> None:
    for group_name in ("compute", "power", "radio"):
        group = getattr(content, group_name)
        for key, figure in ({} if group is None else msgspec.structs.asdict(group)).items():
            if isinstance(figure, Figure):
                _check_figure(f"{path}: {group_name}.{key}", figure)
    compute = content.compute
    for key in ("reference_latency_s", "peak_flop_per_s", "memory_bytes_per_s"):
        figure = getattr(compute, key)
        if figure is not None and figure.value == 0:
            raise ProfileError(f"{path}: compute.{key}.value: must be above 0")
    if compute.reference_latency_s is None and None in (
        compute.peak_flop_per_s,
        compute.memory_bytes_per_s,
    ):
        raise ProfileError(f"{path}: compute: has neither reference_latency_s nor both peak rates")


def _check_figure(place: str, figure: Figure) -> None:
    if not (math.isfinite(figure.value) and figure.value >= 0):
        raise ProfileError(f"{place}.value: {figure.value} is not a finite number >= 0")
    if not figure.source.strip():
        raise ProfileError(f"{place}.source: is empty")
