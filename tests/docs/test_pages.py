"""The documentation: it builds without a warning, and every snippet in it does what it says.

Blocks of a page run in order, in one fresh folder: ``sh`` by bash, ``python`` by this Python. One
with a title is a file of that name. What runs elsewhere says so before the block, with the file
that runs it: ``<!-- elsewhere: PATH -->``; benchmarks are run by `test_benchmarks`, which is slow.
What needs a module that may be missing is left out then: ``<!-- needs: MODULE -->``. Blocks of
another kind, or of none, are not run.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
BLOCK = re.compile(
    r"(?:<!-- (?:elsewhere: (?P<elsewhere>\S+)|needs: (?P<needs>\S+)) -->\n+)?"
    r'^```(?P<kind>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^```$',
    re.MULTILINE | re.DOTALL,
)
DEADLINE_S = 300


class Block(NamedTuple):
    elsewhere: str | None
    needs: str | None
    kind: str
    title: str | None
    text: str


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [Block(*match.group(*Block._fields)) for match in BLOCK.finditer(text)]


def with_files(text: str) -> str:
    pattern = r"\{\{ file (\S+) \}\}"
    return re.sub(pattern, lambda match: (ROOT / match[1]).read_text().rstrip(), text)


def run(block: Block, folder: Path, deadline_s: float = DEADLINE_S) -> None:
    command = [sys.executable, "-c", block.text]
    if block.kind == "sh":
        command = ["bash", "-euo", "pipefail", "-c", block.text]
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        command,
        check=False,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=deadline_s,
    )
    assert done.returncode == 0, f"{block.text}\n{done.stdout}\n{done.stderr}"


@pytest.mark.ns3
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_snippets(page: Path, tmp_path: Path) -> None:
    for block in blocks(page):
        if block.elsewhere is not None:
            assert (ROOT / block.elsewhere).is_file()
        elif block.title is not None:
            (tmp_path / block.title).write_text(with_files(block.text))
        elif block.needs is not None and importlib.util.find_spec(block.needs) is None:
            continue
        elif block.kind in ("sh", "python"):
            run(block, tmp_path)


@pytest.mark.slow
@pytest.mark.ns3
@pytest.mark.parametrize(
    "block",
    [b for page in PAGES for b in blocks(page) if (b.elsewhere or "").startswith("bench/")],
    ids=lambda block: block.elsewhere,
)
def test_benchmarks(block: Block) -> None:
    """They run from the checkout, in minutes; what they measure is no verdict."""
    if block.elsewhere == "bench/profile.py" and shutil.which("perf") is None:
        pytest.skip("perf is missing (Debian: linux-perf)")
    run(block, ROOT, deadline_s=1800)


def test_it_builds_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    done = subprocess.run(
        [*command, "--site-dir", str(tmp_path)],
        check=False,
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    html = (tmp_path / "scenario" / "index.html").read_text()
    assert "backward_ratio" in html
    assert "{{" not in "".join(page.read_text() for page in tmp_path.rglob("*/index.html"))


def test_the_reference_has_every_key() -> None:
    spec = importlib.util.spec_from_file_location("docs_hooks", ROOT / "scripts" / "docs_hooks.py")
    assert spec is not None and spec.loader is not None
    hooks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hooks)
    reference = hooks.scenario_reference()
    for key, line in (
        ("numerology", "| `numerology` | whole number | `3` |  |"),
        ("capacity", '| `capacity` | data rate, e.g. `"400 Mbps"` | none | wired only |'),
        ("[[links]]", "### `[[links]]`"),
        ("[radio.ue_array]", "### `[radio.ue_array]`"),
    ):
        assert line in reference, key
