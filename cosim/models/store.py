"""Reading and writing model profiles: ``NAME.toml`` (what, where from) and ``NAME.csv`` (layers).

``NAME.coded.csv``, where there is one, has a line for each boundary 0..L: what crosses it in other
forms than as it is in memory.

The TOML file holds a SHA-256 over its own content and the CSV texts, so that a profile that was cut
short or edited in one file only is noticed.
"""

from __future__ import annotations

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
    format_toml,
    list_profiles,
    normalise_newlines,
    read_text,
    read_toml,
    replace_text,
)
from cosim.models.layer_table import Cell, ColumnType, format_table, parse_table
from cosim.models.profile import CodedForm, ModelProfile
from cosim.models.provenance import Provenance
from cosim.models.transfer import CODED_FORMS

SCHEMA_VERSION: Final = 2
_COLUMNS: Final[dict[str, ColumnType]] = {
    "name": "name",
    "kind": "kind",
    "flops": "integer",
    "param_bytes": "integer",
    "forward_s": "number",
    "spread": "number",
    "live_bytes": "integer",
    "output_bytes": "integer",
}
# Where the backward pass was measured; the header says so.
_BACKWARD_COLUMNS: Final[dict[str, ColumnType]] = {
    "backward_s": "number",
    "backward_spread": "number",
}


_CODED_PARTS: Final[dict[str, ColumnType]] = {
    "bytes": "integer",
    "encode_s": "number",
    "decode_s": "number",
}
_CODED_COLUMNS: Final[dict[str, ColumnType]] = {
    f"{form}_{part}": kind for form in CODED_FORMS for part, kind in _CODED_PARTS.items()
}


