"""Whatever a user's file holds, it is a scenario or an error that says what is wrong with it."""

from __future__ import annotations

import copy
import math
import shutil
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cosim
from cosim.assembly import prepare
from cosim.errors import InputError
from cosim.models import load_device_profile, load_model_profile
from cosim.network.ns3.description import describe_network
from cosim.scenario import list_scenarios, load_scenario, to_toml
from cosim.scenario.load import scenario_from_tables, scenario_from_toml

PROFILES = Path(cosim.__file__).parents[1] / "profiles"
TABLES = {
    name: tomllib.loads(
        (resources.files("cosim.scenario") / "builtin" / f"{name}.toml").read_text(encoding="utf-8")
    )
    for name in list_scenarios()
}
ODD = st.one_of(
    st.sampled_from(
        ["", "0 s", "-1 ms", "1e400 s", "5", "nan", "inf", "1e-30 GHz", "99999 PB", "ue"]
    ),
    st.sampled_from([None, True, -1, 0, 2**63, -(2**63), 1e300, -0.0, math.nan, math.inf]),
    st.sampled_from([[], {}, [[]], [{}], [None], ["ue"], {"a": 1}, [1.0, 2.0, 3.0]]),
    st.integers(),
    st.floats(),
    st.text(max_size=6),
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(item, (*path, key))


PLACES = [(name, path) for name, tables in TABLES.items() for path in _places(tables)]


def _changed(value: Any, path: tuple[Any, ...], new: object) -> Any:
    changed = copy.deepcopy(value)
    target = changed
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = new
    return changed


@settings(max_examples=400)
@given(st.sampled_from(PLACES), ODD)
def test_a_scenario_with_one_odd_value(place: tuple[str, tuple[Any, ...]], value: object) -> None:
    name, path = place
    try:
        scenario = scenario_from_tables(_changed(TABLES[name], path, value))
        prepare(scenario)
    except InputError:
        return
    describe_network(scenario)
    assert scenario_from_toml(to_toml(scenario), "again") == scenario


@settings(max_examples=200)
@given(st.text(max_size=200))
def test_any_text_as_a_scenario(text: str) -> None:
    with pytest.raises(InputError):
        scenario_from_toml(text, "x")


@settings(max_examples=200)
@given(st.sampled_from(sorted(TABLES)), st.data())
def test_a_scenario_file_that_is_damaged(
    tmp_path_factory: Any, name: str, data: st.DataObject
) -> None:
    text = (resources.files("cosim.scenario") / "builtin" / f"{name}.toml").read_bytes()
    at = data.draw(st.integers(0, len(text) - 1))
    junk = data.draw(st.binary(max_size=4))
    path = tmp_path_factory.mktemp("s") / "s.toml"
    path.write_bytes(text[:at] + junk + text[at + data.draw(st.integers(0, 40)) :])
    try:
        load_scenario(path)
    except InputError:
        return


@settings(max_examples=200)
@given(
    st.lists(
        st.sampled_from(["nodes", "ue", "0", "links", "radio", "", "task", "[", "ß"]), max_size=4
    ),
    st.text(max_size=8),
)
def test_any_override(keys: list[str], text: str) -> None:
    try:
        load_scenario("chain3", [(".".join(keys), text)])
    except InputError:
        return


@settings(max_examples=150)
@given(st.sampled_from(["toml", "csv"]), st.data())
def test_a_model_profile_that_is_damaged(
    tmp_path_factory: Any, kind: str, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("p")
    for suffix in ("toml", "csv"):
        shutil.copy(PROFILES / "models" / f"resnet18.{suffix}", folder)
    _damage(folder / f"resnet18.{kind}", data)
    try:
        load_model_profile(str(folder / "resnet18.toml"))
    except InputError:
        return


@settings(max_examples=150)
@given(st.data())
def test_a_device_profile_that_is_damaged(tmp_path_factory: Any, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("p") / "d.toml"
    shutil.copy(PROFILES / "devices" / "paper-ue.toml", path)
    _damage(path, data)
    try:
        load_device_profile(str(path))
    except InputError:
        return


def _damage(path: Path, data: st.DataObject) -> None:
    raw = path.read_bytes()
    at = data.draw(st.integers(0, len(raw) - 1))
    junk = data.draw(st.one_of(st.binary(max_size=4), st.sampled_from([b"nan", b"-1", b"1e999"])))
    path.write_bytes(raw[:at] + junk + raw[at + data.draw(st.integers(0, 20)) :])
