"""Train a small agent on the simplified simulator, then let it decide on ns-3, beside HiveMind.

    make torch
    .venv/bin/python scripts/train_agent.py --episodes 30

For each boundary the agent expects a reward from what it sees of it: the time to compute up to it,
to send what is live there, and what the next node says that the rest takes; and what kind of node
it is at. It tries stops at random at first, and ever more often the one that it expects most of,
and learns from what the task then came to (Monte Carlo control, Sutton and Barto 2018, 5.4). Nobody
tells it that the sum of the three times is what matters.
"""

from __future__ import annotations

import argparse
import tempfile
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
import torch
from torch import nn

import cosim
import cosim.gym
from cosim.gym.observation import HEAD

KINDS = slice(1, HEAD)
TIME_UNIT_S = 0.1  # times and rewards, as the agent sees them, are in these, and so near 1
MOST_TIME_UNITS = 10.0
LEAST_CHANCE = 0.1  # of a stop at random, in the later half of the training
BATCHES, BATCH_SIZE, LEARNING_RATE = 60, 256, 0.02

Features = npt.NDArray[np.float32]


def features(observation: npt.NDArray[np.float32]) -> Features:
    """What is seen of each boundary: three times and five kinds, shape ``(L + 1, 8)``."""
    times = observation[HEAD:].reshape(3, -1).T / TIME_UNIT_S
    kinds = np.repeat(observation[None, KINDS], len(times), axis=0)
    return np.concatenate([times.clip(max=MOST_TIME_UNITS), kinds], axis=1).astype(np.float32)


class Agent:
    """A linear estimate of the reward, and all that it has lived through."""

    def __init__(self, seed: int) -> None:
        torch.manual_seed(seed)
        self.value = nn.Linear(8, 1)
        self._optimizer = torch.optim.Adam(self.value.parameters(), LEARNING_RATE)
        self._random = np.random.default_rng(seed)
        self._seen: list[Features] = []
        self._came_to: list[float] = []

    def act(self, seen: Features, mask: npt.NDArray[np.int8], chance: float) -> int:
        """The stop of which most is expected, or with that chance any that makes sense."""
        if self._random.random() < chance:
            return int(self._random.choice(np.flatnonzero(mask)))
        with torch.no_grad():
            expected = self.value(torch.as_tensor(seen)).squeeze(-1).numpy()
        return int(np.where(mask == 1, expected, -np.inf).argmax())

    def learn(self, seen: list[Features], came_to: list[float]) -> None:
        """Take an episode in, and fit the estimate to all of them."""
        self._seen += seen
        self._came_to += came_to
        inputs = torch.as_tensor(np.array(self._seen))
        targets = torch.as_tensor(np.array(self._came_to, dtype=np.float32)) / TIME_UNIT_S
        for _ in range(BATCHES):
            chosen = torch.randint(len(targets), (min(BATCH_SIZE, len(targets)),))
            expected = self.value(inputs[chosen]).squeeze(-1)
            loss = ((expected - targets[chosen]) ** 2).mean()
            self._optimizer.zero_grad()
            loss.backward()
            self._optimizer.step()


def play(
    env: gymnasium.Env[Any, Any], agent: Agent, seed: int, chance: float
) -> tuple[list[Features], list[float], list[float]]:
    """One episode: what was chosen, what the task then came to in s, and the latencies in s."""
    observation, info = env.reset(seed=seed)
    seen: list[Features] = []
    came_to: list[float] = []
    latencies_s: list[float] = []
    truncated = False
    while not truncated:
        boundaries = features(observation)
        action = agent.act(boundaries, info["action_mask"], chance)
        observation, reward, _, truncated, info = env.step(action)
        seen.append(boundaries[action])
        if info["tasks"]:  # the reward is that of all decisions on the task
            came_to += [float(reward)] * (len(seen) - len(came_to))
        done = [task for task in info["tasks"] if task["status"] == "done"]
        latencies_s += [task["latency_ns"] / 1e9 for task in done]
    return seen[: len(came_to)], came_to, latencies_s


def train(agent: Agent, scenario: str, episodes: int, duration_s: float) -> None:
    """Let the agent live through episodes of the simplified simulator."""
    env = gymnasium.make(
        "cosim/SplitInference-v0", scenario=scenario, backend="simplified", duration_s=duration_s
    )
    for episode in range(episodes):
        chance = max(LEAST_CHANCE, 1.0 - 2.0 * episode / episodes)
        seen, came_to, latencies_s = play(env, agent, 1000 + episode, chance)
        agent.learn(seen, came_to)
        if episode % 5 == 0 or episode == episodes - 1:
            print(f"episode {episode:3d}: {summary(latencies_s)}")
    env.close()


def summary(latencies_s: list[float]) -> str:
    """How many tasks, and their mean."""
    mean_ms = 1e3 * float(np.mean(latencies_s)) if latencies_s else float("nan")
    return f"{len(latencies_s):4d} tasks, mean {mean_ms:6.1f} ms"


def main() -> None:
    """Train, evaluate, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scenario", default="mmwave-iab")
    parser.add_argument("--episodes", type=int, default=30)
    parser.add_argument("--duration", type=float, default=2.0, help="simulated s of an episode")
    parser.add_argument("--backend", default="ns3", help="on which it is evaluated")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    agent = Agent(options.seed)
    train(agent, options.scenario, options.episodes, options.duration)

    chosen: dict[str, Any] = {
        "scenario": options.scenario,
        "backend": options.backend,
        "duration_s": options.duration,
    }
    print(f"\non {options.backend}, seed {options.seed}:")
    env = gymnasium.make("cosim/SplitInference-v0", **chosen)
    *_, latencies_s = play(env, agent, options.seed, chance=0.0)
    env.close()
    print(f"agent:       {summary(latencies_s)}")
    for policy in ("hivemind", "ue-only"):
        with tempfile.TemporaryDirectory() as out:
            run = cosim.run(policy=policy, seed=options.seed, out=out, **chosen)
            print(f"{policy + ':':12s} {summary(run.tasks.latency_s.dropna().tolist())}")


if __name__ == "__main__":
    main()
