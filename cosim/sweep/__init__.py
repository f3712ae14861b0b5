"""Sweeps: one scenario at many settings and seeds, on many cores or machines."""

from __future__ import annotations

from cosim.sweep.plan import SweepPlan, load_sweep
from cosim.sweep.run import SweepProgress, SweepResult, run_sweep

__all__ = ["SweepPlan", "SweepProgress", "SweepResult", "load_sweep", "run_sweep"]
