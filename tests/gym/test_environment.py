"""The Gymnasium environment on a network that needs no ns-3, and on ns-3."""

from __future__ import annotations
