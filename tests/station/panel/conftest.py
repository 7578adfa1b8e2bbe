"""A page of its own for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.station.panel.page import ExampleStation, Json

DESK = (1024, 768)
Opened = Callable[..., ExampleStation]


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
