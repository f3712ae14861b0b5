"""Some seconds of fuzzing, where atheris is installed (`make fuzz`)."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = 10


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="needs atheris: make fuzz")
def test_decoders_raise_nothing_but_protocol_errors(tmp_path: Path) -> None:
    script = Path(__file__).parent / "decoders.py"
    done = subprocess.run(
        [sys.executable, str(script), f"-max_total_time={SECONDS}", "-seed=1", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    runs = re.search(r"Done (\d+) runs", done.stderr)
    assert runs is not None and int(runs[1]) > 1000, done.stderr[-3000:]
