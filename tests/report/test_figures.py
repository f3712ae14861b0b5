"""`cosim plot`: pictures in each format, of what the run holds."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from cosim.cli.main import main
from cosim.errors import OutputError, UnknownNameError
from cosim.report import build_report
from cosim.report.figures import FIGURE_FORMATS, FIGURE_KINDS, write_figure
from cosim.report.figures.cdf import draw_cdf
from cosim.report.figures.links import draw_capacity
from cosim.report.figures.network import draw_network, layer_shares
from cosim.report.figures.timeline import draw_timeline


@pytest.fixture
def compared(synthetic: Any, tmp_path: Path) -> Path:
    for policy in ("hivemind", "ue-only"):
        synthetic(tmp_path / "runs" / policy, policy=policy, seconds=1).close()
    return tmp_path / "runs"


@pytest.mark.parametrize("kind", FIGURE_KINDS)
def test_each_kind_in_each_format(compared: Path, tmp_path: Path, kind: str) -> None:
    for ending in FIGURE_FORMATS:
        once = write_figure([compared], kind, tmp_path / f"a{ending}").read_bytes()
        if ending == ".png":
            width, height = struct.unpack(">II", once[16:24])
            assert once.startswith(b"\x89PNG") and width >= 1000 and height >= 300
        elif ending == ".pdf":
            assert once.startswith(b"%PDF") and b"/FontFile2" in once  # letters, not outlines
        else:
            assert b"<svg" in once


@pytest.mark.parametrize("ending", FIGURE_FORMATS)
def test_the_same_run_gives_the_same_file(compared: Path, tmp_path: Path, ending: str) -> None:
    once, again = (write_figure([compared], "map", tmp_path / f"{n}{ending}") for n in "ab")
    assert once.read_bytes() == again.read_bytes()


def test_the_curves_are_the_tasks(compared: Path) -> None:
    report = build_report([compared])
    latency, energy = draw_cdf(report, report.runs[0], None).axes
    assert (latency.get_xlabel(), energy.get_xlabel()) == (
        *("task latency (ms)", "energy of a task (J)"),
    )
    curve = latency.get_lines()[0]
    x, share = np.asarray(curve.get_xdata()), np.asarray(curve.get_ydata())
    # Half of the tasks take 35 ms, half 50 ms.
    assert share[np.searchsorted(x, 36.0) - 1] == pytest.approx(0.5)
    assert [line.get_label() for line in latency.get_lines()] == ["hivemind", "ue-only"]


def test_a_task_is_drawn_hop_by_hop(compared: Path) -> None:
    report = build_report([compared])
    (axes,) = draw_timeline(report, report.runs[0], 6).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["ue", "core", "cloud"]
    bars = sorted((patch.get_x(), patch.get_width()) for patch in axes.patches)
    spans = [(x, x + width) for x, width in bars if width > 4.9]
    for begin, end in ((0, 20), (20, 30), (30, 35), (35, 45), (45, 50)):
        assert any(np.allclose(span, (begin, end), atol=1e-6) for span in spans), (begin, end)


def test_links_have_forecasts_and_resplits(compared: Path) -> None:
    report = build_report([compared])
    axes = draw_capacity(report, report.runs[0], None).axes
    assert [each.get_title() for each in axes] == [
        *("ue-access: ue to serving node", "N: gnb to core", "C: core to cloud"),
    ]
    points = [line.get_marker() for line in axes[2].get_lines()]
    assert "." in points and "|" in points
    assert "." not in [line.get_marker() for line in axes[0].get_lines()]


def test_shares_on_the_map(compared: Path) -> None:
    report = build_report([compared])
    run = report.runs[0]
    share = dict(zip([node.name for node in run.nodes], layer_shares(run), strict=True))
    assert share == pytest.approx(
        {"ue": 3 / 138, "gnb": 0, "core": 96 / 138, "cloud": 39 / 138}, abs=1e-9
    )
    (axes,) = draw_network(report, run, None).axes
    texts = {text.get_text() for text in axes.texts}
    assert {"ue", "gnb", "core", "cloud", "N", "C", "70%", "28%", "2%"} <= texts


def test_a_run_without_a_task_is_drawn(synthetic: Any, tmp_path: Path) -> None:
    synthetic(tmp_path, tasks=0, seconds=0).close("failed", reason="no luck")
    for kind in FIGURE_KINDS:
        assert write_figure([tmp_path], kind, tmp_path / "x.png").exists()


def test_what_cannot_be_drawn(compared: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"kind of picture 'cfd'.*did you mean 'cdf'"):
        write_figure([compared], "cfd", tmp_path / "x.png")
    with pytest.raises(OutputError, match=r"\.jpg is of no known picture format.*\.svg"):
        write_figure([compared], "cdf", tmp_path / "x.jpg")
    with pytest.raises(UnknownNameError, match=r"unknown run 'hivemnd'.*'hivemind'"):
        write_figure([compared], "map", tmp_path / "x.png", run="hivemnd")
    with pytest.raises(UnknownNameError, match="unknown finished task '999'"):
        write_figure([compared], "timeline", tmp_path / "x.png", task=999)
    with pytest.raises(OutputError, match="cannot be written"):
        write_figure([compared], "cdf", tmp_path / "no" / "x.png")


def test_the_command(compared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["plot", "runs", "--kind", "map", "--out", "x.pdf"])
    assert (done.exit_code, done.stdout) == (0, "Picture: x.pdf\n"), done.stderr
    task = ["--run", "ue-only", "--task", "3"]
    arguments = ["plot", "runs", "--kind", "timeline", *task, "--out", "y.svg"]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert Path("y.svg").exists()
    for wrong in (["--kind", "pie", "--out", "x.png"], ["--kind", "cdf", "--out", "x.jpg"]):
        assert CliRunner().invoke(main, ["plot", "runs", *wrong]).exit_code == 2
