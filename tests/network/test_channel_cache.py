"""The cache of channels: with it, without it, half of it or a broken one, results are the same."""

from __future__ import annotations

import copy
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cosim
from cosim.errors import CosimWarning, InterruptedRunError
from cosim.network.ns3 import ChannelCache, channel_cache, channel_cache_at
from cosim.network.ns3.description import describe_network
from cosim.results.fingerprint import fingerprint
from cosim.scenario import load_scenario

END = channel_cache._LAST_ENTRY
NETWORK = describe_network(load_scenario("mmwave-iab"))
PROGRAM = Path(__file__)  # any file: only its bytes matter


@pytest.fixture
def cache(tmp_path: Path) -> ChannelCache:
    return ChannelCache(tmp_path / "cache")


def _fill(cache: ChannelCache, *, until_ns: int = 1000, body: bytes = b"x" * 64) -> Path:
    """Do what a run does that finds nothing."""
    record = cache.record_of(NETWORK, until_ns, PROGRAM)
    assert record is not None and record.part is not None
    assert record.arguments == (f"--fading-to={record.part}",)
    record.part.write_bytes(body + END)
    record.keep()
    record.discard()
    return record.path


def _is_played(cache: ChannelCache, until_ns: int = 1000, network: Any = NETWORK) -> bool:
    record = cache.record_of(network, until_ns, PROGRAM)
    assert record is not None
    record.discard()
    return record.part is None


def test_a_record_serves_runs_that_are_no_longer(cache: ChannelCache) -> None:
    assert not _is_played(cache)
    path = _fill(cache)
    assert [each.name for each in cache.directory.iterdir()] == [path.name]
    assert _is_played(cache, 1000)
    assert _is_played(cache, 999)
    assert not _is_played(cache, 1001)
    _fill(cache, until_ns=2000)
    assert _is_played(cache, 2000)


@pytest.mark.parametrize(
    "place",
    [
        ("seed",),
        ("radio", "carrier_hz"),
        ("radio", "channel_redraw_ns"),
        ("radio", "iab_array"),
        ("nodes", 0, "waypoints"),
        ("nodes", 1, "position_m"),
        ("links", 0, "parent"),
        ("blockages",),
        ("topology_changes",),
    ],
)
def test_another_network_has_a_record_of_its_own(
    place: tuple[Any, ...], cache: ChannelCache
) -> None:
    _fill(cache)
    other = copy.deepcopy(NETWORK)
    target: Any = other
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = "something else"
    assert not _is_played(cache, network=other)


def test_another_program_has_a_record_of_its_own(cache: ChannelCache, tmp_path: Path) -> None:
    _fill(cache)
    program = tmp_path / "program"
    program.write_bytes(PROGRAM.read_bytes() + b" ")
    record = cache.record_of(NETWORK, 1000, program)
    assert record is not None and record.part is not None


def test_traffic_has_no_say(cache: ChannelCache) -> None:
    _fill(cache)
    assert _is_played(
        cache, network=describe_network(load_scenario("mmwave-iab", [("load", "high")]))
    )


def test_a_run_that_did_not_end_leaves_nothing(cache: ChannelCache) -> None:
    record = cache.record_of(NETWORK, 1000, PROGRAM)
    assert record is not None and record.part is not None
    record.part.write_bytes(b"x" * 64)  # without a last entry: a full disk, or too large
    record.keep()
    record.discard()
    assert list(cache.directory.iterdir()) == []


def test_a_record_that_became_too_large_is_not_tried_again(
    cache: ChannelCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_cache, "_MOST_BYTES_OF_ONE", 200)
    path = _fill(cache, until_ns=500)
    record = cache.record_of(NETWORK, 1000, PROGRAM)
    assert record is not None and record.part is not None
    record.part.write_bytes(b"x" * 201)
    record.keep()
    record.discard()
    assert cache.record_of(NETWORK, 1000, PROGRAM) is None
    assert cache.record_of(NETWORK, 1001, PROGRAM) is None
    assert not _is_played(cache, 999)  # perhaps it is small enough
    assert _is_played(cache, 500)
    (note,) = cache.directory.glob("*.too-large")
    note.write_text("nonsense")
    assert not _is_played(cache, 1000)
    os.utime(note, (0, 0))
    channel_cache._make_room(cache.directory)
    assert [each.name for each in cache.directory.iterdir()] == [path.name]