class ModelHeader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the TOML file of a model profile says."""

    schema_version: int
    name: str
    description: str = ""
    layers_file: str
    layer_count: Annotated[int, Meta(ge=1)]
    has_backward: bool = False
    coded_file: str = ""
    input_bytes: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    output_bytes: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    reference_model: str
    reference_s: Annotated[float, Meta(gt=0)]
    content_sha256: str = ""
    provenance: Provenance


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
    csv_path, csv_text = _read_beside(path, "layers_file", header.layers_file)
    table = parse_table(csv_path, csv_text, _columns_of(header))
    if len(table["name"]) != header.layer_count:
        raise ProfileError(
            f"{csv_path}: has {len(table['name'])} layers, but layer_count in {path.name} is"
            f" {header.layer_count}"
        )
    coded_text, coded = _read_coded(path, header)
    digest = content_digest(header_table, csv_text, *coded_text)
    if header.content_sha256 != digest:
        names = [name for name in (path.name, csv_path.name, header.coded_file) if name]
        raise ProfileError(
            f"{path}: content_sha256: does not match the content of {' and '.join(names)}",
            hint="one of them was changed or cut short; make the profile again",
        )
    try:
        return _assemble(header, table, coded, digest)
    except ProfileError as error:
        raise ProfileError(f"{path}: {error.message}") from error


def write_model_profile(profile: ModelProfile, directory: Path) -> Path:
    """Write a profile into `directory`; return the path of its TOML file.

    The digest that ends up in the file is computed anew; `profile.digest` is not used.
    """
    csv_text = format_table(_table_of(profile))
    coded_text = [format_table(_coded_table_of(profile))] if profile.coded else []
    header = _header_of(profile)
    table = tomllib.loads(format_toml(header))
    digest = content_digest(table, csv_text, *coded_text)
    header = msgspec.structs.replace(header, content_sha256=digest)
    path = directory / f"{profile.name}.toml"
    replace_text(directory / header.layers_file, csv_text)
    for text in coded_text:
        replace_text(directory / header.coded_file, text)
    replace_text(path, format_toml(header))
    return path


def content_digest(header_table: dict[str, Any], *csv_texts: str) -> str:
    """SHA-256 over all that the TOML file says but the digest itself, and the CSV texts."""
    bare = {key: value for key, value in header_table.items() if key != "content_sha256"}
    return digest_of(bare, *csv_texts)


def _read_beside(path: Path, key: str, name: str) -> tuple[Path, str]:
    """Path and text of the file that a key of `path` names, which lies beside it."""
    if Path(name).name != name:
        raise ProfileError(f"{path}: {key}: '{name}' is not a plain file name")
    return path.parent / name, normalise_newlines(read_text(path.parent / name))


def _read_coded(path: Path, header: ModelHeader) -> tuple[list[str], dict[str, CodedForm]]:
    """Text and content of the table of coded forms, if there is one."""
    if not header.coded_file:
        return [], {}
    csv_path, text = _read_beside(path, "coded_file", header.coded_file)
    table = parse_table(csv_path, text, _CODED_COLUMNS)
    rows = len(table[next(iter(_CODED_COLUMNS))])
    if rows != header.layer_count + 1:
        raise ProfileError(
            f"{csv_path}: has {rows} boundaries, but layer_count in {path.name} is"
            f" {header.layer_count}, which makes {header.layer_count + 1}"
        )
    forms: dict[str, CodedForm] = {
        form: CodedForm(*(np.array(table[f"{form}_{part}"]) for part in _CODED_PARTS))
        for form in CODED_FORMS
    }
    return [text], forms


def _columns_of(header: ModelHeader) -> dict[str, ColumnType]:
    return _COLUMNS | (_BACKWARD_COLUMNS if header.has_backward else {})


def _assemble(
    header: ModelHeader, table: dict[str, list[Cell]], coded: dict[str, CodedForm], digest: str
) -> ModelProfile:
    backward = {name: np.array(table[name]) for name in _BACKWARD_COLUMNS if name in table}
    return ModelProfile(
        name=header.name,
        description=header.description,
        layer_names=tuple(map(str, table["name"])),
        kinds=tuple(map(str, table["kind"])),
        flops=np.array(table["flops"], dtype=np.int64),
        param_bytes=np.array(table["param_bytes"], dtype=np.int64),
        forward_s=np.array(table["forward_s"]),
        spread=np.array(table["spread"]),
        live_bytes=np.array([header.input_bytes, *table["live_bytes"]], dtype=np.int64),
        layer_output_bytes=np.array(table["output_bytes"], dtype=np.int64),
        output_bytes=header.output_bytes,
        reference_model=header.reference_model,
        reference_s=header.reference_s,
        provenance=header.provenance,
        digest=digest,
        coded=coded,
        **backward,
    )


def _header_of(profile: ModelProfile) -> ModelHeader:
    return ModelHeader(
        schema_version=SCHEMA_VERSION,
        name=profile.name,
        description=profile.description,
        layers_file=f"{profile.name}.csv",
        layer_count=profile.layer_count,
        has_backward=profile.backward_s is not None,
        coded_file=f"{profile.name}.coded.csv" if profile.coded else "",
        input_bytes=profile.input_bytes,
        output_bytes=profile.output_bytes,
        reference_model=profile.reference_model,
        reference_s=profile.reference_s,
        provenance=profile.provenance,
    )


def _table_of(profile: ModelProfile) -> dict[str, list[Cell]]:
    table: dict[str, list[Cell]] = {
        "name": list(profile.layer_names),
        "kind": list(profile.kinds),
        "flops": profile.flops.tolist(),
        "param_bytes": profile.param_bytes.tolist(),
        "forward_s": profile.forward_s.tolist(),
        "spread": profile.spread.tolist(),
        "live_bytes": profile.live_bytes[1:].tolist(),
        "output_bytes": profile.layer_output_bytes.tolist(),
    }
    for name in _BACKWARD_COLUMNS:
        values = getattr(profile, name)
        table |= {} if values is None else {name: values.tolist()}
    return table


def _coded_table_of(profile: ModelProfile) -> dict[str, list[Cell]]:
    table: dict[str, list[Cell]] = {}
    for form in CODED_FORMS:
        coded = profile.coded[form]
        arrays = (coded.coded_bytes, coded.encode_s, coded.decode_s)
        table |= {
            f"{form}_{part}": array.tolist()
            for part, array in zip(_CODED_PARTS, arrays, strict=True)
        }
    return table
