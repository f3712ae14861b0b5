"""``python -m cosim.sweep.attached PID ARGUMENT...``: ``cosim ARGUMENT...``, which ends with PID.

When a worker is killed, the kernel ends the runs that it has started, so that none goes on alone.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1  # prctl(2); survives exec


def main() -> None:
    """Become ``cosim``."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(sys.argv[1]):  # it died before it could be watched
        sys.exit(1)
    os.execv(sys.executable, [sys.executable, "-m", "cosim", *sys.argv[2:]])


if __name__ == "__main__":
    main()
