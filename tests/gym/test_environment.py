"""The Gymnasium environment: Gymnasium's own checks, episodes, and ends of every kind."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import cosim
from cosim.backends import port_factory_of
from cosim.errors import InputError, PeerDiedError, PeerTimeoutError, UnknownNameError
from cosim.gym.environment import SplitInferenceEnv
from cosim.gym.observation import HEAD
from cosim.network.port import NetworkPort, Send, Step
from cosim.scenario import Scenario

ID = "cosim/SplitInference-v0"
SMALL: dict[str, Any] = {"scenario": "chain3", "duration_s": 0.3, "backend": "simplified"}


def least_sum(observation: np.ndarray, info: dict[str, Any]) -> int:
    sums = observation[HEAD:].reshape(3, -1).astype(np.float64).sum(axis=0)
    sums[info["action_mask"] == 0] = np.inf
    return int(sums.size - 1 - sums[::-1].argmin())


def play(env: gymnasium.Env[Any, Any], seed: int) -> tuple[list[dict[str, Any]], float]:
    """One episode: its tasks, and the sum of its rewards."""
    observation, info = env.reset(seed=seed)
    tasks, total, truncated = list(info["tasks"]), 0.0, False
    while not truncated:
        action = least_sum(observation, info)
        observation, reward, terminated, truncated, info = env.step(action)
        assert not terminated
        total += float(reward)
        tasks += info["tasks"]
    return tasks, total


def episodes_under_way() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name == "cosim-episode"]


def test_gymnasium_finds_no_fault() -> None:
    env = gymnasium.make(ID, **SMALL)
    check_env(env.unwrapped)
    env.close()
    assert episodes_under_way() == []


def test_gymnasium_finds_no_fault_in_an_episode_of_two_steps() -> None:
    env = gymnasium.make(ID, scenario="sub6", duration_s=0.3, backend="simplified")
    check_env(env.unwrapped)  # it looks at what the last step gives, too
    env.close()


def test_what_a_step_gives_is_the_agents_to_change() -> None:
    env = gymnasium.make(ID, **SMALL)
    observation, info = env.reset(seed=1)
    truncated = False
    while not truncated:
        before, mask = observation, info["action_mask"]
        observation, _, _, truncated, info = env.step(np.int64(0))
        assert not np.shares_memory(before, observation)
        assert not np.shares_memory(mask, info["action_mask"])
    env.close()


def test_it_is_found_by_the_name_of_its_module_in_a_new_process() -> None:
    code = (
        "import gymnasium\n"
        f"env = gymnasium.make('cosim.gym:{ID}', scenario='chain3', backend='simplified')\n"
        "env.reset(seed=1)\n"
        "env.close()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_agent_of_least_sum_is_hivemind(tmp_path: Path) -> None:
    env = gymnasium.make(ID, **SMALL)
    tasks, total = play(env, seed=5)
    env.close()
    run = cosim.run(
        "chain3", duration_s=0.3, seed=5, backend="simplified", out=tmp_path / "run"
    ).tasks
    done = [task for task in tasks if task["status"] == "done"]
    assert [task["latency_ns"] / 1e9 for task in done] == run.latency_s.dropna().tolist()
    unfinished_s = sum(0.3 - t["start_ns"] / 1e9 for t in tasks if t["status"] != "done")
    alone = cosim.run(
        "chain3", policy="ue-only", duration_s=0.3, backend="simplified", out=tmp_path / "u"
    )
    saved_s = len(done) * alone.tasks.latency_s.iloc[0] - run.latency_s.sum()
    np.testing.assert_allclose(total, saved_s - unfinished_s, rtol=1e-6)


def test_a_seed_makes_an_episode() -> None:
    env = gymnasium.make(ID, **SMALL | {"scenario": "mmwave-iab"})
    first, second, other = (play(env, seed)[0] for seed in (1, 1, 2))
    env.close()
    assert first == second
    assert first != other


def test_vectors_of_environments() -> None:
    for mode in ("sync", "async"):
        envs = gymnasium.make_vec(ID, num_envs=2, vectorization_mode=mode, **SMALL)
        observations, _ = envs.reset(seed=3)
        assert observations.shape[0] == 2
        ends = 0
        for _ in range(200):
            *_, truncations, _ = envs.step(envs.action_space.sample())
            ends += int(truncations.sum())
        envs.close()
        assert ends > 0, mode


@pytest.mark.parametrize(
    "option",
    [
        {"energy_weight": float("nan")},
        {"energy_weight": -1},
        {"patience_s": 0},
        {"patience_s": float("inf")},
    ],
)
def test_an_option_that_cannot_be_is_refused(option: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(option))):
        gymnasium.make(ID, **SMALL, **option)


@pytest.mark.parametrize("action", [-1, 70, 1.5, "all", None])
def test_an_action_that_is_no_boundary_is_refused(action: Any) -> None:
    env = gymnasium.make(ID, **SMALL)
    env.reset(seed=1)
    with pytest.raises(InputError, match="is no boundary, from 0 to 69"):
        env.step(action)
    env.step(np.int64(69))  # the episode goes on
    env.close()


def test_closing_in_the_middle_ends_the_run() -> None:
    closed: list[str] = []

    def factory(scenario: Scenario, stderr_path: Path) -> NetworkPort:
        port = port_factory_of("simplified")(scenario, stderr_path)
        end = port.close
        port.close = lambda: (closed.append(port.version), end())  # type: ignore[method-assign,func-returns-value]
        return port

    env = SplitInferenceEnv("chain3", port_factory=factory)
    env.reset(seed=1)
    env.step(np.int64(0))
    env.close()
    env.close()
    assert len(closed) == 1
    assert episodes_under_way() == []


class Falling:
    """A network that dies at its third step."""

    version = "falling"

    def __init__(self, scenario: Scenario, stderr_path: Path) -> None:
        self._port = port_factory_of("simplified")(scenario, stderr_path)
        self._steps = 0
        self.start, self.finish, self.close = self._port.start, self._port.finish, self._port.close

    def advance(self, until_ns: int, commands: tuple[Send, ...]) -> Step:
        self._steps += 1
        if self._steps > 20:
            raise PeerDiedError("the network died")
        return self._port.advance(until_ns, commands)


def test_a_network_that_dies_is_told_to_the_agent() -> None:
    env = SplitInferenceEnv("chain3", duration_s=0.5, port_factory=Falling)
    with pytest.raises(PeerDiedError, match="the network died"):
        play(env, seed=1)
    assert episodes_under_way() == []
    with pytest.raises(InputError, match=r"call reset\(\) first"):
        env.step(np.int64(0))


def test_an_agent_that_falls_silent_does_not_keep_the_run() -> None:
    env = SplitInferenceEnv(**SMALL, patience_s=0.5)
    env.reset(seed=1)
    (thread,) = (t for t in threading.enumerate() if t.name == "cosim-episode")
    thread.join(30)
    assert not thread.is_alive()
    with pytest.raises(PeerTimeoutError, match=r"the agent did not decide within 0\.5 s"):
        env.step(np.int64(0))


def test_bad_input_is_an_input_error() -> None:
    with pytest.raises(UnknownNameError, match="unknown backend 'ns4'"):
        SplitInferenceEnv(backend="ns4")
    with pytest.raises(UnknownNameError, match="unknown scenario"):
        gymnasium.make(ID, scenario="no-such")
    env = SplitInferenceEnv(**SMALL | {"duration_s": 0.0005})
    with pytest.raises(InputError, match="ended without a decision"):
        env.reset(seed=1)


@pytest.mark.ns3
def test_an_episode_on_ns3_leaves_nothing_behind() -> None:
    others = ns3_children()  # process 1 of a container adopts the dead of other tests
    env = gymnasium.make(ID, scenario="chain3", duration_s=0.2)
    tasks, _ = play(env, seed=1)
    assert any(task["status"] == "done" for task in tasks)
    env.reset(seed=2)
    env.close()
    assert episodes_under_way() == []
    assert ns3_children() == others


def ns3_children() -> set[str]:
    children = Path("/proc/self/task").glob("*/children")
    pids = [pid for path in children for pid in path.read_text().split()]
    return {pid for pid in pids if "ns3" in Path(f"/proc/{pid}/comm").read_text()}
