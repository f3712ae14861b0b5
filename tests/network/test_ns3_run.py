"""Whole runs on ns-3: the loop is closed, nothing is lost, and the same seed gives the same run."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cosim
from cosim.models import load_device_profile, load_model_profile
from cosim.models.costs import layer_times_s
from cosim.nodes.link_costs import TASK_HEADER_BYTES
from cosim.scenario import load_scenario
from cosim.splitting import SplitProblem, solve_sci

pytestmark = pytest.mark.ns3


def _run(out: Path, scenario: str = "mmwave-iab", **options: object) -> cosim.RunResult:
    settings: dict[str, object] = {"duration_s": 1.0, "seed": 1, **options}
    return cosim.run(scenario, out=out, **settings)  # type: ignore[arg-type]


def _done(result: cosim.RunResult) -> pd.DataFrame:
    return result.tasks[result.tasks.status == "done"]


def test_same_seed_same_rows_other_seed_others(tmp_path: Path) -> None:
    first, again, other = (
        _run(tmp_path / name, seed=seed).tasks for name, seed in (("a", 7), ("b", 7), ("c", 8))
    )
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    assert len(first) > 5
    assert not first.equals(other)


def test_seeds_of_chain3_differ_in_sinr_only(tmp_path: Path) -> None:
    """Its link has more SINR than the top MCS needs: what happens can be worked out by hand."""
    one, other = (_run(tmp_path / str(s), "chain3", seed=s, duration_s=0.2) for s in (5, 6))
    pd.testing.assert_frame_equal(one.tasks, other.tasks, check_exact=True)
    differing = [
        column for column in one.links if not one.links[column].equals(other.links[column])
    ]
    assert differing == ["sinr_db"]


def test_more_load_means_longer_transfers_and_other_plans(tmp_path: Path) -> None:
    """HiveMind's plans change, so its transfers are compared by the same bytes and hop."""
    levels = ("low", "mid", "high")
    fixed, hivemind = (
        [_done(_run(tmp_path / policy / k, policy=policy, load=k, duration_s=2.0)) for k in levels]
        for policy in ("cloud-only", "hivemind")
    )
    assert _rises(tasks.transfer_s.mean() for tasks in fixed)
    assert _rises(tasks.latency_s.mean() for tasks in hivemind)
    assert _rises(_input_over_access_s(tasks) for tasks in hivemind)
    low, _, high = (set(tasks.boundaries) for tasks in hivemind)
    assert low.isdisjoint(high)
    low_hops, _, high_hops = (tasks.route.map(len).mean() for tasks in hivemind)
    assert high_hops < low_hops, "more load, and tasks go further from the UE"


def _rises(values: Iterable[float]) -> bool:
    return all(before < after for before, after in itertools.pairwise(values))


def _input_over_access_s(tasks: pd.DataFrame) -> float:
    """Mean time of a task's whole input over the UE's link, in s."""
    whole = tasks[tasks.boundaries.map(lambda b: len(b) > 2 and b[1] == 0)]
    assert len(whole) > 20
    return float(whole.hop_transfer_s.map(lambda hops: hops[1]).mean())


def test_a_blocked_link_makes_the_plans_retreat_to_the_ue(tmp_path: Path) -> None:
    blocked = (
        "[[blockages]]\nlink = 'ue-access'\nstart = '300 ms'\nend = '900 ms'\nloss = '80 dB'\n"
    )
    scenario = tmp_path / "blocked.toml"
    scenario.write_text(_builtin_text("chain3") + blocked)
    result = _run(tmp_path / "out", str(scenario), duration_s=1.3)
    tasks = _done(result)
    layers = load_model_profile("resnet18").layer_count
    on_ue = tasks.boundaries.map(lambda b: b[1] == layers)
    # The link is known to be dead 100 ms after its loss (task.link_patience).
    within = tasks.start_s.between(0.35, 0.75)
    assert not on_ue[tasks.start_s < 0.25].any()
    assert within.any()
    assert on_ue[within].all()
    assert not on_ue[tasks.start_s > 1.1].any(), "plans did not come back"


