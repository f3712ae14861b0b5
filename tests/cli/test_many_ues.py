"""Many UEs: how they come, what they share, and what a run with a hundred of them costs."""

from __future__ import annotations

import math
from typing import Any

import pytest

import cosim
from cosim.errors import ScenarioError
from cosim.scenario import load_scenario, to_toml
from cosim.scenario.load import scenario_from_toml

MANY: list[tuple[str, object]] = [
    ("nodes.ue.count", 100),
    ("nodes.ue.spread_m", 50.0),
    ("task.arrivals", "poisson"),
    ("task.interval", "200 ms"),
    ("task.timeout", "1 s"),
]


def test_a_count_is_written_out() -> None:
    scenario = load_scenario("chain3", MANY)
    ues = [node for node in scenario.nodes if node.kind == "ue"]
    assert [ue.name for ue in ues] == [f"ue-{i}" for i in range(1, 101)]
    distances = [math.dist(ue.position_m or (), (60.0, 0.0, 1.5)) for ue in ues]
    assert max(distances) <= 50.0 + 1e-3
    # Uniform in a disc: a quarter lies within half the radius.
    assert 13 <= sum(distance < 25.0 for distance in distances) <= 37
    assert len({ue.position_m for ue in ues}) == 100


def test_it_comes_from_the_seed_and_survives_as_a_file() -> None:
    one, again = load_scenario("chain3", MANY), load_scenario("chain3", MANY)
    assert one == again == scenario_from_toml(to_toml(one), "x")
    other = load_scenario("chain3", [*MANY, ("seed", 2)])
    assert other.nodes[0].position_m != one.nodes[0].position_m


@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        ([("nodes.ue.count", 0)], r"nodes\.ue\.count: must be from 1"),
        ([("nodes.ue.count", 1001)], r"nodes\.ue\.count: must be from 1"),
        ([("nodes.gnb.count", 2)], r"nodes\.gnb\.count: only UEs"),
        ([("nodes.ue.spread_m", -1.0)], r"nodes\.ue\.spread_m"),
        ([("nodes.ue.spread_m", math.nan)], r"nodes\.ue\.spread_m"),
        ([("nodes.core.spread_m", 5.0)], r"nodes\.core\.spread_m: has no position_m"),
        ([("task.interval", "0 s")], r"task\.interval: must be more than 0"),
        ([("task.arrivals", "bursty")], r"task\.arrivals"),
        ([("compute.discipline", "lifo")], r"compute\.discipline"),
    ],
)
def test_what_is_wrong_is_named(overrides: list[tuple[str, object]], problem: str) -> None:
    with pytest.raises(ScenarioError, match=problem):
        load_scenario("chain3", overrides)


def run(tmp_path: Any, *more: tuple[str, object], **options: Any) -> Any:
    directory = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
    return cosim.run("chain3", overrides=[*MANY, *more], out=directory, **options)


def test_tasks_arrive_at_their_rate_whatever_the_policy(tmp_path: Any, still: Any) -> None:
    starts = []
    for policy in ("ue-only", "edge-only"):
        result = run(
            tmp_path,
            policy=policy,
            duration_s=1.0,
            port_factory=lambda scenario, _: still(scenario),
        )
        tasks = result.tasks.sort_values("task_id")
        starts.append(list(zip(tasks["task_id"], tasks["start_s"], strict=True)))
        # 100 UEs, each every 200 ms: 500 in a second, standard deviation 22.
        assert 410 <= len(tasks) <= 590
        assert tasks["ue"].nunique() > 90
    assert starts[0] == starts[1]


def test_a_queue_is_shared_by_all(tmp_path: Any, still: Any) -> None:
    """The same tasks at one server have the same work in either order, and other waiting times."""
    totals = {}
    for discipline in ("fifo", "processor-sharing"):
        result = run(
            tmp_path,
            ("compute.discipline", discipline),
            ("task.interval", "6 s"),
            policy="edge-only",
            duration_s=2.0,
            port_factory=lambda scenario, _: still(scenario),
        )
        tasks = result.tasks[result.tasks["status"] == "done"]
        parts = tasks["compute_s"] + tasks["transfer_s"] + tasks["queue_s"]
        assert (parts - tasks["latency_s"]).abs().max() < 1e-9
        totals[discipline] = (len(tasks), tasks["compute_s"].mean(), tasks["queue_s"].max())
    fifo, shared = totals["fifo"], totals["processor-sharing"]
    assert fifo[0] > 10 and abs(fifo[0] - shared[0]) <= 3
    assert shared[1] == pytest.approx(fifo[1], rel=0.02)
    assert fifo[2] > 0 and shared[2] > 0


@pytest.mark.parametrize("count", [1, 10, 100])
def test_an_update_is_one_message_for_each_edge(count: int, tmp_path: Any, still: Any) -> None:
    result = run(
        tmp_path,
        ("nodes.ue.count", count),
        duration_s=0.5,
        port_factory=lambda scenario, _: still(scenario),
    )
    waves = result.sci[(result.sci["update_id"] > 1) & (result.sci["start_s"] < 0.4)]
    assert (waves["messages"] == count + 2).all() and len(waves) > 3
    per_edge = waves["bytes"] / waves["messages"]
    assert per_edge.max() < 4096 and per_edge.nunique() == 1


def test_the_simplified_network_carries_a_hundred(tmp_path: Any) -> None:
    result = run(tmp_path, ("task.interval", "2 s"), duration_s=1.0, backend="simplified")
    assert result.manifest.status == "done" and (result.tasks["status"] == "done").sum() > 10


@pytest.mark.ns3
def test_ns3_carries_a_hundred(tmp_path: Any) -> None:
    result = run(tmp_path, ("task.interval", "2 s"), duration_s=0.3)
    assert result.manifest.status == "done"
    assert result.links["link"].nunique() == 100 + 2
    assert (result.tasks["status"] == "done").sum() > 5
