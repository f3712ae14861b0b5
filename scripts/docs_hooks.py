"""What mkdocs cannot know by itself: the order of the pages, and pages that come from the code.

``{{ scenario reference }}`` becomes the tables of all keys of a scenario, made from the schema;
``{{ rst PATH }}`` the reStructuredText document at PATH, ``{{ file PATH }}`` the text of a file.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docutils.core
import msgspec
from msgspec import Struct

from cosim.scenario import schema
from cosim.units import QUANTITY_TYPES, Quantity, format_quantity

ROOT = Path(__file__).parents[1]
ORDER = (
    *("index", "concepts", "scenario", "policies", "splitting", "agents", "iab", "simplified"),
    *("report", "sweep", "reproducibility", "containers"),
    *("validation", "reproduction", "models", "performance", "radio-cost", "limits"),
)
_FIELD = re.compile(r"    (\w+): [^#]*?(?:#\s*(.*))?$")


def on_config(config: Any) -> Any:
    """Put the pages that are there into their order, and those that nobody placed behind them."""
    pages = {path.stem for path in Path(config["docs_dir"]).glob("*.md")}
    placed = [name for name in ORDER if name in pages]
    config["nav"] = [f"{name}.md" for name in (*placed, *sorted(pages - set(placed)))]
    return config


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill the places of this module's docstring."""
    if "{{ scenario reference }}" in markdown:
        markdown = markdown.replace("{{ scenario reference }}", scenario_reference())
    markdown = re.sub(r"\{\{ rst (\S+) \}\}", lambda match: rst_as_html(match[1]), markdown)
    return with_files(markdown)


def with_files(markdown: str) -> str:
    """`markdown` with the files that it asks for."""
    pattern = r"\{\{ file (\S+) \}\}"
    return re.sub(pattern, lambda m: (ROOT / m[1]).read_text(encoding="utf-8").rstrip(), markdown)


def rst_as_html(path: str) -> str:
    """The body of a reStructuredText document."""
    text = (ROOT / path).read_text(encoding="utf-8")
    settings = {
        "report_level": 2,
        "halt_level": 2,
        "syntax_highlight": "none",
        "toc_backlinks": False,
    }
    settings |= {"initial_header_level": 2, "doctitle_xform": False}
    source = str(ROOT / path)  # beside which the tables lie that it takes from files
    parts = docutils.core.publish_parts(
        text, source_path=source, writer="html5", settings_overrides=settings
    )
    # Without empty lines, for Markdown ends a block of HTML at one.
    return re.sub(r"\n\s*\n", "\n", str(parts["body"]))


def scenario_reference() -> str:
    """A section for each table of a scenario file, the scenario itself first."""
    return "\n\n".join(_section(path, kind) for path, kind in _tables("", schema.Scenario))


def _tables(path: str, kind: type[Struct]) -> Iterator[tuple[str, type[Struct]]]:
    yield path, kind
    for field in msgspec.structs.fields(kind):
        for inner, is_array in _structs_in(field.type):
            name = f"{path}.{field.name}".removeprefix(".")
            yield from _tables(f"{name}[]" if is_array else name, inner)


def _structs_in(kind: Any) -> Iterator[tuple[type[Struct], bool]]:
    if inspect.isclass(kind) and issubclass(kind, Struct):
        yield kind, False
    for argument in typing.get_args(kind):
        is_array = typing.get_origin(kind) is tuple
        for inner, _ in _structs_in(argument):
            yield inner, is_array


def _section(path: str, kind: type[Struct]) -> str:
    heading = "the scenario"
    if path.endswith("[]"):
        heading = f"`[[{path.removesuffix('[]')}]]`"
    elif path:
        heading = f"`[{path}]`"
    rows = ["| Key | Value | Default | Meaning |", "|---|---|---|---|"]
    comments = _comments(kind)
    for field in msgspec.structs.fields(kind):
        inner = list(_structs_in(field.type))
        value = "table" if inner else _value(field.type)
        default = "" if inner else _default(field)
        meaning = _escape(comments.get(field.name, ""))
        rows.append(f"| `{field.name}` | {value} | {default} | {meaning} |")
    text = inspect.cleandoc(kind.__doc__ or "").replace("``", "`")
    return f"### {heading}\n\n{text}\n\n" + "\n".join(rows)


def _comments(kind: type[Struct]) -> dict[str, str]:
    """What the source says of each field: before it, or behind it on its line."""
    found: dict[str, str] = {}
    before: list[str] = []
    for line in inspect.getsource(kind).splitlines():
        if line.startswith("    # "):
            before.append(line[6:])
        elif match := _FIELD.match(line):
            found[match[1]] = " ".join([*before, match[2] or ""]).strip()
            before = []
    return found


def _value(kind: Any) -> str:
    if inspect.isclass(kind) and issubclass(kind, Quantity):
        return f'{kind.KIND}, e.g. `"{kind.EXAMPLE}"`'
    if typing.get_origin(kind) is typing.Literal:
        return ", ".join(f'`"{name}"`' for name in typing.get_args(kind))
    arguments = [a for a in typing.get_args(kind) if a is not type(None)]
    if typing.get_origin(kind) is tuple:
        kinds = [_value(a) for a in arguments if a is not Ellipsis]
        return f"list of: {kinds[0]}" if Ellipsis in arguments else f"[{', '.join(kinds)}]"
    if arguments:
        return " or ".join(_value(a) for a in arguments)
    names = {str: "text", int: "whole number", float: "number", bool: "`true`, `false`"}
    return names.get(kind, str(kind))


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value = field.default
    if value is None or value is msgspec.NODEFAULT or value == ():
        return "none"
    if isinstance(value, QUANTITY_TYPES):
        return f'`"{format_quantity(value)}"`'
    return f"`{msgspec.json.encode(value).decode()}`"


def _escape(text: str) -> str:
    return text.replace("|", "\\|")
