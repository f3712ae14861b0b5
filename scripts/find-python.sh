#!/usr/bin/env bash
# Prints the Python that .venv is made with: $PYTHON, else the first of the usual names that is 3.11
# or newer and can make a virtual environment. Exits 1 when there is none.
set -euo pipefail

for candidate in ${PYTHON:-python3.11 python3 python3.13 python3.12}; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        command -v "$candidate"
        exit 0
    fi
done
exit 1
