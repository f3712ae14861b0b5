"""What holds for every test: the same draws every time, and no deadline of property tests."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import settings

# Threads that wait for each other cost more than they save where other work has the processors.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# A test does not depend on what ran before it, and leaves nothing in the user's own cache.
os.environ["COSIM_CHANNEL_CACHE"] = "off"

# A deadline in wall-clock time fails on a busy machine, not on a fault; fresh examples would make a
# change fail by luck. `pytest --hypothesis-profile=explore` draws new ones.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def _same_weights() -> None:
    """Weights that a test draws: a negative output behind a ReLU, by luck, is another test."""
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(1)
