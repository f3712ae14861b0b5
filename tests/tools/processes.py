"""Processes that a test has no hold of but their number."""

from __future__ import annotations

import time

import psutil


def is_running(pid: int) -> bool:
    """Not one that has ended: in a container without an init nobody collects those."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_for_end(pid: int, limit_s: float) -> None:
    limit = time.monotonic() + limit_s
    while is_running(pid):
        assert time.monotonic() < limit, f"process {pid} still runs after {limit_s:g} s"
        time.sleep(0.05)
