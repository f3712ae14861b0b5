#!/usr/bin/env bash
# Draws the pictures of README.md and docs/report.md anew, from runs of the present code, and prints the
# comparison that stands in the README. Needs Chromium (make browser).
set -euo pipefail
cd "$(dirname "$0")/.."

cosim=.venv/bin/cosim
runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT

"$cosim" compare --out "$runs/compare" 2>/dev/null
"$cosim" plot "$runs/compare" --kind map --out docs/images/map.png
"$cosim" plot "$runs/compare" --kind cdf --out docs/images/cdf.png
"$cosim" run --set prediction.forecaster=ewma --out "$runs/run" >/dev/null 2>&1
"$cosim" report "$runs/run"
.venv/bin/python scripts/report_screenshot.py "$runs/run/report.html" docs/images/report.png
