"""Device sets: one device for each kind of node, so that a scenario's can be exchanged at once."""

from __future__ import annotations

from typing import Final

import msgspec

from cosim.models.devices import DeviceKind
from cosim.models.files import (
    check_schema_version,
    convert_table,
    find_profile,
    list_profiles,
    read_toml,
)

_SCHEMA_VERSION: Final = 1


class DeviceSet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A set; `how` tells in what its devices are consistent with each other."""

    schema_version: int
    name: str
    description: str
    how: str
    devices: dict[DeviceKind, str]


def list_device_sets() -> list[str]:
    """Names of the shipped device sets, sorted."""
    return list_profiles("device-sets")


def load_device_set(name: str) -> DeviceSet:
    """Load a shipped device set by name, or one of yours by the path of its TOML file.

    Raises
    ------
    UnknownNameError
        No shipped set is called that.
    ProfileError
        It is unreadable or wrong; the message names the file and the field.
    """
    path = find_profile("device set", "device-sets", name)
    table = read_toml(path)
    check_schema_version(path, table, _SCHEMA_VERSION)
    return convert_table(path, table, DeviceSet)
