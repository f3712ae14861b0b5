"""The report as one HTML file: template, style, script and data, with nothing to load."""

from __future__ import annotations

import base64
import hashlib
import html
from importlib.resources import files
from typing import Final

import msgspec

from cosim.report.data import Report

# In the order in which they build on each other.
_SCRIPTS: Final = (
    *("format", "svg", "axes", "model", "map", "task", "links", "distributions", "tables"),
    *("player", "main"),
)


def render_page(report: Report) -> str:
    """The page; text from scenario files can neither end an element nor be run.

    The data lies in a JSON block in which ``<`` is escaped; the script sets all text as text, and
    the content security policy allows no other script than this one, and no network.
    """
    assets = files("cosim.report") / "assets"
    script = "\n".join(
        (assets / f"{name}.js").read_text(encoding="utf-8").strip() for name in _SCRIPTS
    )
    script = f'"use strict";\n{script}\n'
    parts = {
        "title": html.escape(f"{report.title}: cosim report"),
        "policy": f"default-src 'none'; style-src 'unsafe-inline'; script-src '{_digest(script)}'",
        "style": (assets / "report.css").read_text(encoding="utf-8"),
        "data": script_safe_json(report),
        "script": script,
    }
    page = (assets / "report.html").read_text(encoding="utf-8")
    pieces = []
    while page:  # one pass: what a part holds is not looked at for the place of another
        before, found, rest = page.partition("{{")
        pieces.append(before)
        if found:
            name, _, rest = rest.partition("}}")
            pieces.append(parts[name])
        page = rest
    return "".join(pieces)


def script_safe_json(value: object) -> str:
    """JSON that nothing in an HTML document can take for markup."""
    return msgspec.json.encode(value).decode().replace("<", "\\u003c")


def _digest(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
