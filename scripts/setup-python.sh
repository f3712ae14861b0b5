#!/usr/bin/env bash
# Makes .venv with the packages that requirements.lock pins. An existing .venv is brought up to date,
# one that was moved or whose Python is gone is made anew.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! .venv/bin/pip --version >/dev/null 2>&1; then
    python=$(scripts/find-python.sh)
    echo "set-up: making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi

echo "set-up: installing the packages of requirements.lock (about 150 MB at first, a minute or so)"
.venv/bin/python -m pip install -qq --disable-pip-version-check --requirement requirements.lock
