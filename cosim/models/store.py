"""Reading and writing model profiles: ``NAME.toml`` (what, where from) and ``NAME.csv`` (layers).

The TOML file holds a SHA-256 over its own content and the CSV text, so that a profile that was cut
short or edited in one file only is noticed.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import numpy as np
from msgspec import Meta

from cosim.errors import ProfileError
from cosim.models.files import (
    check_schema_version,
    convert_table,
    digest_of,
    find_profile,
    list_profiles,
    normalise_newlines,
    read_text,
    read_toml,
)
from cosim.models.kinds import OPERATOR_KINDS
from cosim.models.profile import ModelProfile, Provenance

SCHEMA_VERSION: Final = 1
CSV_COLUMNS: Final = (
    "name",
    "kind",
    "flops",
    "param_bytes",
    "forward_s",
    "spread",
    "live_bytes",
    "output_bytes",
)
_INT64_MAX: Final = 2**63 - 1


class ModelHeader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the TOML file of a model profile says."""

    schema_version: int
    name: str
    description: str = ""
    layers_file: str
    layer_count: Annotated[int, Meta(ge=1)]
    input_bytes: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    output_bytes: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    reference_model: str
    reference_s: Annotated[float, Meta(gt=0)]
    content_sha256: str = ""
    provenance: Provenance


class LayerRow(msgspec.Struct, frozen=True):
    """One line of the CSV file; `live_bytes` is what crosses the boundary after the layer."""

    name: str
    kind: str
    flops: int
    param_bytes: int
    forward_s: float
    spread: float
    live_bytes: int
    output_bytes: int


def list_model_profiles() -> list[str]:
    """Names of the shipped model profiles, sorted."""
    return list_profiles("models")


def load_model_profile(name: str) -> ModelProfile:
    """Load a shipped model profile by name, or one of yours by the path of its TOML file.

    Raises
    ------
    UnknownNameError
        No shipped profile is called that.
    ProfileError
        The profile is unreadable or inconsistent; the message names the file and the field.
    """
    return read_model_profile(find_profile("model", "models", name))


def read_model_profile(path: Path) -> ModelProfile:
    """Read and check the model profile whose TOML file is `path`."""
    header_table = read_toml(path)
    check_schema_version(path, header_table, SCHEMA_VERSION)
    header = convert_table(path, header_table, ModelHeader)
    if Path(header.layers_file).name != header.layers_file:
        raise ProfileError(f"{path}: layers_file: '{header.layers_file}' is not a plain file name")
    csv_path = path.parent / header.layers_file
    csv_text = normalise_newlines(read_text(csv_path))
    rows = _parse_rows(csv_path, csv_text)
    if len(rows) != header.layer_count:
        raise ProfileError(
            f"{csv_path}: has {len(rows)} layers, but layer_count in {path.name} is"
            f" {header.layer_count}"
        )
    digest = content_digest(header_table, csv_text)
    if header.content_sha256 != digest:
        raise ProfileError(
            f"{path}: content_sha256: does not match the content of {path.name} and"
            f" {csv_path.name}",
            hint="one of them was changed or cut short; make the profile again",
        )
    try:
        return _assemble(header, rows, digest)
    except ProfileError as error:
        raise ProfileError(f"{path}: {error.message}") from error


def write_model_profile(profile: ModelProfile, directory: Path) -> Path:
    """Write a profile as ``NAME.toml`` and ``NAME.csv`` into `directory`; return the TOML path.

    The digest that ends up in the file is computed anew; `profile.digest` is not used.
    """
    csv_text = _format_rows(profile)
    header = _header_of(profile)
    table = tomllib.loads(_format_header(header))
    header = msgspec.structs.replace(header, content_sha256=content_digest(table, csv_text))
    path = directory / f"{profile.name}.toml"
    _replace_text(directory / header.layers_file, csv_text)
    _replace_text(path, _format_header(header))
    return path


def content_digest(header_table: dict[str, Any], csv_text: str) -> str:
    """SHA-256 over all that the TOML file says but the digest itself, and the CSV text."""
    bare = {key: value for key, value in header_table.items() if key != "content_sha256"}
    return digest_of(bare, csv_text)


def _parse_rows(path: Path, text: str) -> list[LayerRow]:
    if not text.endswith("\n"):
        raise ProfileError(f"{path}: the last line is not complete: the file was cut short")
    try:
        lines = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise ProfileError(f"{path}: is not CSV: {error}") from error
    if tuple(lines[0]) != CSV_COLUMNS:
        raise ProfileError(f"{path}: line 1: the columns are not {','.join(CSV_COLUMNS)}")
    return [_parse_row(f"{path}: line {number}", line) for number, line in enumerate(lines[1:], 2)]


