"""What the paper says, what comes out here, and whether the one holds by the other."""

from __future__ import annotations

import math
from typing import Final

import msgspec

# Absolute numbers hang on the four machines that the authors profiled, which nobody else has; the
# same tolerance is applied to every number, and no constant is fitted to any of them.
TOLERANCE: Final = 0.25


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """One number or one statement of a figure.

    Attributes
    ----------
    figure
        ``2``, ``6``, ``11`` to ``19``, ``table1`` or ``text``.
    claim
        What is claimed, with its unit.
    paper, ours
        A number, or words where the claim is about a shape; None when there is no value.
    ratio
        Ours over the paper's, of numbers.
    holds
        Whether it does.
    reason
        Why not, from what was measured; None when it holds.
    """

    figure: str
    claim: str
    paper: float | str | None
    ours: float | str | None
    holds: bool
    reason: str | None = None
    ratio: float | None = None


def close(figure: str, claim: str, paper: float, ours: float | None, reason: str) -> Claim:
    """A number that should be the paper's to within the tolerance."""
    ratio = _ratio(ours, paper)
    return _made(figure, claim, paper, ours, _within(ratio), reason)


def at_most(figure: str, claim: str, paper: float, ours: float | None, reason: str) -> Claim:
    """A number that the paper bounds from above."""
    return _made(figure, claim, paper, ours, ours is not None and ours <= paper, reason)


def at_least(figure: str, claim: str, paper: float, ours: float | None, reason: str) -> Claim:
    """A number that the paper bounds from below."""
    return _made(figure, claim, paper, ours, ours is not None and ours >= paper, reason)


def shape(figure: str, claim: str, ours: str, holds: bool, reason: str) -> Claim:
    """A statement without a number: who wins, where it crosses over."""
    return Claim(
        figure=figure,
        claim=claim,
        paper="holds",
        ours=ours,
        holds=holds,
        reason=None if holds else reason,
    )


def _made(
    figure: str, claim: str, paper: float, ours: float | None, holds: bool, reason: str
) -> Claim:
    value = None if ours is None or math.isnan(ours) else float(ours)
    return Claim(
        figure=figure,
        claim=claim,
        paper=paper,
        ours=value,
        holds=bool(holds) and value is not None,
        reason=None if holds and value is not None else reason,
        ratio=_ratio(value, paper),
    )


def _ratio(ours: float | None, paper: float) -> float | None:
    return None if ours is None or paper == 0 or math.isnan(ours) else ours / paper


def _within(ratio: float | None) -> bool:
    return ratio is not None and abs(ratio - 1) <= TOLERANCE
