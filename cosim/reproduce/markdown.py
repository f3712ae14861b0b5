"""The table of claims as a document."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cosim.errors import OutputError
from cosim.reproduce.book import Page
from cosim.reproduce.claim import TOLERANCE, Claim

COLUMNS = ("figure", "claim", "paper", "ours", "ratio", "holds?", "why not")


def write_markdown(path: Path, pages: Sequence[Page]) -> None:
    """Write the document; an `OutputError` when that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(to_markdown(pages), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error


def to_markdown(pages: Sequence[Page]) -> str:
    """The document."""
    claims = [claim for page in pages for claim in page.claims]
    backends = ", ".join(sorted({page.backend for page in pages}))
    held = sum(claim.holds for claim in claims)
    lines = [
        "# The paper's claims, and what comes out here",
        "",
        "Made by `cosim reproduce all --doc docs/reproduction.md`; not edited by hand.",
        "",
        f"Network: {backends}. {held} of {len(claims)} claims hold. A number holds within "
        f"{TOLERANCE:.0%} of the paper's, or on the right side of a bound; nothing is fitted to a "
        "figure.",
        "",
        "| " + " | ".join(COLUMNS) + " |",
        "|" + "---|" * len(COLUMNS),
        *(_row(claim) for claim in claims),
    ]
    return "\n".join(lines) + "\n"


def show_value(value: float | str | None) -> str:
    """A number with four digits, or the words."""
    if value is None:
        return "-"
    return value if isinstance(value, str) else f"{value:,.4g}"


def _row(claim: Claim) -> str:
    ratio = "-" if claim.ratio is None else f"{claim.ratio:.2f}"
    cells = (
        *(claim.figure, claim.claim, show_value(claim.paper), show_value(claim.ours), ratio),
        *("yes" if claim.holds else "no", claim.reason or ""),
    )
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"
