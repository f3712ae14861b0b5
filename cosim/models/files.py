"""Finding and reading profile files; every failure is a ProfileError naming the file."""

from __future__ import annotations

import datetime
import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from cosim.errors import OutputError, ProfileError, UnknownNameError

_T = TypeVar("_T")


def profiles_dir() -> Path:
    """Directory of the shipped profiles: in the installed package, else in the repository."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_profiles"
    return installed if installed.is_dir() else package.parent / "profiles"


def list_profiles(folder: str) -> list[str]:
    """Names of the shipped profiles in one folder, sorted."""
    return sorted(path.stem for path in (profiles_dir() / folder).glob("*.toml"))


def find_profile(kind: str, folder: str, name: str) -> Path:
    """Path of a profile's TOML file, from a shipped name or a path that ends in ``.toml``."""
    if name.endswith(".toml"):
        return Path(name)
    known = list_profiles(folder)
    if name not in known:
        raise UnknownNameError(kind, name, known)
    return profiles_dir() / folder / f"{name}.toml"


def read_text(path: Path) -> str:
    """Read a UTF-8 file; what goes wrong is a ProfileError."""
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise ProfileError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ProfileError(f"{path}: is not UTF-8 text: {error.reason}") from error


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; what goes wrong is a ProfileError."""
    try:
        return tomllib.loads(normalise_newlines(read_text(path)))
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{path}: is not TOML: {error}") from error


def check_schema_version(path: Path, table: dict[str, Any], supported: int) -> None:
    """Refuse a file of another schema version before looking at its other fields."""
    version = table.get("schema_version")
    if type(version) is not int or version != supported:
        found = "missing" if version is None else f"{version!r}"
        raise ProfileError(
            f"{path}: schema_version: is {found}, this cosim reads version {supported}"
        )


def convert_table(path: Path, table: dict[str, Any], to: type[_T]) -> _T:
    """Turn a TOML table into a structure; what does not fit is a ProfileError with its key."""
    try:
        return msgspec.convert(table, to)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at ")
        key = place.strip("`").removeprefix("$.") or "top level"
        raise ProfileError(f"{path}: {key}: {problem}") from error


def normalise_newlines(text: str) -> str:
    """Make the text, and so its digest, independent of how a checkout ends its lines."""
    return text.replace("\r\n", "\n")


def digest_of(table: dict[str, Any], *texts: str) -> str:
    """SHA-256 of a decoded TOML table (comments, order and layout do not count) and of texts."""
    canonical = json.dumps(table, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256("\n".join((canonical, *texts)).encode()).hexdigest()


def format_toml(content: msgspec.Struct) -> str:
    """Write a structure as TOML that reads back as it is; what is None is left out."""
    table = msgspec.to_builtins(content, builtin_types=(datetime.date,))
    return "\n".join(_toml_lines(table, "")).lstrip("\n") + "\n"


def replace_text(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part."""
    temporary = path.with_name(path.name + ".part")
    try:
        temporary.write_bytes(text.encode())
        temporary.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error


def _toml_lines(table: dict[str, Any], title: str) -> list[str]:
    """The lines of a table: its own values first, then its tables and lists of tables."""
    lines = [f"\n[{title}]"] if title else []
    below: list[str] = []
    for key, value in table.items():
        path = f"{title}.{key}".removeprefix(".")
        if isinstance(value, dict):
            below += _toml_lines(value, path)
        elif isinstance(value, list | tuple) and value and isinstance(value[0], dict):
            for item in value:
                below += [f"\n[[{path}]]", *_toml_lines(item, "")]
        elif value is not None:
            lines.append(f"{key} = {_toml_value(value)}")
    return lines + below


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for DEL, which JSON leaves bare.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    return str(value)  # int, float (repr) and date read back from TOML as they are
