"""The import arrows of the design: which room may know which."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "cosim"

# What each room may import besides itself; a room is a folder or a file right under cosim/.
BASE = {"errors", "units"}
ARROWS: dict[str, set[str]] = {
    "errors": set(),
    "units": {"errors"},
    "scenario": BASE,
    "models": {"cosim", *BASE},
    "splitting": {"errors"},
    "forecasting": {"errors"},
    "network.port": {"scenario", *BASE},
    "network": {"network.port", "scenario", "cosim", *BASE},
    "nodes": {"forecasting", "splitting", "models", "network.port", *BASE},
    "ledger": {"nodes", "network.port"},
    "engine": {"ledger", "nodes", "network.port", "watchdog", *BASE},
    "results": {"scenario", *BASE},
    # What puts them together: profiles and controllers, the recorder, one run, the API.
    "prediction": {"forecasting", "nodes", "results", "scenario", *BASE},
    "work": {"scenario", "models", "nodes", "splitting", *BASE},
    "assembly": {"scenario", "models", "nodes", "prediction", "splitting", "work", *BASE},
    "paper_chain": {"models", "problems", "splitting"},
    "problems": {"models", "splitting"},
    "paper_links": {"scenario"},
    "table1": {"network", "network.port", "paper_links", "scenario", *BASE},
    "replaying": {
        *("assembly", "engine", "ledger", "network", "network.port", "nodes", "results"),
        *("scenario", *BASE),
    },
    "recording": {"ledger", "nodes", "network.port", "results", *BASE},
    "curves": set(),
    "interruption": {"errors"},
    "watchdog": {"errors"},
    "backends": {"network", "network.port", "results", "scenario", *BASE},
    "runner": {
        *(
            "assembly",
            "backends",
            "cosim",
            "engine",
            "interruption",
            "ledger",
            "network",
            "network.port",
        ),
        *("recording", "results", "scenario", "watchdog", *BASE),
    },
    "api": {
        *("assembly", "backends", "interruption", "network.port", "replaying", "results", "runner"),
        *("scenario", "watchdog", *BASE),
    },
    "sweep": {"assembly", "cosim", "interruption", "results", "scenario", *BASE},
    "report": {"curves", "network", "results", "scenario", "cosim", *BASE},
    "cosim": {"api", "results"},
    "gym": {
        *("api", "assembly", "backends", "engine", "ledger", "network.port", "nodes"),
        *("results", "scenario", "splitting", *BASE),
    },
    # One room per use of runs.
    "reproduce": {
        *("api", "assembly", "cosim", "curves", "models", "network", "nodes", "paper_links"),
        *("results", "runner", "scenario", "splitting", *BASE),
    },
    "validation": {
        *("api", "assembly", "backends", "curves", "network.port", "paper_links", "reproduce"),
        *("results", "runner", "scenario", *BASE),
    },
}
EVERYTHING = {"__main__", "cli"}

# Libraries that only some rooms may touch.
GUARDED = {
    "torch": {"forecasting.torch", "models.torch"},
    "torchvision": {"models.torch"},
    "zmq": {"gym", "network", "cli"},
    "click": {"cli"},
    "google": {"gym"},
    "gymnasium": {"gym"},
    "rich": {"cli"},
    "pyarrow": {"models.transfer", "results"},
    "pandas": {"reproduce", "results", "sweep", "validation"},
    "matplotlib": {"curves", "report.figures", "reproduce", "validation"},
    "distributed": {"sweep"},
    "pickle": set(),  # whoever unpickles a file or message runs what it says
    "shelve": set(),
}


def modules() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if not p.is_relative_to(PACKAGE / "_ns3"))


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(module: str) -> str:
    """``cosim.scenario.load`` is in room ``scenario``; the port is a room of its own."""
    parts = module.split(".")
    if len(parts) == 1:
        return "cosim"
    return "network.port" if parts[1:3] == ["network", "port"] else parts[1]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from _from_names(node)


def _from_names(node: ast.ImportFrom) -> Iterator[str]:
    """``from cosim import api`` is an import of ``cosim.api``."""
    for alias in node.names:
        path = PACKAGE.parent.joinpath(*str(node.module).split("."), alias.name)
        is_module = path.is_dir() or path.with_suffix(".py").exists()
        yield f"{node.module}.{alias.name}" if is_module else str(node.module)


@pytest.mark.parametrize("path", modules(), ids=module_name)
def test_arrows(path: Path) -> None:
    here = room(module_name(path))
    assert here in ARROWS or here in EVERYTHING, f"{here} has no place in the design: add it"
    for imported in imports(path):
        if imported.split(".")[0] != "cosim" or here in EVERYTHING:
            continue
        there = room(imported)
        assert there == here or there in ARROWS[here], f"{module_name(path)} imports {imported}"


@pytest.mark.parametrize("path", modules(), ids=module_name)
def test_guarded_libraries(path: Path) -> None:
    module = module_name(path).removeprefix("cosim.")
    for imported in imports(path):
        library = imported.split(".")[0]
        allowed = GUARDED.get(library)
        if allowed is not None:
            assert any(f"{module}.".startswith(f"{name}.") for name in allowed), (
                f"{module} imports {library}"
            )


def test_the_package_has_files() -> None:
    assert len(modules()) > 30