@given(data=st.data())
def test_any_damage_is_seen(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    cache = ChannelCache(tmp_path_factory.mktemp("cache"))
    path = _fill(cache)
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    byte = bytes([whole[place] ^ data.draw(st.integers(1, 255))])
    damaged = data.draw(
        st.sampled_from(
            [
                whole[:place],
                whole[:place] + byte + whole[place + 1 :],
                whole + byte,
                byte,
                b"[a text]\n" * 20,
            ]
        )
    )
    path.write_bytes(damaged)
    with pytest.warns(CosimWarning, match="is made anew"):
        assert not _is_played(cache)
    with pytest.warns(CosimWarning, match="is made anew"):
        _fill(cache)
    assert _is_played(cache)


def test_a_record_under_a_wrong_name(cache: ChannelCache) -> None:
    path = _fill(cache)
    other = copy.deepcopy(NETWORK) | {"seed": 77}
    record = cache.record_of(other, 1000, PROGRAM)
    assert record is not None
    record.discard()
    path.rename(record.path)
    with pytest.warns(CosimWarning, match="something else"):
        assert not _is_played(cache, network=other)


def test_the_records_used_last_stay(cache: ChannelCache, monkeypatch: pytest.MonkeyPatch) -> None:
    old = _fill(cache)
    for age, name in enumerate(("b", "c")):
        copied = old.with_name(f"{name}{old.suffix}")
        copied.write_bytes(old.read_bytes())
        os.utime(copied, (1000 - age, 1000 - age))
    os.utime(old, (0, 0))
    assert _is_played(cache)  # so it is now the newest
    dead, alive = (cache.directory / f"{name}.part" for name in ("dead", "alive"))
    dead.touch()
    alive.touch()
    os.utime(dead, (0, 0))
    monkeypatch.setattr(channel_cache, "MOST_BYTES", 2 * old.stat().st_size)
    channel_cache._make_room(cache.directory)
    assert {each.name for each in cache.directory.iterdir()} == {
        old.name,
        f"b{old.suffix}",
        alive.name,
    }


def test_a_cache_that_cannot_be_used_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.warns(CosimWarning, match="cannot be used"):
        assert ChannelCache(tmp_path / "file").record_of(NETWORK, 1, PROGRAM) is None


def test_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    home = Path("~/.cache/cosim/channels").expanduser()
    assert channel_cache_at("off") is None
    assert channel_cache_at(None, {"COSIM_CHANNEL_CACHE": "off"}) is None
    assert channel_cache_at("/a", {"COSIM_CHANNEL_CACHE": "off"}) == ChannelCache(Path("/a"))
    assert channel_cache_at(None, {"COSIM_CHANNEL_CACHE": "/b"}) == ChannelCache(Path("/b"))
    assert channel_cache_at(None, {}) == ChannelCache(home)
    assert channel_cache_at(None, {"XDG_CACHE_HOME": "x"}) == ChannelCache(home)
    found = channel_cache_at(None, {"XDG_CACHE_HOME": "/x"})
    assert found == ChannelCache(Path("/x/cosim/channels"))

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert channel_cache_at(None, {}) is None


# A UE that is handed over on the way (at this speed within a second), draws of everything, an
# obstacle in the way, and a node that falls asleep: all that has channels drawn.
RICH = {
    "duration": "1 s",
    "nodes.ue.speed": "110 km/h",
    "radio.access_condition": "auto",
    "radio.shadowing": True,
    "blockages": [
        {"link": "ue-access", "start": "210 ms", "end": "415 ms"},
        {"link": "A", "start": "300 ms", "end": "500 ms"},
    ],
    "topology_changes": [
        {"node": "iab3", "time": "600 ms", "action": "sleep"},
        {"node": "iab3", "time": "850 ms", "action": "wake"},
    ],
}


def _run(policy: str, out: Path, cache: Path | str, **changes: Any) -> cosim.RunResult:
    overrides = {**RICH, **changes}
    return cosim.run("mmwave-iab", policy=policy, out=out, channel_cache=cache, overrides=overrides)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, cosim.RunResult]:
    """Runs without a cache, by policy."""
    folder = tmp_path_factory.mktemp("drawn")
    return {policy: _run(policy, folder / policy, "off") for policy in ("hivemind", "ue-only")}


def _record(cache: Path) -> Path:
    (record,) = cache.iterdir()
    return record


def _assert_same(run: cosim.RunResult, other: cosim.RunResult) -> None:
    assert run.manifest.fingerprint == other.manifest.fingerprint
    for table in ("tasks.parquet", "links.parquet"):
        ours, theirs = (pd.read_parquet(each.directory / table) for each in (run, other))
        assert len(ours) > 0
        pd.testing.assert_frame_equal(ours, theirs, check_exact=True)
    assert run.manifest.totals == other.manifest.totals


