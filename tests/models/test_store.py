"""Model profiles are read back as they were written; a damaged one is refused with its place."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.errors import ProfileError, UnknownNameError
from cosim.models import ModelProfile, load_model_profile, synthetic_model_profile
from cosim.models.files import profiles_dir
from cosim.models.store import read_model_profile, write_model_profile

SHIPPED = profiles_dir() / "models"
sizes = st.integers(0, 2**53)
times = st.floats(0, 1e3, allow_nan=False)


@st.composite
def model_profiles(draw: st.DrawFn) -> ModelProfile:
    layers = draw(st.integers(1, 8))
    forward_s = draw(st.lists(times, min_size=layers, max_size=layers).filter(any))
    live = draw(st.lists(sizes, min_size=layers, max_size=layers))
    name = draw(st.from_regex(r"[a-z][a-z0-9_-]{0,12}", fullmatch=True))
    return synthetic_model_profile(forward_s, [*live, 0], name=name, output_bytes=draw(sizes))


@settings(max_examples=50, deadline=None)
@given(model_profiles())
def test_a_profile_reads_back_as_it_was_written(profile: ModelProfile) -> None:
    with tempfile.TemporaryDirectory() as directory:
        again = read_model_profile(write_model_profile(profile, Path(directory)))
    for one in fields(ModelProfile):
        if one.name != "digest":
            np.testing.assert_array_equal(
                np.asarray(getattr(again, one.name), dtype=object),
                np.asarray(getattr(profile, one.name), dtype=object),
                err_msg=one.name,
            )
    assert re.fullmatch("[0-9a-f]{64}", again.digest)


def test_text_with_quotes_and_controls_survives_the_toml_file(tmp_path: Path) -> None:
    profile = synthetic_model_profile([1.0], [1, 0])
    text = 'a "quoted" \\ text\nwith\ttabs, \x7f and é'
    object.__setattr__(profile, "description", text)
    assert read_model_profile(write_model_profile(profile, tmp_path)).description == text


def test_digest_depends_on_content_not_on_layout(tmp_path: Path) -> None:
    path = copy_shipped(tmp_path)
    digest = read_model_profile(path).digest
    path.write_text("# a comment\n" + path.read_text())
    csv = path.with_suffix(".csv")
    csv.write_bytes(csv.read_bytes().replace(b"\n", b"\r\n"))
    assert read_model_profile(path).digest == digest


def copy_shipped(directory: Path) -> Path:
    for suffix in (".toml", ".csv", ".coded.csv"):
        (directory / f"resnet18{suffix}").write_bytes((SHIPPED / f"resnet18{suffix}").read_bytes())
    return directory / "resnet18.toml"


def cut_lines(text: str) -> str:
    return "\n".join(text.split("\n")[:40]) + "\n"


def swap(old: str, new: str) -> Callable[[str], str]:
    return lambda text: re.sub(old, new, text, count=1, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("suffix", "damage", "message"),
    [
        (".csv", lambda text: text[:2000], "resnet18.csv: the last line is not complete"),
        (".csv", cut_lines, r"resnet18.csv: has 39 layers, but layer_count .* is 69"),
        (".csv", lambda _: "", "resnet18.csv: the last line is not complete"),
        (".csv", swap("^name,kind", "name,sort"), "resnet18.csv: line 1: the columns are not"),
        (".csv", swap("^bn1,batch_norm", "bn1,"), "resnet18.csv: line 3: kind: unknown kind ''"),
        (".csv", swap(",conv,", ",conf,"), "line 2: kind: unknown kind 'conf'"),
        (".csv", swap(",conv,", ","), "line 2: has 9 cells, not 10"),
        (".csv", swap("^conv1,conv,", "conv1,conv,-"), "line 2: flops: -59006976 is not in 0"),
        (".csv", swap("^conv1,conv,", "conv1,conv,1e"), "line 2: flops: .* is not an integer"),
        (".csv", swap("^(bn1,.*?,.*?,.*?),", r"\1,-"), "line 3: forward_s: -.* not a finite"),
        (".csv", swap("^(bn1,.*?,.*?,.*?),.*?,", r"\1,nan,"), "line 3: forward_s: nan is not"),
        (".csv", swap("^(bn1,.*?,.*?,.*?),.*?,", r"\1,fast,"), "forward_s: 'fast' is not a number"),
        (".csv", swap(",2048,2048,", ",2047,2048,"), "content_sha256: does not match"),
        (".toml", swap("schema_version = 2", "schema_version = 1"), "schema_version: is 1, this"),
        (".toml", swap("schema_version = 2\n", ""), "schema_version: is missing"),
        (".toml", swap("layer_count = 69", "layer_count = 70"), "but layer_count in resnet18.toml"),
        (".toml", swap("layer_count = 69", "layer_count = '69'"), "resnet18.toml: layer_count: "),
        (".toml", swap("input_bytes = ", "input_bytes = -"), "input_bytes: Expected `int` >= 0"),
        (".toml", swap("^input_bytes = .*$", ""), "missing required field `input_bytes`"),
        (".toml", swap("^threads = 1", "threads = 0"), "provenance.threads: Expected `int` >= 1"),
        (".toml", swap("^threads", "thraeds"), "provenance: .*unknown field `thraeds`"),
        (".toml", swap("^reference_s = .*$", "reference_s = nan"), "reference_s|content_sha256"),
        (
            ".coded.csv",
            cut_lines,
            r"resnet18.coded.csv: has 39 boundaries, but layer_count .* is 69",
        ),
        (".coded.csv", lambda text: text[:2000], "resnet18.coded.csv: the last line is not compl"),
        (".coded.csv", swap("^fp16_bytes", "fp8_bytes"), "coded.csv: line 1: the columns are not"),
        (".coded.csv", swap("^75264,", "7526x,"), "line 2: fp16_bytes: '7526x' is not an integer"),
        (".coded.csv", swap("^75264,", "75265,"), "content_sha256: does not match"),
        (".toml", swap("^coded_file = .*$", 'coded_file = "a/b.csv"'), "coded_file: .* plain file"),
        (".toml", swap("^has_backward = true", "has_backward = false"), "line 1: the columns are"),
        (
            ".toml",
            swap("^shape = .*$", "shape = [0]"),
            r"inputs\[0\].shape\[0\]: Expected `int` >= 1",
        ),
        (".toml", swap("^date = .*$", "date = 1"), "provenance.date: Expected `date`"),
        (".toml", swap("resnet18.csv", "../resnet18.csv"), "layers_file: .* plain file name"),
        (".toml", swap("resnet18.csv", "resnet19.csv"), "resnet19.csv: cannot be read"),
        (".toml", swap('status = "measured"', 'status = "guessed"'), "provenance.status: Invalid"),
        (".toml", swap("=", ""), "resnet18.toml: is not TOML"),
    ],
)
def test_damage_is_named(
    tmp_path: Path, suffix: str, damage: Callable[[str], str], message: str
) -> None:
    path = copy_shipped(tmp_path)
    damaged = path.with_suffix(suffix)
    before = damaged.read_text()
    damaged.write_text(damage(before))
    assert damaged.read_text() != before
    with pytest.raises(ProfileError, match=message) as caught:
        read_model_profile(path)
    assert str(tmp_path) in str(caught.value)


def test_what_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = copy_shipped(tmp_path)
    path.with_suffix(".csv").write_bytes(b"\xff\xfe\n")
    with pytest.raises(ProfileError, match=r"resnet18\.csv: is not UTF-8"):
        read_model_profile(path)


@settings(max_examples=150, deadline=None)
@given(
    suffix=st.sampled_from([".toml", ".csv", ".coded.csv"]),
    where=st.floats(0, 1, exclude_max=True),
    letter=st.characters(min_codepoint=9, max_codepoint=126),
    cut=st.booleans(),
)
def test_no_damage_passes_or_raises_anything_else(
    suffix: str, where: float, letter: str, cut: bool
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = copy_shipped(Path(directory))
        expected = read_model_profile(path).digest
        text = path.with_suffix(suffix).read_text()
        at = int(where * len(text))
        rest = "" if cut else letter + text[at + 1 :]
        path.with_suffix(suffix).write_bytes((text[:at] + rest).encode())
        try:
            found = read_model_profile(path)
        except ProfileError:
            return
        assert found.digest == expected  # only layout, or a comment, was touched


def test_an_unknown_name_offers_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'resnet18'"):
        load_model_profile("resnet-18")


def test_a_name_is_never_a_way_out_of_the_directory() -> None:
    with pytest.raises(UnknownNameError):
        load_model_profile("../models/resnet18")


def test_a_profile_of_ones_own_is_loaded_by_path(tmp_path: Path) -> None:
    assert load_model_profile(str(copy_shipped(tmp_path))).name == "resnet18"
    with pytest.raises(ProfileError, match=r"nowhere\.toml: cannot be read"):
        load_model_profile(str(tmp_path / "nowhere.toml"))


@pytest.mark.parametrize(
    ("forward_s", "live_bytes", "message"),
    [
        ([], [0], "layer_names: there is no layer"),
        ([1.0, -1.0], [4, 4, 0], r"forward_s\[1\]: -1.0"),
        ([1.0, float("nan")], [4, 4, 0], r"forward_s\[1\]: nan"),
        ([1.0], [4, 4, 0], r"live_bytes: has shape \(3,\), not \(2,\)"),
        ([1.0], [4, -1], r"live_bytes\[1\]: -1"),
        ([1.0], [4, 4], r"live_bytes\[1\]: is 4, not 0"),
        ([0.0], [4, 0], "reference_s: 0.0 is not"),
    ],
)
def test_a_profile_that_cannot_be_is_refused(
    forward_s: list[float], live_bytes: list[int], message: str
) -> None:
    with pytest.raises(ProfileError, match=message):
        synthetic_model_profile(forward_s, live_bytes)


def test_a_profile_cannot_be_changed() -> None:
    profile = synthetic_model_profile([1.0, 2.0], [8, 4, 0])
    with pytest.raises(ValueError, match="read-only"):
        profile.forward_s[0] = 5.0
    with pytest.raises(AttributeError):
        profile.name = "other"  # type: ignore[misc]
