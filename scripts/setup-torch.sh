#!/usr/bin/env bash
# Adds the `torch` extra to .venv, pinned; only measuring models needs it.
set -euo pipefail
cd "$(dirname "$0")/.."

install() {
    .venv/bin/python -m pip install -qq --disable-pip-version-check \
        --constraint requirements.lock --constraint requirements-torch.lock "$@"
}

echo "set-up: installing torch (200 MB and more, some minutes)"
install torch pillow
# torchvision's own requirement would replace a CPU build of torch by the one that it was built with.
install --no-deps torchvision