@pytest.mark.ns3
def test_two_policies_and_one_record(drawn: dict[str, cosim.RunResult], tmp_path: Path) -> None:
    totals = drawn["hivemind"].manifest.totals
    assert totals is not None and totals["handovers"] > 0
    first = _run("hivemind", tmp_path / "1", tmp_path / "cache")
    _assert_same(first, drawn["hivemind"])
    before = _record(tmp_path / "cache").stat()
    second = _run("ue-only", tmp_path / "2", tmp_path / "cache")
    _assert_same(second, drawn["ue-only"])
    after = _record(tmp_path / "cache").stat()
    assert after.st_ino == before.st_ino and after.st_mtime_ns > before.st_mtime_ns  # it was read
    # What the other policy would have written is the same, bit by bit: the channel is common.
    _run("ue-only", tmp_path / "3", tmp_path / "other")
    assert _record(tmp_path / "other").read_bytes() == _record(tmp_path / "cache").read_bytes()


@pytest.mark.ns3
def test_a_record_of_a_shorter_run_gives_way(
    drawn: dict[str, cosim.RunResult], tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    _run("ue-only", tmp_path / "short", cache, duration="0.4 s")
    size = _record(cache).stat().st_size
    _assert_same(_run("hivemind", tmp_path / "long", cache), drawn["hivemind"])
    assert _record(cache).stat().st_size > size
    inode = _record(cache).stat().st_ino
    short = _run("hivemind", tmp_path / "again", cache, duration="0.4 s")
    assert _record(cache).stat().st_ino == inode
    uncached = _run("hivemind", tmp_path / "uncached", "off", duration="0.4 s")
    _assert_same(short, uncached)


@pytest.mark.ns3
def test_a_record_of_another_load_will_do(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    short = {"duration": "0.3 s"}
    _run("hivemind", tmp_path / "low", cache, load="low", **short)
    inode = _record(cache).stat().st_ino
    high = _run("hivemind", tmp_path / "high", cache, load="high", **short)
    assert _record(cache).stat().st_ino == inode
    _assert_same(high, _run("hivemind", tmp_path / "drawn", "off", load="high", **short))


@pytest.mark.ns3
@pytest.mark.parametrize("damage", ["cut off", "another byte", "foreign"])
def test_a_broken_record_changes_nothing(damage: str, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    short = {"duration": "0.2 s"}
    first = _run("hivemind", tmp_path / "1", cache, **short)
    record = _record(cache)
    whole = record.read_bytes()
    broken = {
        "cut off": whole[: len(whole) // 2],
        "another byte": whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:],
        "foreign": b"PK\3\4" + bytes(5000),
    }
    record.write_bytes(broken[damage])
    with pytest.warns(CosimWarning, match="is made anew"):
        _assert_same(_run("hivemind", tmp_path / "2", cache, **short), first)
    assert _record(cache).read_bytes() == whole


@pytest.mark.ns3
def test_several_processes_at_once(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    command = [sys.executable, "-m", "cosim", "run", "mmwave-iab", "--duration", "0.2"]
    for _round in range(2):  # all write, then all read
        folders = [tmp_path / str(number) for number in range(4)]
        runs = [
            subprocess.Popen(
                [*command, "--force", "--channel-cache", str(cache), "--out", str(folder)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            for folder in folders
        ]
        errors = [run.communicate(timeout=300)[1] for run in runs]
        assert all(run.returncode == 0 for run in runs), errors
        assert not any("warning" in error for error in errors), errors
        assert len({fingerprint(folder) for folder in folders}) == 1
        _record(cache)  # there is one, and no half of one


@pytest.mark.ns3
def test_the_command_warns_in_one_line(tmp_path: Path) -> None:
    def run(cache: Path) -> list[str]:
        command = [sys.executable, "-m", "cosim", "run", "chain3", "--duration", "0.05", "--force"]
        command += ["--channel-cache", str(cache), "--out", str(tmp_path / "run")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        return [line for line in done.stderr.splitlines() if "warning" in line.lower()]

    assert run(tmp_path / "cache") == []
    _record(tmp_path / "cache").write_bytes(b"nothing")
    (warning,) = run(tmp_path / "cache")
    assert warning.startswith("warning: the channel record ")
    assert warning.endswith("is made anew: it is too short")
    (tmp_path / "file").touch()
    (warning,) = run(tmp_path / "file")
    assert warning.startswith("warning: channels are not kept: ")


@pytest.mark.ns3
def test_a_run_that_is_interrupted_keeps_no_record(tmp_path: Path) -> None:
    cache = tmp_path / "cache"

    def stop(_progress: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(InterruptedRunError):
        cosim.run(
            "mmwave-iab",
            duration_s=0.3,
            out=tmp_path / "run",
            channel_cache=cache,
            progress=stop,
        )
    assert list(cache.iterdir()) == []
