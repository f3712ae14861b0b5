"""The example that trains an agent: it learns, and is put beside HiveMind."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "train_agent.py"


def trained(*arguments: str) -> tuple[list[float], dict[str, float]]:
    """Mean latency while it learns, and at the end by who decides, in ms."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=1200,
    )
    learning = [
        float(ms) for ms in re.findall(r"^episode.*mean +([\d.]+) ms$", done.stdout, re.MULTILINE)
    ]
    return learning, final_means(done.stdout)


def final_means(text: str) -> dict[str, float]:
    rows = re.findall(r"^(\S+): +\d+ tasks, mean +([\d.]+) ms$", text, re.MULTILINE)
    return {name: float(ms) for name, ms in rows}


@pytest.mark.torch
def test_it_runs_to_its_table() -> None:
    pytest.importorskip("torch")
    arguments = ("--episodes", "2", "--duration", "0.5", "--backend", "simplified")
    learning, final = trained("--scenario", "chain3", *arguments)
    assert len(learning) == 2
    assert set(final) == {"agent", "hivemind", "ue-only"}


@pytest.mark.slow
@pytest.mark.torch
@pytest.mark.ns3
def test_it_learns_on_the_simplified_simulator_for_ns3() -> None:
    pytest.importorskip("torch")
    _, final = trained()
    assert final["agent"] < 0.9 * final["ue-only"]
    assert final["agent"] < 1.5 * final["hivemind"]
    # What the page shows is what comes out; other processors round otherwise, and learn otherwise.
    page = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")
    assert final_means(page) == pytest.approx(final, rel=0.1)
