"""Train a small agent on the simplified simulator, then let it decide on ns-3, beside HiveMind.

    make torch
    .venv/bin/python scripts/train_agent.py --episodes 60

The agent is a network that gives every boundary a score from three times (to compute up to it, to
send what is live there, and what the next node says that the rest takes), trained by REINFORCE
(Williams 1992). Nobody tells it that their sum is what matters.
"""

from __future__ import annotations

import argparse
import tempfile
from typing import Any

import gymnasium
import numpy as np
import torch
from torch import nn

import cosim
import cosim.gym
from cosim.gym.observation import HEAD, LONGEST_S

DISCOUNT = 0.8
LEARNING_RATE = 0.01


class Agent(nn.Module):
    """A score for each boundary; the sense of a step is the logarithm of a chance for each."""

    def __init__(self) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 1))

    def forward(self, observation: np.ndarray, mask: np.ndarray) -> torch.Tensor:
        times = torch.as_tensor(observation[HEAD:].reshape(3, -1).T) / LONGEST_S
        scores = 10.0 * self.score(times.clamp(min=1e-5).log() / 5.0 + 1.0).squeeze(-1)
        return torch.log_softmax(scores.masked_fill(torch.as_tensor(mask) == 0, -torch.inf), -1)


def play(
    env: gymnasium.Env[Any, Any], agent: Agent, seed: int, *, explore: bool
) -> tuple[list[torch.Tensor], list[float], list[float]]:
    """One episode: logarithms of the chances of what was done, rewards, latencies in s."""
    observation, info = env.reset(seed=seed)
    chances: list[torch.Tensor] = []
    rewards: list[float] = []
    latencies_s: list[float] = []
    truncated = False
    while not truncated:
        log_chances = agent(observation, info["action_mask"])
        if explore:
            action = int(torch.distributions.Categorical(logits=log_chances).sample())
        else:
            action = int(log_chances.argmax())
        observation, reward, _, truncated, info = env.step(action)
        chances.append(log_chances[action])
        rewards.append(float(reward))
        done = [task for task in info["tasks"] if task["status"] == "done"]
        latencies_s += [task["latency_ns"] / 1e9 for task in done]
    return chances, rewards, latencies_s


def returns(rewards: list[float]) -> torch.Tensor:
    """What followed each step, discounted."""
    total, found = 0.0, []
    for reward in reversed(rewards):
        total = reward + DISCOUNT * total
        found.append(total)
    return torch.tensor(found[::-1])


def train(agent: Agent, scenario: str, episodes: int, duration_s: float) -> None:
    """REINFORCE, with the episode's mean return as baseline."""
    optimizer = torch.optim.Adam(agent.parameters(), LEARNING_RATE)
    env = gymnasium.make(
        "cosim/SplitInference-v0", scenario=scenario, backend="simplified", duration_s=duration_s
    )
    for episode in range(episodes):
        chances, rewards, latencies_s = play(env, agent, seed=1000 + episode, explore=True)
        gain = returns(rewards)
        advantage = (gain - gain.mean()) / (gain.std(correction=0) + 1e-6)
        loss = -(torch.stack(chances) * advantage).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if episode % 10 == 0 or episode == episodes - 1:
            mean_ms = 1e3 * float(np.mean(latencies_s)) if latencies_s else float("nan")
            print(f"episode {episode:4d}: {len(latencies_s):3d} tasks, mean {mean_ms:6.1f} ms")
    env.close()


def main() -> None:
    """Train, evaluate, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scenario", default="mmwave-iab")
    parser.add_argument("--episodes", type=int, default=60)
    parser.add_argument("--duration", type=float, default=2.0, help="simulated s of an episode")
    parser.add_argument("--backend", default="ns3", help="on which it is evaluated")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    agent = Agent()
    train(agent, options.scenario, options.episodes, options.duration)

    chosen = {"scenario": options.scenario, "backend": options.backend}
    env = gymnasium.make("cosim/SplitInference-v0", duration_s=options.duration, **chosen)
    with torch.no_grad():
        _, _, latencies_s = play(env, agent, options.seed, explore=False)
    env.close()
    shown = {"agent": latencies_s}
    for policy in ("hivemind", "ue-only"):
        with tempfile.TemporaryDirectory() as out:
            run = cosim.run(
                policy=policy, duration_s=options.duration, seed=options.seed, out=out, **chosen
            )
            shown[policy] = run.tasks.latency_s.dropna().tolist()
    print(f"\non {options.backend}, seed {options.seed}:")
    for name, values in shown.items():
        print(f"{name:10s} {len(values):4d} tasks, mean {1e3 * float(np.mean(values)):6.1f} ms")


if __name__ == "__main__":
    main()
