"""The page in a headless Chromium: it opens, draws all views, and its controls do something."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

import cosim
from cosim.report import build_report, render_page, write_report
from cosim.report.data import Report

pytestmark = pytest.mark.browser

UE = "document.querySelector('[data-node=ue]').getAttribute('transform')"
SPLIT = "document.getElementById('split').textContent"
CLOCK = "document.getElementById('clock').textContent"
VIEWS = ("#map", "#strip", "#task", "#links", "#cdf-latency", "#cdf-energy", "#pareto")


@pytest.fixture
def page(synthetic: Any, tmp_path: Path) -> Path:
    synthetic(tmp_path / "run").close()
    return Path(write_report([tmp_path / "run"]).report)


@pytest.fixture
def comparison(synthetic: Any, tmp_path: Path) -> Path:
    for policy in ("hivemind", "ue-only"):
        synthetic(tmp_path / "compared" / policy, policy=policy).close()
    return Path(write_report([tmp_path / "compared"]).report)


def scrub(browser: Any, per_mille: int) -> None:
    """Move the slider as a hand would: its value, then its event."""
    browser.value(
        f"(() => {{ const s = document.getElementById('scrub'); s.value = {per_mille}; "
        "s.dispatchEvent(new Event('input')); })()"
    )


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_every_view_is_drawn_and_nothing_is_loaded(
    browser: Any, comparison: Path, width: int, dark: bool
) -> None:
    browser.open(comparison, width=width, dark=dark)
    for view in VIEWS:
        browser.wait_for(f"document.querySelector('{view} svg[role=img]') !== null")
        box = browser.value(
            f"(({{left, right, height}}) => [left, right, height])"
            f"(document.querySelector('{view} svg[role=img]').getBoundingClientRect())"
        )
        assert box[0] >= 0 and box[1] <= width and box[2] > 60, view
    # Every axis says what it is and in what unit; nothing is wider than the screen.
    labels = browser.value(
        "[...document.querySelectorAll('svg text.muted')].map(t => t.textContent)"
    )
    for axis in ("time (s)", "capacity (Mbps)", "latency (ms)", "energy of a task (J)"):
        assert axis in labels
    assert browser.value("document.documentElement.scrollWidth") == width
    assert browser.value("document.documentElement.dataset.theme") == ("dark" if dark else "light")
    assert browser.problems == []
    assert browser.requests == [comparison.absolute().as_uri()]


def test_play_moves_the_ue_and_pause_stops_it(browser: Any, page: Path) -> None:
    browser.open(page)
    before = browser.value(UE)
    browser.click("#play")
    browser.wait_for(f"{UE} !== {json.dumps(before)}")
    assert browser.value("document.getElementById('play').textContent") == "Pause"
    browser.click("#play")
    assert browser.value("document.getElementById('play').textContent") == "Play"
    still = browser.value(f"[{UE}, {CLOCK}]")
    browser.value("new Promise(done => setTimeout(done, 300))")
    assert browser.value(f"[{UE}, {CLOCK}]") == still
    assert browser.problems == []


def test_links_follow_the_tree(browser: Any, tmp_path: Path) -> None:
    """A link that gets another parent, and nodes that fall asleep; all parents of a node."""
    changes = [
        {"time": "200 ms", "node": "iab5", "action": "parent", "parent": "iab4"},
        {"time": "300 ms", "node": "iab1", "action": "sleep"},
    ]
    out = tmp_path / "run"
    cosim.run(
        "mmwave-iab",
        backend="simplified",
        duration_s=0.5,
        overrides=[("topology_changes", changes)],
        out=out,
    )
    (run,) = build_report([out]).runs
    (uplink,) = (each for each in run.uplinks if each.name == "E")
    assert [run.nodes[n or 0].name for n in uplink.parents] == ["iab6", "iab4"]
    assert uplink.since_us == [0, 200_000]
    assert next(link.receiver for link in run.links if link.name == "E") == "iab6, then iab4"
    browser.open(Path(write_report([out]).report))
    link = "document.querySelector('[data-link={}] title').textContent"
    shown = "document.querySelector('[data-link={}]').getAttribute('visibility')"
    scrub(browser, 100)
    assert browser.value(link.format("E")) == "E: iab5 to iab6, wireless"
    assert browser.value(shown.format("A")) == "visible"
    scrub(browser, 900)
    assert browser.value(link.format("E")) == "E: iab5 to iab4, wireless"
    assert browser.value(shown.format("A")) == "hidden"
    assert browser.problems == []


def test_values_that_differ_by_rounding_have_an_axis(browser: Any, page: Path) -> None:
    browser.open(page)
    axis = "const [low, high] = [44, 44 + 1e-13]; const beside = room(low, high, 0.05);"
    steps = f"(() => {{ {axis} return ticks(low - beside, high + beside, 5).values.length; }})()"
    assert 3 <= browser.value(steps) <= 10


def test_the_map_can_be_enlarged(browser: Any, page: Path) -> None:
    browser.open(page)
    gap = (
        "(() => { const [ue, gnb] = ['ue', 'gnb'].map(n => document.querySelector("
        "`[data-node=${n}]`).getBoundingClientRect()); return Math.abs(ue.top - gnb.top); })()"
    )
    before = browser.value(gap)
    browser.click("#zoom")
    assert browser.value(gap) > 1.5 * before
    browser.click("#zoom")
    assert browser.value(gap) == before


def test_scrubbing_changes_the_split(browser: Any, page: Path) -> None:
    browser.open(page)
    assert browser.value(SPLIT) == "uelayers 1 to 3corelayers 4 to 69"
    scrub(browser, 120)  # 0.6 s of 5 s: the other plan
    assert browser.value(SPLIT) == "uepasses it oncorelayers 1 to 30cloudlayers 31 to 69"
    assert browser.value(CLOCK) == "0.600 s of 5.0 s"
    shares = browser.value(
        "[...document.querySelectorAll('[data-node]')].map("
        "g => g.dataset.node + ':' + g.querySelectorAll('text')[2].textContent)"
    )
    assert shares == ["gnb:", "core:30 layers", "cloud:39 layers", "ue:"]
    assert browser.value("document.getElementById('h-task').textContent").startswith("Task 6,")
    assert browser.value("document.querySelector('#hops tbody').rows.length") == 3


def test_the_keyboard_steps_and_plays(browser: Any, page: Path) -> None:
    browser.open(page)
    browser.press("ArrowRight", "ArrowRight")
    assert browser.value(CLOCK).startswith("0.100 s")
    browser.press("ArrowRight", "ArrowRight", modifiers=8)  # with shift: to the next re-split
    assert browser.value(CLOCK).startswith("0.500 s")
    browser.press("ArrowLeft", "ArrowLeft")
    assert browser.value(CLOCK).startswith("0.400 s")
    browser.press(" ", "Space", text=" ")
    browser.wait_for(f"!{CLOCK}.startsWith('0.400')")


def test_a_click_on_a_chart_goes_there(browser: Any, page: Path) -> None:
    browser.open(page)
    value = "document.querySelector('[data-link=C] .value').textContent"
    assert browser.value(value) == "10.0 Mbps"
    browser.click("[data-link=C] .seek", across=0.5)
    assert 2.4 < float(browser.value(CLOCK).split()[0]) < 2.6  # a pixel is 17 ms wide
    assert browser.value(value) == "12.5 Mbps"


def test_another_run_and_a_curve_less(browser: Any, comparison: Path) -> None:
    browser.open(comparison)
    curves = "document.querySelectorAll('#cdf-latency [data-series]').length"
    assert browser.value(curves) == 2
    browser.click("#legend input")
    assert browser.value(curves) == 1
    browser.value(
        "(() => { const s = document.getElementById('run'); s.selectedIndex = 1; "
        "s.dispatchEvent(new Event('change')); })()"
    )
    assert browser.value("document.getElementById('h-manifest').textContent") == "Run: ue-only"
    scrub(browser, 120)
    assert "layers 31 to 69" in browser.value(SPLIT)
    assert browser.problems == []


def test_the_theme_can_be_chosen(browser: Any, page: Path) -> None:
    browser.open(page)
    colour = "getComputedStyle(document.body).backgroundColor"
    light = browser.value(colour)
    browser.click("#theme")
    assert browser.value(colour) != light


@pytest.mark.parametrize(
    "evil",
    [
        "</script><script>window.hacked = 1</script>",
        "<img src=x onerror='window.hacked = 1'>",
        "<!--<script>window.hacked = 1",
        "\"'><svg onload=window.hacked=1>",
        "]]>{{script}}\u2028",
    ],
)
def test_a_name_is_never_run(browser: Any, synthetic: Any, tmp_path: Path, evil: str) -> None:
    """Names of nodes, links and policies, the command, the reason: all that a file can bring."""
    told = {"policy": evil, "scenario": evil, "command": (evil,), "model": evil}
    synthetic(tmp_path, **told).close("failed", reason=evil)
    report = build_report([tmp_path])
    (run,) = report.runs
    nodes = [msgspec.structs.replace(node, name=evil + node.name) for node in run.nodes]
    uplinks = [msgspec.structs.replace(uplink, name=evil) for uplink in run.uplinks]
    links = [msgspec.structs.replace(link, name=evil) for link in run.links]
    run = msgspec.structs.replace(run, nodes=nodes, uplinks=uplinks, links=links, label=evil)
    evil_report: Report = msgspec.structs.replace(report, runs=[run, run])
    path = tmp_path / "evil.html"
    path.write_text(render_page(evil_report), encoding="utf-8")
    browser.open(path)
    for view in VIEWS:
        browser.wait_for(f"document.querySelector('{view} svg[role=img]') !== null")
    scrub(browser, 120)
    assert browser.value("window.hacked") is None
    assert browser.value("document.images.length + document.scripts.length") == 2
    assert browser.value("document.getElementById('title').textContent") == evil
    assert evil in browser.value("document.getElementById('notices').textContent")
    assert browser.problems == []


@pytest.mark.parametrize("seconds", [0, 1])
def test_a_failed_run_without_a_task(
    browser: Any, synthetic: Any, tmp_path: Path, seconds: int
) -> None:
    run = synthetic(tmp_path, tasks=0, seconds=seconds)
    run.close("failed", reason="no luck", simulated_s=float(seconds))
    browser.open(Path(write_report([tmp_path]).report))
    assert "no luck" in browser.value("document.getElementById('notices').textContent")
    for view in ("#strip", "#cdf-latency", "#cdf-energy", "#pareto"):
        browser.wait_for(f"document.querySelector('{view} svg') !== null")
        said = browser.value(f"document.querySelector('{view}').textContent")
        assert "No task was finished" in said, view
    scrub(browser, 500)
    browser.press("ArrowRight", "ArrowRight")
    browser.press("ArrowRight", "ArrowRight", modifiers=8)
    assert browser.problems == []


def test_ten_thousand_tasks(browser: Any, synthetic: Any, tmp_path: Path) -> None:
    """No time is asserted on a machine that others use; `bench/report.py` measures it."""
    synthetic(tmp_path, tasks=10_000).close(simulated_s=1000.0)
    browser.open(Path(write_report([tmp_path]).report))
    browser.wait_for("document.querySelector('#strip svg') !== null")
    scrub(browser, 999)
    assert browser.value("document.getElementById('h-task').textContent").startswith("Task 9990,")
    assert browser.problems == []
