"""Pictures for papers: one kind each, as PNG, PDF or SVG."""

from __future__ import annotations

from cosim.report.figures.write import FIGURE_FORMATS, FIGURE_KINDS, write_figure

__all__ = ["FIGURE_FORMATS", "FIGURE_KINDS", "write_figure"]
