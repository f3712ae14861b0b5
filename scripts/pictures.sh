#!/usr/bin/env bash
# Draws the pictures of README.md and docs/report.md anew, from runs of the present code, and puts what these
# print into the README. Needs Chromium (make browser).
set -euo pipefail
cd "$(dirname "$0")/.."

cosim=$PWD/.venv/bin/cosim
runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT

# In the folder of the runs, so that their place reads as a user's does.
(cd "$runs" && "$cosim" run >run.txt 2>/dev/null && "$cosim" compare >compare.txt 2>/dev/null)
.venv/bin/python scripts/readme_output.py README.md "$runs/run.txt" "$runs/compare.txt"
mv "$runs"/runs/*-compare-* "$runs/compare"
"$cosim" plot "$runs/compare" --kind map --out docs/images/map.png
"$cosim" plot "$runs/compare" --kind cdf --out docs/images/cdf.png
"$cosim" run --set prediction.forecaster=ewma --out "$runs/run" >/dev/null 2>&1
"$cosim" report "$runs/run"
.venv/bin/python scripts/report_screenshot.py "$runs/run/report.html" docs/images/report.png
