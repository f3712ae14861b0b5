"""Reports that people look at: a page for the browser, and pictures for papers."""

from __future__ import annotations

from cosim.report.build import DETAILED_RUNS, build_report
from cosim.report.page import render_page

__all__ = ["DETAILED_RUNS", "build_report", "render_page"]
