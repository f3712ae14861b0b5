"""An ns-3 that somebody else starts, over TCP: only with the secret, and neither side hangs."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import cosim
from cosim.errors import InputError, NetworkError, PeerDiedError, PeerTimeoutError
from cosim.network.ns3 import open_ns3
from cosim.network.ns3.link import Ns3Link
from cosim.network.ns3.remote import RemoteAccess, remote_access
from cosim.scenario import load_scenario

DEADLINE_S = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(secrets.token_hex(32) + "\n")
    return path


@pytest.fixture
def port(secret_file: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    port = free_port()
    monkeypatch.setenv("COSIM_NS3_LISTEN", str(port))
    monkeypatch.setenv("COSIM_SESSION_SECRET_FILE", str(secret_file))
    return port


@pytest.fixture
def start() -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


def remote_ns3(
    started: list[subprocess.Popen[str]], port: int, secret: Path, patience_s: float = 60.0
) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cosim", "ns3", "--connect", f"tcp://127.0.0.1:{port}"]
    command += ["--secret", str(secret), "--patience", str(patience_s)]
    started.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
    return started[-1]


def test_what_the_environment_says(secret_file: Path) -> None:
    assert remote_access({}) is None
    named = {"COSIM_SESSION_SECRET_FILE": str(secret_file)}
    access = remote_access({"COSIM_NS3_LISTEN": "5570", **named})
    assert access is not None
    assert access.endpoint == "tcp://127.0.0.1:5570"
    assert secret_file.read_text().strip() == access.secret.hex()
    assert access.secret.hex() not in repr(access)
    everywhere = remote_access({"COSIM_NS3_LISTEN": "tcp://0.0.0.0:5570", **named})
    assert everywhere is not None and everywhere.endpoint == "tcp://0.0.0.0:5570"


@pytest.mark.parametrize(
    ("listen", "secret", "says"),
    [
        ("5570", None, "no session secret"),
        ("5570", "abc", "is not 64 hexadecimal digits"),
        ("70000", "0" * 64, "is not of the form"),
        ("ipc://here", "0" * 64, "is not of the form"),
    ],
)
def test_what_cannot_be_is_bad_input(
    listen: str, secret: str | None, says: str, tmp_path: Path
) -> None:
    environment = {"COSIM_NS3_LISTEN": listen}
    if secret is not None:
        (tmp_path / "secret").write_text(secret)
        environment["COSIM_SESSION_SECRET_FILE"] = str(tmp_path / "secret")
    with pytest.raises(InputError, match=says):
        remote_access(environment)


def test_an_address_in_use(port: int, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(NetworkError, match=r"cannot listen at tcp://127\.0\.0\.1"):
            open_ns3(load_scenario("chain3"), stderr_path=tmp_path / "stderr")


@pytest.mark.ns3
def test_a_run_over_tcp_is_the_same_run(
    port: int,
    secret_file: Path,
    tmp_path: Path,
    start: list[subprocess.Popen[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ns3 = remote_ns3(start, port, secret_file)
    remote = cosim.run("chain3", duration_s=0.3, out=tmp_path / "remote")
    assert ns3.wait(DEADLINE_S) == 0
    monkeypatch.delenv("COSIM_NS3_LISTEN")
    here = cosim.run("chain3", duration_s=0.3, out=tmp_path / "here")
    assert remote.tasks.equals(here.tasks)
    assert len(remote.tasks) > 5


@pytest.mark.ns3
def test_strangers_do_not_get_in_nor_disturb(
    port: int, secret_file: Path, tmp_path: Path, start: list[subprocess.Popen[str]]
) -> None:
    over = threading.Event()

    def knock() -> None:
        while not over.wait(0.02):
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1) as stranger:
                    stranger.sendall(b"GET / HTTP/1.1\r\n\r\n" + b"\xff" * 40)
            except OSError:
                continue

    thread = threading.Thread(target=knock)
    thread.start()
    try:
        other = tmp_path / "other"
        other.write_text(secrets.token_hex(32))
        remote_ns3(start, port, other)
        remote_ns3(start, port, secret_file)
        run = cosim.run("chain3", duration_s=0.5, out=tmp_path / "run")
    finally:
        over.set()
        thread.join()
    assert run.summary()["status"] == "done"


@pytest.mark.ns3
def test_without_the_secret_nothing_is_heard(
    port: int, secret_file: Path, tmp_path: Path, start: list[subprocess.Popen[str]]
) -> None:
    other = tmp_path / "other"
    other.write_text(secrets.token_hex(32))
    access = RemoteAccess(f"tcp://127.0.0.1:{port}", bytes.fromhex(secret_file.read_text().strip()))
    link = Ns3Link(None, stderr_path=tmp_path / "stderr", deadline_s=1, remote=access)
    try:
        remote_ns3(start, port, other)
        with pytest.raises(PeerTimeoutError):
            link.receive(4)
    finally:
        link.close()


@pytest.mark.ns3
@pytest.mark.parametrize("sig", [signal.SIGKILL, signal.SIGSTOP])
def test_a_remote_ns3_that_dies_or_stops_is_noticed(
    port: int,
    secret_file: Path,
    tmp_path: Path,
    start: list[subprocess.Popen[str]],
    sig: signal.Signals,
) -> None:
    ns3 = remote_ns3(start, port, secret_file)
    network = open_ns3(load_scenario("chain3"), stderr_path=tmp_path / "stderr")
    try:
        network.start()
        ns3.send_signal(sig)
        began_s = time.monotonic()
        with pytest.raises(PeerDiedError, match="the remote ns-3 ended its connection"):
            for step in range(1, 100_000):
                network.advance(step * 1_000_000, ())
        assert time.monotonic() - began_s < 5
    finally:
        network.close()


@pytest.mark.ns3
def test_a_remote_ns3_ends_when_the_controllers_die(
    port: int, secret_file: Path, tmp_path: Path, start: list[subprocess.Popen[str]]
) -> None:
    ns3 = remote_ns3(start, port, secret_file)
    command = [sys.executable, "-m", "cosim", "run", "chain3", "--duration", "600"]
    run = subprocess.Popen(
        [*command, "--out", str(tmp_path / "run")], stderr=subprocess.DEVNULL, env=os.environ
    )
    start.append(run)  # type: ignore[arg-type]
    links = tmp_path / "run" / "manifest.json"
    limit = time.monotonic() + DEADLINE_S
    while not (links.exists() and '"network"' in links.read_text()):
        assert time.monotonic() < limit
        time.sleep(0.1)
    run.send_signal(signal.SIGKILL)
    assert ns3.wait(DEADLINE_S) == 4


@pytest.mark.ns3
def test_nobody_to_connect_to(secret_file: Path, start: list[subprocess.Popen[str]]) -> None:
    ns3 = remote_ns3(start, free_port(), secret_file, patience_s=0.5)
    assert ns3.wait(DEADLINE_S) == 4