def test_plans_by_messages_equal_the_central_solution(tmp_path: Path) -> None:
    result = _run(tmp_path / "out", "chain3")
    route = ("ue", "gnb", "core", "cloud")
    reports = result.links.groupby(["transmitter", "receiver"]).last()
    model = load_model_profile("resnet18")
    devices = {node.name: node.device for node in load_scenario("chain3").nodes}
    compute = [layer_times_s(model, load_device_profile(str(devices[n]))) for n in route]
    transfer = []
    for ends in itertools.pairwise(route):
        link = reports.loc[ends]
        cost = (model.live_bytes + TASK_HEADER_BYTES) * 8 / link.capacity_bps + link.latency_s
        transfer.append(np.where(np.arange(cost.size) == cost.size - 1, 0.0, cost))
    central = solve_sci(SplitProblem(compute, transfer))
    plans = {_padded(b, len(route), model.layer_count) for b in _done(result).boundaries}
    assert plans == {central.boundaries}


def test_every_byte_is_accounted_for(tmp_path: Path) -> None:
    result = _run(tmp_path / "out", load="mid", duration_s=1.5)
    totals = result.manifest.totals
    assert totals is not None
    assert totals["sent_bytes"] > 1_000_000
    accounted = totals["delivered_bytes"] + totals["in_flight_bytes"] + totals["lost_bytes"]
    assert totals["sent_bytes"] == accounted == result.manifest.counts["sent_bytes"]  # type: ignore[index]


def test_handover_goes_on_with_the_new_serving_node(tmp_path: Path) -> None:
    result = _run(tmp_path / "out", load="low", duration_s=3.2)
    assert result.manifest.totals["handovers"] == 1  # type: ignore[index]
    tasks = _done(result)
    served = tasks.route.map(lambda route: route[1] if len(route) > 1 else None)
    assert set(served[tasks.start_s < 2].dropna()) == {"iab5"}
    assert "iab6" in set(served[tasks.start_s > 2.7].dropna())


def test_a_ue_that_comes_back_to_a_cell_finds_its_channel_there(tmp_path: Path) -> None:
    # ns-3 keeps channels by pairs of arrays: one array for several cells once mixed them up.
    result = _run(
        tmp_path / "out",
        overrides=[
            ("radio.handover_hysteresis", "0 dB"),
            ("radio.handover_time_to_trigger", "0 s"),
            ("radio.access_condition", "auto"),
            ("radio.shadowing", "true"),
            ("nodes.ue.speed", "300 km/h"),
        ],
    )
    serving = [entry["node"] for entry in result.summary()["serving"]]
    assert len(serving) > len(set(serving)), "it never came back"


def test_one_message_per_tree_edge_and_update(tmp_path: Path) -> None:
    result = _run(tmp_path / "out", load="low")
    whole = result.sci[result.sci.duration_s.notna()]
    # Eight fixed edges (A to H) and one UE.
    assert whole.messages.median() == 9
    assert (whole.bytes / whole.messages < 4096).all()


def test_no_traffic_at_all_ends_as_well(tmp_path: Path) -> None:
    result = _run(
        tmp_path / "out",
        duration_s=0.3,
        overrides=[("loads.mid", "{ population = 0.0, demand = 0.0 }")],
    )
    assert len(_done(result)) > 2


def _builtin_text(name: str) -> str:
    return (Path(cosim.__file__).parent / "scenario" / "builtin" / f"{name}.toml").read_text()


def _padded(boundaries: list[int], nodes: int, layers: int) -> tuple[int, ...]:
    """Extend a plan that ended before the last node: the rest run nothing."""
    known = tuple(int(b) for b in boundaries)
    return known + (layers,) * (nodes + 1 - len(known))


def test_policies_meet_the_same_channel_and_background(tmp_path: Path) -> None:
    """Common random numbers: what a policy does changes no draw of anybody else's."""
    first, second = (
        cosim.run("mmwave-iab", policy=policy, duration_s=0.3, out=tmp_path / policy)
        for policy in ("ue-only", "cloud-only")
    )
    assert not first.tasks["route"].equals(second.tasks["route"])
    key = ["time_s", "link", "transmitter", "receiver"]
    assert first.links[key].equals(second.links[key])  # the same node serves at every moment
    radio = first.links["mcs"] >= 0
    assert radio.sum() > 100
    gap_db = (first.links["sinr_db"] - second.links["sinr_db"])[radio].abs()
    assert gap_db.max() < 1e-9
    one, other = (run.manifest.totals["background_bytes"] for run in (first, second))  # type: ignore[index]
    assert one == pytest.approx(other, rel=0.02)  # arrived by the end: loads delay each other
