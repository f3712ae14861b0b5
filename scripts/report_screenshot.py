"""Take the picture of docs/report.md: the map and the tasks of a report, half way through the run.

python scripts/report_screenshot.py runs/DIR/report.html docs/images/report.png
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/tools"))

from chromium import Browser, find_chromium

# About the middle of the run, the slider being in thousandths.
SCRUB = """(() => {
  const slider = document.getElementById("scrub");
  slider.value = 507;
  slider.dispatchEvent(new Event("input"));
})()"""


def main(page: Path, picture: Path) -> None:
    """Open the page, go to that time, and keep the two sections as PNG."""
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(find_chromium() or "chromium", Path(profile))
        try:
            browser.open(page, width=1180)
            browser.value(SCRUB)
            browser.screenshot(picture, first="#network", last="section:has(#task)")
        finally:
            browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
