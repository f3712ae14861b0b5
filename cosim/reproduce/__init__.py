"""The paper's figures, made anew: every number and every statement beside what comes out here."""

from cosim.reproduce.book import FIGURES, Page, figure_names, picture_path, reproduce
from cosim.reproduce.claim import TOLERANCE, Claim

__all__ = ["FIGURES", "TOLERANCE", "Claim", "Page", "figure_names", "picture_path", "reproduce"]
