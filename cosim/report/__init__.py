"""Reports that people look at: a page for the browser, and pictures for papers."""

from __future__ import annotations

from cosim.report.build import DETAILED_RUNS, build_report
from cosim.report.page import render_page
from cosim.report.write import Written, write_report

__all__ = ["DETAILED_RUNS", "Written", "build_report", "render_page", "write_report"]
