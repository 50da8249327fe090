"""One browser and one simulated week for the session; each test opens its own office over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from local.simulation.day import Day
from tests.console.browser import chromium, visiting
from tests.console.office import Office, a_week

Visit = Callable[..., BrowserContext]


@pytest.fixture(scope="session")
def week(tmp_path_factory: pytest.TempPathFactory) -> Day:
    return a_week(tmp_path_factory.mktemp("samples"))


@pytest.fixture(scope="session")
def browser(week: Day) -> Iterator[Browser]:
    del week  # runs a loop of its own, which is not possible once the browser's is there
    with chromium() as browser:
        yield browser


@pytest.fixture
def office(week: Day) -> Office:
    return Office.after(week)


@pytest.fixture
def visit(browser: Browser, office: Office) -> Iterator[Visit]:
    """Open a browser's context at the office; called again, another person's."""
    with ExitStack() as contexts:

        def open_context(**device: Any) -> BrowserContext:
            return contexts.enter_context(visiting(browser, office, **device))

        yield open_context