def _parse_row(place: str, cells: list[str]) -> LayerRow:
    if len(cells) != len(CSV_COLUMNS):
        raise ProfileError(f"{place}: has {len(cells)} cells, not {len(CSV_COLUMNS)}")
    texts = dict(zip(CSV_COLUMNS, cells, strict=True))
    if not texts["name"]:
        raise ProfileError(f"{place}: name: is empty")
    if texts["kind"] not in OPERATOR_KINDS:
        raise ProfileError(
            f"{place}: kind: unknown kind '{texts['kind']}'",
            hint="known: " + ", ".join(sorted(OPERATOR_KINDS)),
        )
    return LayerRow(
        name=texts["name"],
        kind=texts["kind"],
        flops=_parse_integer(place, "flops", texts),
        param_bytes=_parse_integer(place, "param_bytes", texts),
        forward_s=_parse_float(place, "forward_s", texts),
        spread=_parse_float(place, "spread", texts),
        live_bytes=_parse_integer(place, "live_bytes", texts),
        output_bytes=_parse_integer(place, "output_bytes", texts),
    )


def _parse_integer(place: str, column: str, texts: dict[str, str]) -> int:
    text = texts[column]
    # Not int(): it would take blanks, underscores and other scripts' digits.
    if re.fullmatch(r"-?[0-9]{1,30}", text) is None:
        raise ProfileError(f"{place}: {column}: '{text}' is not an integer")
    value = int(text)
    if not 0 <= value <= _INT64_MAX:
        raise ProfileError(f"{place}: {column}: {value} is not in 0..2^63-1")
    return value


def _parse_float(place: str, column: str, texts: dict[str, str]) -> float:
    text = texts[column]
    try:
        value = float(text)
    except ValueError:
        raise ProfileError(f"{place}: {column}: '{text}' is not a number") from None
    if not (np.isfinite(value) and value >= 0):
        raise ProfileError(f"{place}: {column}: {text} is not a finite number >= 0")
    return value


def _assemble(header: ModelHeader, rows: list[LayerRow], digest: str) -> ModelProfile:
    return ModelProfile(
        name=header.name,
        description=header.description,
        layer_names=tuple(row.name for row in rows),
        kinds=tuple(row.kind for row in rows),
        flops=np.array([row.flops for row in rows], dtype=np.int64),
        param_bytes=np.array([row.param_bytes for row in rows], dtype=np.int64),
        forward_s=np.array([row.forward_s for row in rows]),
        spread=np.array([row.spread for row in rows]),
        live_bytes=np.array([header.input_bytes, *(row.live_bytes for row in rows)]),
        layer_output_bytes=np.array([row.output_bytes for row in rows], dtype=np.int64),
        output_bytes=header.output_bytes,
        reference_model=header.reference_model,
        reference_s=header.reference_s,
        provenance=header.provenance,
        digest=digest,
    )


def _header_of(profile: ModelProfile) -> ModelHeader:
    return ModelHeader(
        schema_version=SCHEMA_VERSION,
        name=profile.name,
        description=profile.description,
        layers_file=f"{profile.name}.csv",
        layer_count=profile.layer_count,
        input_bytes=profile.input_bytes,
        output_bytes=profile.output_bytes,
        reference_model=profile.reference_model,
        reference_s=profile.reference_s,
        provenance=profile.provenance,
    )


def _format_rows(profile: ModelProfile) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    columns = (
        profile.flops.tolist(),
        profile.param_bytes.tolist(),
        profile.forward_s.tolist(),
        profile.spread.tolist(),
        profile.live_bytes[1:].tolist(),
        profile.layer_output_bytes.tolist(),
    )
    # repr of a float is the shortest text that reads back as the same float.
    for name, kind, *numbers in zip(profile.layer_names, profile.kinds, *columns, strict=True):
        writer.writerow([name, kind, *map(repr, numbers)])
    return text.getvalue()


def _format_header(header: ModelHeader) -> str:
    lines: list[str] = []
    tables: dict[str, dict[str, Any]] = {"": msgspec.structs.asdict(header)}
    provenance = msgspec.structs.asdict(tables[""].pop("provenance"))
    tables["provenance.versions"] = provenance.pop("versions")
    tables = {"": tables[""], "provenance": provenance, **tables}
    for title, table in tables.items():
        if title:
            lines += ["", f"[{title}]"]
        lines += [f"{key} = {_format_value(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


def _format_value(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_format_value, value)) + "]"
    return str(value)  # int, float (repr) and date read back from TOML as they are


def _replace_text(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part."""
    temporary = path.with_name(path.name + ".part")
    temporary.write_bytes(text.encode())
    temporary.replace(path)
