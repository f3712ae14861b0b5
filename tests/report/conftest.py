"""A browser, and runs to make reports of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chromium import Browser, find_chromium
from synthetic_run import SyntheticRun


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = find_chromium()
    if program is None:
        pytest.skip("Chromium is missing; `make browser` installs it")
    made = Browser(program, tmp_path_factory.mktemp("chromium"))
    yield made
    made.close()


@pytest.fixture
def synthetic() -> type[SyntheticRun]:
    return SyntheticRun
