"""What a user sees when a run fails: one line, an exit code, and what there was of results."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import cosim
from cosim.cli.main import main
from cosim.errors import PolicyError, ProfileChangedError
from cosim.results import RunResult
from cosim.scenario import load_scenario

STUCK = """
import time
from cosim.splitting.policies import HiveMind

class Stuck(HiveMind):
    left = 40
    def solve_node(self, role, costs, downstream):
        Stuck.left -= 1
        if Stuck.left < 0:
            {how}
        return super().solve_node(role, costs, downstream)
"""
LOOPS = "while True: pass"
SLEEPS = "time.sleep(60)"
STUBBORN = """
            for attempt in range(3):
                try:
                    time.sleep(60)
                except Exception:
                    pass
"""


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize("how", [LOOPS, SLEEPS, STUBBORN], ids=["loops", "sleeps", "stubborn"])
def test_a_policy_that_never_returns(how: str, no_ns3: list[Any]) -> None:
    name = f"stuck{abs(hash(how))}"  # a module is imported once
    Path(f"{name}.py").write_text(STUCK.format(how=how))
    result = call(
        *("run", "chain3", "--policy", f"{name}:Stuck", "--out", "x", "--decision-limit", "0.4")
    )
    assert result.exit_code == 1
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert "the policy did not decide within 0.4 s (at simulated time" in line
    assert "node '" in line and "x/traceback.txt" in line
    assert "the same again: cosim run x/scenario.toml --decision-limit 0.4" in line
    left = RunResult.open("x")
    assert (left.manifest.status, left.manifest.error_type) == ("failed", "PolicyError")
    assert len(left.links) > 0 and len(left.sci) > 0
    assert "solve_node" in Path("x/traceback.txt").read_text()
    assert no_ns3[-1].closed


def test_a_comparison_limits_decisions_too(no_ns3: list[Any]) -> None:
    Path("stuck_compared.py").write_text(STUCK.format(how=LOOPS))
    policies = ("compare", "chain3", "--policies", "ue-only,stuck_compared:Stuck")
    result = call(*policies, "--out", "x", "--decision-limit", "0.4")
    assert result.exit_code == 1
    assert "the policy did not decide within 0.4 s" in result.stderr
    left = {path.name: RunResult.open(path).manifest.status for path in Path("x").iterdir()}
    assert left == {"ue-only": "done", "stuck_compared-Stuck": "failed"}


def test_ctrl_c_before_the_command_is_there_leaves_no_traceback(tmp_path: Path) -> None:
    signals_itself = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
    (tmp_path / "click.py").write_text(signals_itself)  # the first library that is imported
    done = subprocess.run(
        [sys.executable, "-m", "cosim", "--version"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        # A shell starts what is to go on behind it with Ctrl-C ignored, and so would this be.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_the_watch_leaves_no_thread_and_no_handler(no_ns3: list[Any]) -> None:
    before = threading.active_count()
    cosim.run("chain3", duration_s=0.1, decision_limit_s=5.0)
    assert threading.active_count() == before


def test_a_run_outside_the_main_thread_goes_unguarded(no_ns3: list[Any]) -> None:
    statuses = []

    def work() -> None:
        statuses.append(cosim.run("chain3", duration_s=0.1).manifest.status)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert statuses == ["done"]


def test_a_policy_that_raises_says_how_to_repeat_it(no_ns3: list[Any]) -> None:
    Path("raiser.py").write_text(
        "from cosim.splitting.policies import HiveMind\n"
        "class Raiser(HiveMind):\n"
        "    def solve_node(self, role, costs, downstream):\n"
        "        raise ValueError('no idea')\n"
    )
    out = "runs of mine/x"
    result = call("run", "chain3", "--policy", "raiser:Raiser", "--seed", "7", "--out", out)
    assert result.exit_code == 1
    again = result.stderr.strip().rpartition("the same again: ")[2]
    command = shlex.split(again)
    assert command[:2] == ["cosim", "run"]
    repeated = call(*command[1:], "--out", "y")
    assert repeated.exit_code == 1 and "no idea" in repeated.stderr
    assert json.loads(Path("y/manifest.json").read_text())["seed"] == 7


@pytest.mark.parametrize("becomes", ["another", "nothing"])
def test_a_profile_that_changes_under_a_run(
    becomes: str, no_ns3: list[Any], tmp_path: Path
) -> None:
    shipped = Path(cosim.__file__).parents[1] / "profiles" / "devices" / "paper-ue.toml"
    device = tmp_path / "mine.toml"
    device.write_text(shipped.read_text())

    def change(progress: object) -> None:
        if becomes == "another":
            device.write_text(shipped.read_text().replace("value = 0.115", "value = 0.2"))
        else:
            device.unlink(missing_ok=True)

    with pytest.raises(ProfileChangedError, match=r"since the run began: device/.*mine\.toml"):
        cosim.run(
            "chain3",
            overrides={"nodes.ue.device": str(device)},
            duration_s=0.2,
            progress=change,
            out="x",
        )
    left = RunResult.open("x")
    assert left.manifest.status == "failed"
    assert "changed on disk" in str(left.manifest.reason)
    assert len(left.tasks) > 0


def test_a_profile_of_ones_own_that_does_not_change(no_ns3: list[Any], tmp_path: Path) -> None:
    shipped = Path(cosim.__file__).parents[1] / "profiles" / "devices" / "paper-ue.toml"
    device = tmp_path / "mine.toml"
    device.write_text(shipped.read_text().replace('name = "paper-ue"', 'name = "mine"'))
    overrides = {"nodes.ue.device": str(device)}
    assert cosim.run("chain3", overrides=overrides, duration_s=0.1).manifest.status == "done"


def test_an_output_that_cannot_be_written_is_bad_input(no_ns3: list[Any]) -> None:
    Path("file").write_text("in the way")
    for out in ("file/run", "/proc/cosim-run"):
        result = call("run", "chain3", "--out", out)
        assert result.exit_code == 2, result.stderr
        assert result.stderr.startswith(f"error: {out} cannot be used: ")
    assert no_ns3 == []  # nothing was started


def test_an_error_that_is_no_policys_tells_its_rerun_too(
    still: Any, trouble: dict[str, Any], tmp_path: Path
) -> None:
    def factory(scenario: Any, stderr: Path) -> Any:
        return still(scenario, trouble["network"])

    with pytest.raises(Exception, match=r"the same again: cosim run .*scenario\.toml"):
        cosim.run("chain3", out=tmp_path / "x", port_factory=factory)
    reason = json.loads((tmp_path / "x/manifest.json").read_text())["reason"]
    assert str(tmp_path / "x/scenario.toml") in reason
    assert load_scenario(tmp_path / "x/scenario.toml").name == "chain3"


def test_errors_without_a_run_have_no_rerun() -> None:
    assert "again" not in str(PolicyError("no"))
