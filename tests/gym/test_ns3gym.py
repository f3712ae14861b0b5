"""`cosim gym` as ns3-gym's agents see it: bytes, a whole episode, and ends of every kind."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from cosim.errors import ProtocolError
from cosim.gym.ns3gym.schema import message_classes
from cosim.gym.ns3gym.wire import (
    decode_acknowledgement,
    decode_action,
    encode_spaces,
    encode_state,
)

ROOT = Path(__file__).parents[2]
DISCRETE_3 = bytes.fromhex(
    "0a3e0801123a0a34747970652e676f6f676c65617069732e636f6d2f6e73336f70656e67796d2e44697363"
    "7265746544617461436f6e7461696e657212020803"
)


def load_minimal_agent() -> ModuleType:
    """Tests are no package: a helper is loaded by its path."""
    path = Path(__file__).with_name("minimal_agent.py")
    spec = importlib.util.spec_from_file_location("minimal_agent", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["minimal_agent"] = module
    spec.loader.exec_module(module)
    return module


minimal = load_minimal_agent()


@pytest.fixture
def agent() -> Iterator[minimal.Agent]:
    agent = minimal.Agent()
    yield agent
    agent.close()


class Simulation:
    """`cosim gym` in a process of its own."""

    def __init__(self, folder: Path, *arguments: str, backend: str = "simplified") -> None:
        self.out = folder / "run"
        command = [sys.executable, "-m", "cosim", "gym", "chain3", "--backend", backend]
        command += ["--duration", "0.3", "--out", str(self.out), "--json", *arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def end(self) -> tuple[int, str, str]:
        stdout, stderr = self.process.communicate(timeout=60)
        return self.process.returncode, stdout, stderr

    def manifest(self) -> dict[str, object]:
        return dict(json.loads((self.out / "manifest.json").read_text()))


def test_the_known_vectors() -> None:
    assert decode_acknowledgement(bytes.fromhex("0801"))
    assert not decode_acknowledgement(bytes.fromhex("1001"))
    assert decode_action(bytes.fromhex("1001")) is None
    assert decode_action(DISCRETE_3) == 3
    ours = message_classes()["EnvActMsg"].FromString(DISCRETE_3)
    assert ours.SerializeToString() == DISCRETE_3 == minimal.discrete_action(3)


def test_what_is_sent_reads_back_by_hand() -> None:
    spaces = minimal.read_spaces(encode_spaces(4711, 216, 10.0, 70))
    assert spaces == minimal.Spaces(4711, 216, 0.0, 10.0, 70)
    observation = np.array([0.0, 0.25, 10.0], dtype=np.float32)
    state = minimal.read_state(encode_state(observation, -1.5, "[]", is_over=True))
    assert state == minimal.State((0.0, 0.25, 10.0), -1.5, True, 0, "[]")


@pytest.mark.parametrize("dtype", ["ints", "uints", "floats", "doubles"])
def test_a_number_in_a_box_is_an_action_too(dtype: str) -> None:
    box = message_classes()["BoxDataContainer"](**{dtype: [7]})
    message = message_classes()["EnvActMsg"]()
    message.action.content.type_url = "type.googleapis.com/ns3opengym.BoxDataContainer"
    message.action.content.value = box.SerializeToString()
    assert decode_action(message.SerializeToString()) == 7


@pytest.mark.parametrize("data", [b"", b"\xff\xff", b"\x0a\x02\x08\x01"])
def test_what_is_no_action_is_an_error(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_action(data)
    with pytest.raises(ProtocolError):
        decode_acknowledgement(b"\xff\xff" + data)


def play(agent: minimal.Agent, actions: int) -> tuple[int, float, list[dict[str, object]]]:
    steps, total, tasks = 0, 0.0, []
    while True:
        state = agent.state()
        total += state.reward
        tasks += json.loads(state.info or "[]")
        if state.is_over:
            assert state.reason == 0
            agent.stop()
            return steps, total, tasks
        sums = np.array(state.observation[6:]).reshape(3, actions).sum(axis=0)
        sums[: round(state.observation[0] * (actions - 1))] = np.inf
        agent.act(actions - 1 - int(sums[::-1].argmin()))
        steps += 1


@pytest.mark.parametrize(
    "backend", ["simplified", pytest.param("ns3", marks=pytest.mark.ns3)], ids=str
)
def test_a_whole_episode(agent: minimal.Agent, tmp_path: Path, backend: str) -> None:
    simulation = Simulation(tmp_path, "--port", str(agent.port), "--seed", "3", backend=backend)
    spaces = agent.begin()
    assert spaces.size == 6 + 3 * spaces.actions
    steps, total, tasks = play(agent, spaces.actions)
    code, stdout, stderr = simulation.end()
    assert code == 0, stderr
    summary = json.loads(stdout)
    done = [task for task in tasks if task["status"] == "done"]
    assert steps >= len(done) == summary["tasks"]["done"] > 5
    latency_s = sum(task["latency_ns"] / 1e9 for task in done)
    assert 0 < total + latency_s < len(done)  # the time saved
    np.testing.assert_allclose(latency_s / len(done), summary["latency_s"]["mean"], rtol=1e-6)
    manifest = simulation.manifest()
    assert manifest["status"] == "done"
    assert manifest["policy"] == "cosim.gym.decisions:AgentPolicy"
    assert manifest["seed"] == 3


def test_started_by_the_agent(agent: minimal.Agent, tmp_path: Path) -> None:
    simulation = Simulation(tmp_path, f"--openGymPort={agent.port}", "--simSeed=4294967295")
    play(agent, agent.begin().actions)
    assert simulation.end()[0] == 0
    assert simulation.manifest()["seed"] == 4294967295


def test_started_by_the_agent_as_the_ns3gym_package_starts_it(
    agent: minimal.Agent, tmp_path: Path
) -> None:
    """Through the shell, in the folder of an executable `ns3`, which is that of docs/agents.md."""
    page = (ROOT / "docs" / "agents.md").read_text()
    launcher = tmp_path / "ns3"
    launcher.write_text(page.partition('title="ns3"\n')[2].partition("```")[0])
    launcher.chmod(0o755)
    command = f'{launcher} run "chain3 --openGymPort={agent.port} --simSeed=7'
    command += ' --backend=simplified --duration=0.3 --out=r"'
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    process = subprocess.Popen(
        command, shell=True, cwd=tmp_path, env=os.environ | {"PATH": path}, stdout=subprocess.PIPE
    )
    steps, _, tasks = play(agent, agent.begin().actions)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert steps >= len(tasks) > 5
    assert json.loads((tmp_path / "r" / "manifest.json").read_text())["seed"] == 7


def test_the_agent_may_end_it_before_its_start(agent: minimal.Agent, tmp_path: Path) -> None:
    simulation = Simulation(tmp_path, "--port", str(agent.port))
    agent.receive()
    agent.stop()
    assert simulation.end()[0] == 0
    assert not simulation.out.exists()


def test_the_agent_may_end_it_in_the_middle(agent: minimal.Agent, tmp_path: Path) -> None:
    simulation = Simulation(tmp_path, "--port", str(agent.port))
    agent.begin()
    agent.state()
    agent.act(0)
    agent.state()
    agent.stop()
    code, _, stderr = simulation.end()
    assert code == 0
    assert "the agent ended the run" in stderr
    again = f"cosim gym {simulation.out}/scenario.toml --backend simplified"
    assert again in stderr  # `cosim run` cannot make an agent's decisions
    assert simulation.manifest()["status"] == "failed"
    assert simulation.manifest()["error_type"] == "AgentStoppedError"


def test_an_agent_that_dies_ends_the_run(agent: minimal.Agent, tmp_path: Path) -> None:
    simulation = Simulation(tmp_path, "--port", str(agent.port))
    agent.begin()
    agent.state()
    agent.close()
    code, _, stderr = simulation.end()
    assert code == 1
    assert f"the agent at port {agent.port} has gone" in stderr
    assert simulation.manifest()["error_type"] == "PeerDiedError"


def test_an_agent_that_falls_silent(agent: minimal.Agent, tmp_path: Path) -> None:
    simulation = Simulation(tmp_path, "--port", str(agent.port), "--patience", "0.3")
    agent.begin()
    agent.state()
    code, _, stderr = simulation.end()
    assert code == 1
    assert "did not answer within 0.3 s" in stderr


def test_no_agent_at_all(agent: minimal.Agent, tmp_path: Path) -> None:
    agent.close()
    simulation = Simulation(tmp_path, "--port", str(agent.port), "--wait", "0.3")
    code, _, stderr = simulation.end()
    assert code == 1
    assert f"no agent came to port {agent.port} within 0.3 s" in stderr
    assert stderr.count("\n") == 1


def test_an_agent_that_talks_nonsense(agent: minimal.Agent, tmp_path: Path) -> None:
    simulation = Simulation(tmp_path, "--port", str(agent.port))
    agent.begin()
    agent.state()
    agent.send(b"\x0a\x02\x08\x01")
    code, _, stderr = simulation.end()
    assert code == 1
    assert "the agent's action is no whole number" in stderr
