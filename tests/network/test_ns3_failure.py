"""When one side dies, the other says so and ends."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

import cosim
from cosim.errors import BackendMissingError, PeerDiedError, ProtocolError, RejectedError
from cosim.network.ns3 import open_ns3
from cosim.network.ns3.program import PROGRAM_VARIABLE, find_program
from cosim.network.port import Send, Transport
from cosim.results import RunResult
from cosim.scenario import load_scenario
from cosim.units import FrequencyHz

pytestmark = pytest.mark.ns3

LONGEST_S = 5.0


@pytest.mark.parametrize("sig", [signal.SIGKILL, signal.SIGSTOP])
def test_ns3_that_dies_or_stops_ends_the_run(tmp_path: Path, sig: signal.Signals) -> None:
    network = open_ns3(load_scenario("chain3"), stderr_path=tmp_path / "stderr")
    try:
        network.start()
        network.advance(100_000_000, ())
        begin = time.monotonic()
        os.kill(network.pid, sig)
        with pytest.raises(PeerDiedError, match="ns-3") as caught:
            while True:
                network.advance(50_000_000_000, ())
        assert time.monotonic() - begin < LONGEST_S
        assert caught.value.sim_time_ns is not None
    finally:
        network.close()
    assert not Path(f"/proc/{network.pid}").exists()


def test_ns3_that_died_while_python_was_busy_is_noticed(tmp_path: Path) -> None:
    network = open_ns3(load_scenario("chain3"), stderr_path=tmp_path / "stderr")
    try:
        network.start()
        os.kill(network.pid, signal.SIGKILL)
        time.sleep(0.3)  # by now the socket has no peer
        begin = time.monotonic()
        with pytest.raises(PeerDiedError, match="SIGKILL"):
            network.advance(1_000_000, ())
        assert time.monotonic() - begin < LONGEST_S
    finally:
        network.close()


def test_a_killed_ns3_leaves_a_failed_run_with_its_results(tmp_path: Path) -> None:
    killed = []

    def kill_late(progress: object) -> None:
        children = _children(os.getpid(), "cosim-ns3")
        if progress.simulated_s > 0.5 and not killed:  # type: ignore[attr-defined]
            killed.append(os.kill(children[0], signal.SIGKILL))

    with pytest.raises(PeerDiedError, match="SIGKILL"):
        cosim.run("chain3", duration_s=3.0, out=tmp_path / "run", progress=kill_late)
    left = RunResult.open(tmp_path / "run")
    assert left.manifest.status == "failed"
    assert "SIGKILL" in str(left.manifest.reason)
    assert len(left.tasks) > 5


def test_a_python_that_gets_no_processor_for_a_while_goes_on(tmp_path: Path) -> None:
    code = f"import cosim; cosim.run('chain3', duration_s=20.0, out={str(tmp_path / 'run')!r})"
    parent = subprocess.Popen([sys.executable, "-c", code])
    try:
        links = tmp_path / "run" / "links.arrows.partial"
        _wait_for(lambda: links.exists() and links.stat().st_size > 10_000, 30)
        parent.send_signal(signal.SIGSTOP)
        time.sleep(4)  # longer than heartbeats would be waited for
        parent.send_signal(signal.SIGCONT)
        assert parent.wait(60) == 0
    finally:
        parent.kill()
        parent.wait(5)
    assert RunResult.open(tmp_path / "run").manifest.status == "done"


def test_ns3_ends_when_python_is_killed(tmp_path: Path) -> None:
    code = f"import cosim; cosim.run('chain3', duration_s=500.0, out={str(tmp_path / 'run')!r})"
    parent = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    try:
        ns3 = _wait_for(lambda: _children(parent.pid, "cosim-ns3"), 30)[0]
        _wait_for((tmp_path / "run" / "ns3-stderr.txt").exists, 10)
        time.sleep(0.5)
        parent.kill()
        parent.wait(5)
        _wait_for(lambda: not _is_running(ns3), LONGEST_S)
    finally:
        parent.kill()
        parent.wait(5)
    last_words = "".join(p.read_text() for p in (tmp_path / "run").glob("*stderr*"))
    assert "controllers' side has died" in last_words
    assert "simulated time" in last_words


def test_a_killed_python_leaves_a_failed_manifest_and_no_socket(tmp_path: Path) -> None:
    sockets = tmp_path / "sockets"
    sockets.mkdir()
    code = f"import cosim; cosim.run('chain3', duration_s=500.0, out={str(tmp_path / 'run')!r})"
    environment = {**os.environ, "TMPDIR": str(sockets)}
    parent = subprocess.Popen([sys.executable, "-c", code], env=environment)
    try:
        ns3 = _wait_for(lambda: _children(parent.pid, "cosim-ns3"), 30)[0]
        _wait_for(lambda: list(sockets.iterdir()) == [], 10)  # they are connected
        links = tmp_path / "run" / "links.arrows.partial"
        _wait_for(lambda: links.stat().st_size > 10_000, 20)
        parent.kill()
        parent.wait(5)
        manifest = tmp_path / "run" / "manifest.json"
        _wait_for(lambda: not _is_running(ns3), LONGEST_S)
        left = json.loads(manifest.read_text())
        assert left["status"] == "failed"
        assert left["simulated_s"] > 0.01, "ns-3 knows how far the run got"
        assert 0.01 < left["wall_s"] < 60, "and how long that took"
    finally:
        parent.kill()
        parent.wait(5)
    assert "ended without finishing" in str(RunResult.open(tmp_path / "run").manifest.reason)
    assert list(sockets.iterdir()) == []


def test_ns3_that_has_much_to_tidy_up_says_once_why_it_ends(tmp_path: Path) -> None:
    code = (
        "import cosim; many = {'nodes.ue.count': 150, 'nodes.ue.spread_m': 50.0}; "
        f"cosim.run('chain3', duration_s=500.0, overrides=many, out={str(tmp_path / 'run')!r})"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    ns3 = None
    try:
        ns3 = _wait_for(lambda: _children(parent.pid, "cosim-ns3"), 30)[0]
        links = tmp_path / "run" / "links.arrows.partial"
        _wait_for(lambda: links.exists() and links.stat().st_size > 10_000, 60)
        parent.kill()
        parent.wait(5)
        stderr = tmp_path / "run" / "ns3-stderr.txt"
        _wait_for(lambda: "died" in stderr.read_text(), 10)
        os.kill(ns3, signal.SIGSTOP)  # as if tidying up took longer than the grace time
        time.sleep(1.5)
        os.kill(ns3, signal.SIGCONT)
        _wait_for(lambda: not _is_running(ns3), LONGEST_S)
    finally:
        parent.kill()
        parent.wait(5)
    (line,) = stderr.read_text().splitlines()
    assert "controllers' side has died (at" in line
    assert json.loads((tmp_path / "run/manifest.json").read_text())["status"] == "failed"


_STARTS_NS3 = """
import os, subprocess, sys, time
arguments = ["--endpoint=ipc://" + sys.argv[2], "--session=x", f"--parent={os.getpid()}"]
print(subprocess.Popen([sys.argv[1], *arguments], stderr=subprocess.DEVNULL).pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("wait_s", [0.0, 1.0])
def test_ns3_that_never_met_its_python_ends_with_it(tmp_path: Path, wait_s: float) -> None:
    directory = tmp_path / "private"
    directory.mkdir()
    arguments = [str(find_program()), str(directory / "ns3.sock")]
    parent = subprocess.Popen(
        [sys.executable, "-c", _STARTS_NS3, *arguments], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    ns3 = int(parent.stdout.readline())
    time.sleep(wait_s)
    parent.kill()
    parent.communicate(timeout=5)
    _wait_for(lambda: not _is_running(ns3), LONGEST_S)
    assert not directory.exists()


def test_ns3_ends_in_the_middle_of_a_step(tmp_path: Path) -> None:
    """A step that takes minutes of real time must not outlive Python."""
    code = (
        "import time\n"
        "from pathlib import Path\n"
        "from cosim.network.ns3 import open_ns3\n"
        "from cosim.scenario import load_scenario\n"
        "still = [('nodes.ue.waypoints_m', '[]'), ('nodes.ue.speed', '0 m/s')]\n"
        "scenario = load_scenario('mmwave-iab', [('report_interval', '1000 s'), *still])\n"
        f"network = open_ns3(scenario, stderr_path=Path({str(tmp_path / 'stderr')!r}))\n"
        "network.start()\n"
        "print(network.pid, flush=True)\n"
        "network.advance(9 * 10**11, ())\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    ns3 = int(parent.stdout.readline())
    time.sleep(1.0)
    parent.kill()
    parent.communicate(timeout=5)
    _wait_for(lambda: not _is_running(ns3), LONGEST_S)
    last_words = (tmp_path / "stderr").read_text()
    assert "has died in the middle of a step (at simulated time 0 s)" in last_words


def test_ns3_that_is_stopped_before_it_says_hello(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "stopped-ns3"
    program.write_text("#!/bin/sh\nkill -STOP $$\n")
    program.chmod(0o700)
    monkeypatch.setenv(PROGRAM_VARIABLE, str(program))
    begin = time.monotonic()
    with pytest.raises(PeerDiedError, match="was stopped by a signal"):
        open_ns3(load_scenario("chain3"), stderr_path=tmp_path / "stderr")
    assert time.monotonic() - begin < LONGEST_S


def test_a_network_that_cannot_be_built_is_rejected_with_the_reason(tmp_path: Path) -> None:
    built_in = load_scenario("chain3")  # the loader would refuse what ns-3 has to
    radio = msgspec.structs.replace(built_in.radio, bandwidth=FrequencyHz(123_000_000))
    scenario = msgspec.structs.replace(built_in, radio=radio)
    network = open_ns3(scenario, stderr_path=tmp_path / "stderr")
    with pytest.raises(RejectedError, match="123000000 Hz"):
        network.start()
    network.close()


@pytest.mark.parametrize(
    "extreme",
    [
        {"radio.queue": "1 GB", "links.N.queue": "4 GB"},
        {"links.N.capacity": "10000 Gbps", "links.N.delay": "4e9 s"},
        {"links.N.cross_traffic": '{ rate = "10000 Gbps", sigma = 20.0, coherence = "1 us" }'},
        {"background.ues_per_cell": 2, "background.ue_rate": "10000 Gbps"},
        {
            "background.rate_mixture": "[{ sigma = 20.0 }, { sigma = 0, median = 1e3 }]",
            "background.downlink_share": 1000.0,
        },
        {"background.radius_m": 1e6, "report_interval": "4e9 s"},
        {"radio.channel_update": "1 us", "radio.channel_redraw": "1 us"},
        {"radio.channel_update": "4e9 s", "radio.handover_time_to_trigger": "4e9 s"},
        {"radio.ue_power": "-1000 dBm", "radio.noise_figure": "1000 dB", "seed": 2**63 - 1},
        {"nodes.ue.waypoints_m": "[[1e6, 1e6]]", "nodes.ue.speed": "1e-300 m/s"},
        {"blockages": '[{ link = "ue-access", start = "0 s", end = "4e9 s", loss = "1000 dB" }]'},
    ],
    ids=",".join,
)
def test_what_a_scenario_may_say_can_be_built(tmp_path: Path, extreme: dict[str, object]) -> None:
    """The limits of `cosim.scenario.check` are not wider than those of ns-3 (bridge/limits.cc)."""
    scenario = load_scenario("chain3", extreme.items())
    network = open_ns3(scenario, stderr_path=tmp_path / "stderr")
    try:
        network.start()
    finally:
        network.close()


def test_a_command_that_cannot_be_carried_out_is_an_error_with_the_time(tmp_path: Path) -> None:
    network = open_ns3(load_scenario("chain3"), stderr_path=tmp_path / "stderr")
    network.start()
    network.advance(10_000_000, ())
    with pytest.raises(ProtocolError, match="no node 'nobody'") as caught:
        network.advance(20_000_000, (Send(1, "ue", "nobody", 10, Transport.UDP),))
    assert caught.value.sim_time_ns == 10_000_000
    network.close()


def test_a_missing_program_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROGRAM_VARIABLE, str(tmp_path / "nothing"))
    with pytest.raises(BackendMissingError, match="nothing"):
        open_ns3(load_scenario("chain3"), stderr_path=tmp_path / "stderr")


_SAYS_HELLO = """
import sys, msgspec, zmq
options = dict(a[2:].split("=", 1) for a in sys.argv[1:])
socket = zmq.Context().socket(zmq.DEALER)
socket.connect(options["endpoint"])
hello = dict(type="hello", v=1, session=options["session"], seq=0, program="cosim-ns3",
             program_version="{version}", ns3_version="3.44", pid=1)
hello |= {changes}
socket.send(msgspec.msgpack.encode(hello))
socket.recv()
"""


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"v": 9}, "speaks protocol version 9, this cosim 1"),
        ({"program_version": "0.0.1"}, f"is of cosim 0.0.1, this is {cosim.__version__}"),
    ],
)
def test_a_program_of_another_version_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], problem: str
) -> None:
    program, script = tmp_path / "other-ns3", tmp_path / "other-ns3.py"
    script.write_text(_SAYS_HELLO.format(version=cosim.__version__, changes=changes))
    # A line with `#!` alone could not name a Python in a folder with a space.
    command = shlex.join([sys.executable, str(script)])
    program.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    program.chmod(0o700)
    monkeypatch.setenv(PROGRAM_VARIABLE, str(program))
    with pytest.raises(ProtocolError, match=f"{problem}.*; install cosim again"):
        cosim.run("chain3", out=tmp_path / "run")
    left = RunResult.open(tmp_path / "run")
    assert left.manifest.status == "failed" and problem in str(left.manifest.reason)
    assert _children(os.getpid(), "other-ns3") == []


def test_python_that_is_stuck_is_left_by_ns3(tmp_path: Path) -> None:
    """Whatever holds the interpreter up, ns-3 does not wait for ever, nor does what comes next."""
    network = open_ns3(load_scenario("chain3"), stderr_path=tmp_path / "stderr", deadline_s=1.0)
    try:
        network.start()
        network.advance(5_000_000, ())
        _wait_for(lambda: not _is_running(network.pid), 10)
        with pytest.raises(PeerDiedError, match="sent nothing for 1000 ms"):
            network.advance(10_000_000, ())
    finally:
        network.close()


def _children(pid: int, name: str) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(
                line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line
            )
        except OSError:
            continue
        if fields.get("PPid", "").strip() == str(pid) and fields["Name"].strip() == name:
            found.append(int(status.parent.name))
    return found


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _wait_for(condition, limit_s: float):  # type: ignore[no-untyped-def]
    limit = time.monotonic() + limit_s
    while not (outcome := condition()):
        assert time.monotonic() < limit, "did not happen in time"
        time.sleep(0.02)
    return outcome
