"""One browser for the tests of a module, and a page of its own for each.

Not for the whole session: as long as it is there playwright's event loop runs in this thread, and tests
elsewhere that run one of their own could not.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.conftest import Demand
from tests.station.panel.page import ExampleStation, Json

DESK = (1024, 768)
Opened = Callable[..., ExampleStation]


@pytest.fixture(scope="module")
def browser(demand: Demand) -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    demand("chromium", chromium is not None, "no chromium on this machine")
    # Root has no sandbox to run it in.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield found
        found.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opened]:
    """``opened(view, session, size=…, language=…, change=…)``: the page on an example station, drawn.

    ``change`` alters the HTML before the browser gets it.
    """
    contexts: list[BrowserContext] = []
    stations: list[ExampleStation] = []

    def opened(
        view: Json | None = None,
        session: Json | None = None,
        *,
        size: tuple[int, int] = DESK,
        language: str = "en-GB",
        change: Callable[[str], str] = str,
    ) -> ExampleStation:
        width, height = size
        context = browser.new_context(viewport={"width": width, "height": height}, locale=language)
        context.set_default_timeout(8000)
        contexts.append(context)
        station = ExampleStation(context.new_page(), view, session)
        station.html = change(station.html)
        stations.append(station)
        station.open()
        return station

    yield opened
    for context in contexts:
        context.close()
    for station in stations:
        station.close()
