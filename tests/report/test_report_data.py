"""What a report says of a run: times by hop, news of split costs, curves, names of runs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.errors import OutputError
from cosim.report import build_report, render_page, write_report
from cosim.report.data import Report
from cosim.report.distributions import empirical
from cosim.report.links import mean_relative_error
from cosim.report.page import script_safe_json
from cosim.results import LinkRecord, TaskRecord
from cosim.results.records import TABLES

HOP = ("transfer", "queue", "compute", "news_age", "news_hop")


def hops_of(run: Any, task: int) -> list[dict[str, int]]:
    """The five numbers of each hop of a task."""
    lengths = [len(run.plans[plan].route) for plan in run.tasks.plan]
    first = sum(lengths[:task])
    rows = np.array(run.tasks.hops).reshape(-1, 5)[first : first + lengths[task]]
    return [dict(zip(HOP, map(int, row), strict=True)) for row in rows]


@pytest.fixture
def report(synthetic: Any, tmp_path: Path) -> Report:
    synthetic(tmp_path / "run").close()
    return build_report([tmp_path / "run"])


def test_a_task_hop_by_hop(report: Report) -> None:
    (run,) = report.runs
    names = [node.name for node in run.nodes]
    assert [[names[n] for n in plan.route] for plan in run.plans] == [
        ["ue", "core"],
        ["ue", "core", "cloud"],
    ]
    assert run.tasks.latency_us[:6] == [35_000] * 5 + [50_000]
    # Task 1 starts at 100 ms: the UE heard of the update begun at 50 ms at 60 ms, after 6 ms on the
    # way from the core. The task is at the core at 130 ms, which had told at 104 ms.
    assert hops_of(run, 1) == [
        {"transfer": 0, "queue": 0, "compute": 20_000, "news_age": 40_000, "news_hop": 6_000},
        {"transfer": 10_000, "queue": 0, "compute": 5_000, "news_age": 26_000, "news_hop": 4_000},
    ]
    # The cloud begins the updates: nobody tells it.
    assert hops_of(run, 5)[2]["news_hop"] == -1
    for task, latency_us in enumerate(run.tasks.latency_us):
        hops = hops_of(run, task)
        assert sum(hop[part] for hop in hops for part in HOP[:3]) == latency_us


def test_before_any_news_there_is_none(report: Report) -> None:
    first, _ = hops_of(report.runs[0], 0)
    assert (first["news_age"], first["news_hop"]) == (-1, -1)


def test_a_training_step_does_not_say_when_it_came_to_a_node(
    synthetic: Any, tmp_path: Path
) -> None:
    """Times of both passes are booked together, so that no age of news can be told."""
    synthetic(tmp_path, kind="training").close()
    (run,) = build_report([tmp_path]).runs
    assert not run.in_order
    assert {hop["news_age"] for task in range(40) for hop in hops_of(run, task)} == {-1}


def test_moments_of_resplitting_and_where_the_ue_is(report: Report) -> None:
    (run,) = report.runs
    assert run.resplit_us == [t * 500_000 for t in range(1, 8)]
    (ue,) = run.ues
    assert (ue.x_m, ue.y_m) == ([90.0, 90.0], [60.0, 300.0])
    assert ue.time_us == [0, 21_600_000]  # 240 m at 40 km/h
    assert [run.nodes[n].name for n in ue.serving] == ["gnb"]
    core = next(node for node in run.nodes if node.name == "core")
    assert (core.placed, core.computes) == (False, True)


def test_links_and_forecasts(report: Report) -> None:
    (run,) = report.runs
    assert [link.name for link in run.links] == ["ue-access", "N", "C"]
    assert (run.links[0].kbps[0], run.links[0].kbps[-1]) == (10_000, 14_990)
    assert run.links[0].forecasts is None
    forecasts = run.links[2].forecasts
    assert forecasts is not None
    assert (forecasts.due_us[:2], forecasts.kbps[:2]) == ([50_000, 100_000], [9_000, 9_045])
    # The forecast is a tenth too low, and does not know that 50 ms add some 0.4 % more.
    assert forecasts.mean_error == pytest.approx(0.1036, abs=5e-4)


def test_a_long_run_has_means_of_stretches(synthetic: Any, tmp_path: Path) -> None:
    run = synthetic(tmp_path)
    for tick in range(500, 5000):
        run.writer.add(run.link(tick / 100, "N", "gnb", "core"))
    run.close(simulated_s=50.0)
    (view,) = build_report([tmp_path]).runs
    link = next(link for link in view.links if link.name == "N")
    assert len(link.kbps) == 600
    assert link.time_us == sorted(link.time_us)
    assert all(
        low <= mean <= high
        for low, mean, high in zip(link.low_kbps, link.kbps, link.high_kbps, strict=True)
    )
    assert (link.low_kbps[0], link.high_kbps[-1]) == (10_000, 59_990)


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=2000))
def test_an_empirical_distribution_is_exact_where_it_is_given(values: list[float]) -> None:
    x, share = empirical(np.array(values))
    assert x.size <= 400
    assert (x[0], x[-1], share[-1]) == (min(values), max(values), 1.0)
    ordered = np.sort(values)
    # Of equal values the last one counts; a thinned curve may hold an earlier one.
    assert (share <= np.searchsorted(ordered, x, side="right") / ordered.size).all()
    assert (share > np.searchsorted(ordered, x, side="left") / ordered.size).all()


def test_error_of_a_forecast() -> None:
    time_s, actual = np.array([0.0, 1.0, 2.0]), np.array([10.0, 0.0, 20.0])
    due_s, expected = np.array([0.5, 1.5, 2.0, 3.0]), np.array([8.0, 5.0, 24.0, 99.0])
    # The second finds a dead link, the fourth is due after the end.
    assert mean_relative_error(due_s, expected, time_s, actual) == pytest.approx(0.2)
    assert mean_relative_error(due_s[3:], expected[3:], time_s, actual) is None


def test_runs_that_differ_in_the_seed_make_one_curve(synthetic: Any, tmp_path: Path) -> None:
    for seed in (1, 2, 3):
        for policy in ("ue-only", "hivemind"):
            synthetic(tmp_path / f"s{seed}" / policy, seed=seed, policy=policy).close()
    report = build_report([tmp_path], detailed=4)
    assert [(s.label, s.runs, s.done) for s in report.series] == [
        ("hivemind", 3, 120),
        ("ue-only", 3, 120),
    ]
    assert [run.label for run in report.runs] == [
        *("hivemind, seed 1", "hivemind, seed 2", "hivemind, seed 3", "ue-only, seed 1"),
    ]
    assert report.without_details == ["ue-only, seed 2", "ue-only, seed 3"]


def test_runs_that_differ_otherwise_are_named_by_it(synthetic: Any, tmp_path: Path) -> None:
    for load in ("low", "high"):
        synthetic(tmp_path / load, load=load).close()
    synthetic(tmp_path / "again", load="high").close()
    report = build_report([tmp_path / "low", tmp_path / "high", tmp_path / "again"])
    assert [s.label for s in report.series] == ["hivemind, load low", "hivemind, load high"]
    assert [run.label for run in report.runs] == [
        *("hivemind, load low", "hivemind, load high (high)", "hivemind, load high (again)"),
    ]


def test_a_failed_run_is_shown_as_far_as_it_got(synthetic: Any, tmp_path: Path) -> None:
    run = synthetic(tmp_path, tasks=10)
    run.writer.add(TaskRecord(task_id=10, ue="ue", policy="hivemind", start_s=1.0))
    run.close("failed", reason="the network died", simulated_s=1.2)
    (view,) = build_report([tmp_path]).runs
    assert (view.status, view.reason, view.unfinished) == ("failed", "the network died", 1)
    assert len(view.tasks.task_id) == 10
    assert ("reason", "the network died") in view.manifest


def test_a_killed_run_is_shown_as_far_as_it_was_flushed(synthetic: Any, tmp_path: Path) -> None:
    rows = TABLES[TaskRecord].flush_rows
    run = synthetic(tmp_path, tasks=rows + 8, seconds=20)
    gone = msgspec.structs.replace(run.manifest, pid=2**22 + 1)  # above Linux's largest pid
    (tmp_path / "manifest.json").write_bytes(msgspec.json.encode(gone))
    (view,) = build_report([tmp_path]).runs
    assert view.status == "failed"
    assert len(view.tasks.task_id) == rows
    assert view.duration_us > 12_000_000  # as its tables say: the manifest has nothing of it
    run.close("failed")


def test_a_run_without_a_row(synthetic: Any, tmp_path: Path) -> None:
    run = synthetic(tmp_path, tasks=0, seconds=0)
    run.close("failed", reason="no luck", simulated_s=0.0)
    report = build_report([tmp_path])
    assert report.series[0].latency_ms is None
    assert report.runs[0].links == []
    render_page(report)


def test_tasks_of_an_older_version_have_no_times_by_hop(synthetic: Any, tmp_path: Path) -> None:
    run = synthetic(tmp_path, tasks=0)
    older = {"hop_transfer_s": None, "hop_queue_s": None, "hop_compute_s": None}
    run.writer.add(msgspec.structs.replace(run.task(0), **older))
    run.close()
    (view,) = build_report([tmp_path]).runs
    assert [hop["transfer"] for hop in hops_of(view, 0)] == [-1, -1]


def test_where_there_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="holds no run"):
        build_report([tmp_path])
    with pytest.raises(OutputError, match="nowhere holds no run"):
        build_report([tmp_path / "nowhere"])


def test_a_page_that_cannot_be_written(synthetic: Any, tmp_path: Path) -> None:
    synthetic(tmp_path / "run").close()
    with pytest.raises(OutputError, match="cannot be written"):
        write_report([tmp_path / "run"], tmp_path / "no" / "x.html")


def test_the_report_goes_with_its_run(synthetic: Any, tmp_path: Path) -> None:
    synthetic(tmp_path).close()
    written = write_report([tmp_path])
    assert Path(written.report) == tmp_path / "report.html"
    assert written.bytes == (tmp_path / "report.html").stat().st_size
    synthetic(tmp_path).close()
    assert not (tmp_path / "report.html").exists()


def test_the_page_loads_nothing(report: Report) -> None:
    page = render_page(report)
    assert "default-src 'none'" in page
    addresses = set(re.findall(r"https?://[^\"'`\s)]+", page))
    assert addresses == {"http://www.w3.org/2000/svg"}  # the name of a namespace
    assert re.findall(r"""(?:src|href)\s*=\s*["'](?!#)""", page) == []
    assert "{{" not in page.split('<script type="application/json"')[0]


@given(st.text())
def test_data_never_ends_its_element(text: str) -> None:
    encoded = script_safe_json({"text": text})
    assert "<" not in encoded
    assert json.loads(encoded) == {"text": text}


def test_text_of_a_run_is_no_place_of_the_template(synthetic: Any, tmp_path: Path) -> None:
    synthetic(tmp_path, scenario="{{script}}<b>").close()
    page = render_page(build_report([tmp_path]))
    assert "<title>{{script}}&lt;b&gt;: cosim report</title>" in page


def test_link_records_of_two_cells(synthetic: Any, tmp_path: Path) -> None:
    """A handover is seen in the access link's reports."""
    run = synthetic(tmp_path, tasks=0)
    other = msgspec.structs.replace(run.link(6.0, "ue-access", "ue", "gnb"), receiver="core")
    assert isinstance(other, LinkRecord)
    run.writer.add(other)
    run.close(simulated_s=6.0)
    (ue,) = build_report([tmp_path]).runs[0].ues
    assert ue.serving_us == [0, 6_000_000]
