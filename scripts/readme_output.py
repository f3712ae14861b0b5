"""Put what the commands print today into the README.

    python scripts/readme_output.py README.md RUN.txt COMPARE.txt

The block that begins with the first line of the run's output is replaced by the first file, that of
the comparison by the second.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

_BLOCK = re.compile(r"```\n(mmwave-iab, .*?)```", re.DOTALL)


def main(readme: Path, *outputs: Path) -> None:
    """Replace the blocks, in order."""
    texts = iter([output.read_text(encoding="utf-8").strip() for output in outputs])
    text = readme.read_text(encoding="utf-8")
    if len(_BLOCK.findall(text)) != len(outputs):
        raise SystemExit(f"{readme} has not as many blocks of output as there are files")
    readme.write_text(_BLOCK.sub(lambda _: f"```\n{next(texts)}\n```", text), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
