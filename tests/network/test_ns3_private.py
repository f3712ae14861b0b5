"""Nobody but the user reaches a run, and nothing listens on a network."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest

from cosim.network.ns3 import link, open_ns3
from cosim.scenario import load_scenario

LISTENING = "0A"  # state of a TCP socket in /proc/net/tcp


def test_the_socket_lies_where_only_the_user_gets(monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.umask(0)  # the worst there is
    try:
        directory = link._private_directory()
    finally:
        os.umask(before)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    directory.rmdir()


@pytest.mark.ns3
def test_neither_side_listens_on_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = _inodes(os.getpid())  # of the test runner's own
    network = open_ns3(load_scenario("chain3"), stderr_path=tmp_path / "stderr")
    try:
        network.start()
        network.advance(1_000_000, ())
        for pid in (os.getpid(), network.pid):
            assert (_inodes(pid) - before) & _listening() == set()
        assert [path.name for path in tmp_path.iterdir()] == ["stderr"]  # no name is left
    finally:
        network.close()


def _inodes(pid: int) -> set[str]:
    """The sockets that a process holds."""
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(target[8:-1])
    return found


def _listening() -> set[str]:
    lines = []
    for table in ("tcp", "tcp6"):
        path = Path("/proc/net") / table
        lines += path.read_text().splitlines()[1:] if path.exists() else []
    return {fields[9] for fields in map(str.split, lines) if fields[3] == LISTENING}
