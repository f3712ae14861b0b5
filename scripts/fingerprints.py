"""Write down the fingerprints of the built-in scenarios, which tests/results/ then holds runs to.

A change that alters them alters results: say so in CHANGELOG.md.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import cosim
from cosim.scenario import list_scenarios

KNOWN = Path(__file__).parents[1] / "tests" / "results" / "fingerprints.txt"
DURATION_S = 0.5


def fingerprints() -> dict[str, str]:
    """The fingerprint of each built-in scenario, of its first half second."""
    found = {}
    for name in list_scenarios():
        with tempfile.TemporaryDirectory() as directory:
            run = cosim.run(
                name, duration_s=DURATION_S, out=Path(directory) / "run", channel_cache="off"
            )
            found[name] = str(run.manifest.fingerprint)
    return found


def main() -> int:
    """Write the file, and tell what changed."""
    before = KNOWN.read_text() if KNOWN.exists() else ""
    after = "".join(f"{name} {digest}\n" for name, digest in fingerprints().items())
    KNOWN.write_text(after)
    for line in after.splitlines():
        print("as before" if line in before.splitlines() else "changed  ", line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
