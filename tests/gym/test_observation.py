"""What an agent sees, is asked and is paid."""

from __future__ import annotations

import numpy as np

from cosim.gym.decisions import AgentPolicy, Question, RewardLedger
from cosim.gym.observation import HEAD, LONGEST_S, action_mask, observation_size, observe
from cosim.ledger import TaskOutcome
from cosim.scenario import load_scenario
from cosim.splitting import HiveMind, NodeCosts, Role, TaskState

PREFIX_S = np.array([0.0, 1.0, 3.0, 6.0])
TRANSFER_S = np.array([4.0, np.inf, 1.0, 0.0])
COSTS = NodeCosts(PREFIX_S, TRANSFER_S)
HEARD = np.array([9.0, 20.0, 1.0, 0.0])


def asked(answer: int, boundary: int = 1) -> tuple[int, Question]:
    questions: list[Question] = []

    def ask(question: Question) -> int:
        questions.append(question)
        return answer

    decision = AgentPolicy(ask).decide(Role("iab"), COSTS, HEARD, TaskState(boundary))
    return decision.stop, questions[0]


def test_an_observation_has_the_documented_places() -> None:
    seen = observe(Role("donor"), COSTS, HEARD, TaskState(1))
    assert seen.dtype == np.float32
    assert seen.size == observation_size(3) == HEAD + 3 * 4
    np.testing.assert_allclose(seen[:HEAD], [1 / 3, 0, 0, 1, 0, 0], rtol=1e-6)
    compute, transfer, downstream = seen[HEAD:].reshape(3, 4)
    assert compute.tolist() == [0.0, 0.0, 2.0, 5.0]
    assert transfer.tolist() == [4.0, LONGEST_S, 1.0, 0.0]
    assert downstream.tolist() == [9.0, LONGEST_S, 1.0, 0.0]


def test_what_was_not_heard_is_as_long_as_can_be_but_at_the_end() -> None:
    seen = observe(Role("ue", is_source=True), COSTS, None, TaskState())
    assert seen[-4:].tolist() == [LONGEST_S, LONGEST_S, LONGEST_S, 0.0]


def test_the_least_sum_is_what_hivemind_does() -> None:
    random = np.random.default_rng(7)
    for _ in range(50):
        prefix = np.concatenate([[0.0], np.cumsum(random.uniform(0, 0.1, 9))])
        transfer = np.append(random.uniform(0, 0.1, 9), 0.0)
        costs, heard = NodeCosts(prefix, transfer), np.append(random.uniform(0, 0.5, 9), 0.0)
        task = TaskState(int(random.integers(9)))
        role = Role("iab")
        sums = observe(role, costs, heard, task)[HEAD:].reshape(3, 10).sum(axis=0)
        best = np.where(action_mask(costs, task) == 1, sums, np.inf).argmin()
        assert best == HiveMind().decide(role, costs, heard, task).stop


def test_actions_that_make_no_sense_are_mended() -> None:
    stop, question = asked(2)
    assert stop == 2
    assert question.mask.tolist() == [0, 0, 1, 1]
    assert asked(3)[0] == 3
    assert asked(99)[0] == 3
    assert asked(1)[0] == 3  # a dead link: finished here
    assert asked(0)[0] == 3  # not before boundary 1, and that one's link is dead
    assert asked(-5, boundary=2)[0] == 2


def test_the_reward_is_the_time_saved_minus_energy() -> None:
    scenario = load_scenario("chain3", [("duration", "5 s"), ("task.timeout", "2 s")])
    ledger = RewardLedger(scenario, {"ue": 0.4}, energy_weight=0.5)
    assert ledger.take() == (0.0, ())
    ledger.record_task(TaskOutcome(1, "ue", "agent", "done", 0, 250_000_000, energy_j=3.0))
    ledger.record_task(TaskOutcome(2, "ue", "agent", "unfinished", 4_900_000_000))
    ledger.record_task(TaskOutcome(3, "ue", "agent", "unfinished", 1_000_000_000))
    reward, tasks = ledger.take()
    np.testing.assert_allclose(reward, (0.4 - 0.25) - 1.5 - 0.1 - 2.0)
    assert [task.task_id for task in tasks] == [1, 2, 3]
    assert ledger.take() == (0.0, ())
