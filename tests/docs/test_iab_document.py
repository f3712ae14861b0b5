"""The document of the IAB module names all that can be set, and every test suite that it has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

MODULE = Path(__file__).parents[2] / "ns3_scenarios" / "iab"
DOCUMENT = (MODULE / "doc" / "iab.rst").read_text(encoding="utf-8")


def _section(title: str) -> str:
    head = rf"^{title}\n-+\n"
    found = re.search(rf"{head}(.*?)(?=^\S[^\n]*\n-+\n|\Z)", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert found, f"no section {title}"
    return found.group(1)


def _sources() -> dict[str, str]:
    paths = [*MODULE.rglob("model/**/*.cc"), *MODULE.rglob("helper/*.cc")]
    return {path.stem: path.read_text(encoding="utf-8") for path in paths}


def _registered(call: str) -> list[tuple[str, str]]:
    """Pairs of class and name; a file may register several classes, one after the other."""
    found = []
    for text in _sources().values():
        owner = ""
        for part in re.finditer(rf'TypeId\(\s*"ns3::(\w+)"|{call}\(\s*"(\w+)"', text):
            owner = part[1] or owner
            if part[2]:
                found.append((owner, part[2]))
    return found


def _rows(section: str) -> dict[str, set[str]]:
    """Names in the second column of the attributes' table, by the class in the first."""
    rows: dict[str, set[str]] = {}
    for line in section.splitlines():
        if found := re.match(r"(\w+) {2,}([A-Z]\w*(?:, \w+)*) {2,}\S", line):
            rows.setdefault(found[1], set()).update(found[2].split(", "))
    return rows


def test_every_attribute_is_in_the_table_and_the_table_has_no_other() -> None:
    parts = {"Timing", "Harq", "Adaptation", "FlowControl"}  # named in the text above the table
    registered: dict[str, set[str]] = {}
    for owner, name in _registered("AddAttribute"):
        if not (owner == "CellMac" and name in parts):
            registered.setdefault(owner, set()).add(name)
    assert len(registered) > 8
    section = _section("Attributes")
    described = {owner: names for owner, names in _rows(section).items() if owner != "Class"}
    assert described == registered
    assert all(f"``{part}``" in section for part in parts)


def test_every_trace_source_is_described() -> None:
    section = _section("Traces")
    sources = _registered("AddTraceSource")
    assert len(sources) > 5
    missing = [f"{owner}::{name}" for owner, name in sources if f"{owner}::{name}" not in section]
    assert not missing


@pytest.mark.parametrize(
    ("struct", "header"),
    [
        ("IabRadioConfig", "helper/iab-radio-config.h"),
        ("IabTimingConfig", "helper/iab-radio-config.h"),
        ("IabRetransmissionConfig", "helper/iab-radio-config.h"),
        ("ResourceGridConfig", "model/mac/resource-grid.h"),
    ],
)
def test_every_member_of_the_configuration_is_described(struct: str, header: str) -> None:
    text = (MODULE / header).read_text(encoding="utf-8")
    body = re.split(rf"struct {struct}(?: : public ObjectBase)?\n{{\n", text)[1].split("\n};")[0]
    members = re.findall(r"^ +[\w:]+ (\w+)(?:\{.*\})?; +//!<", body, re.MULTILINE)
    assert len(members) == body.count("//!<")
    section = _section("Attributes")
    missing = [name for name in members if not re.search(rf"\b{name}\b", section)]
    assert not missing


def test_every_suite_of_the_module_is_named_and_no_other() -> None:
    listed = (MODULE.parent / "sources.cmake").read_text(encoding="utf-8")
    suites = set(re.findall(r"\biab-[\w-]+", listed.split("set(IAB_TEST_SUITES")[1].split(")")[0]))
    named = set(re.findall(r"\biab-(?!chain|module)[\w-]+", DOCUMENT))
    assert named <= suites
    # Those two are of parts, with no comparison to something else.
    assert suites - named <= {"iab-mac", "iab-record"}


def test_every_file_of_the_module_is_listed_for_the_build_that_ns3_does_too() -> None:
    lists = (MODULE / "CMakeLists.txt").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^  ([A-Z]\w+)\n((?:    .*\n)+)", lists, re.MULTILINE))

    def present(*patterns: str) -> set[str]:
        return {str(path.relative_to(MODULE)) for p in patterns for path in MODULE.glob(p)}

    assert set(sections["SOURCE_FILES"].split()) == present("model/*/*.cc", "helper/*.cc")
    assert set(sections["HEADER_FILES"].split()) == present("model/*/*.h", "helper/*.h")
    assert set(sections["TEST_SOURCES"].split()) == present("test/*.cc")
