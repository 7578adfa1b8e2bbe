"""The pictures of docs/station.md, drawn anew: ``make pictures``."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

import rig
from tests.station.panel import examples
from tests.station.panel.page import ExampleStation, Json

DOCS = Path(rig.__file__).parents[1] / "docs"
MOST_WIDE = 1280  # pixels of a picture: a page of words is no wider
PICTURES: dict[str, tuple[tuple[int, int], str, Callable[[], Json]]] = {
    "panel-1920": ((1920, 1080), "en-GB", examples.station),
    "panel-1024": ((1024, 768), "es-MX", examples.station),
    "panel-detail": ((1024, 768), "en-GB", examples.station),
    "panel-no-link": ((1024, 768), "en-GB", lambda: examples.station(examples.slots(4))),
}


def main() -> None:
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        for name, (size, language, view) in PICTURES.items():
            draw(browser, name, size, language, view())
        browser.close()


def draw(browser: Browser, name: str, size: tuple[int, int], language: str, view: Json) -> None:
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale=language,
        reduced_motion="reduce",
        device_scale_factor=min(1, MOST_WIDE / width),
    )
    page = context.new_page()
    station = ExampleStation(page, view)
    station.open()
    arrange(station, page, name)
    page.screenshot(path=DOCS / f"{name}.png")
    print(DOCS / f"{name}.png")
    context.close()
    station.close()


def arrange(station: ExampleStation, page: Page, name: str) -> None:
    """What a person did before the picture was taken."""
    if name == "panel-detail":
        page.locator(".cell").nth(2).click()
        page.wait_for_selector(".pane td")
    if name == "panel-no-link":
        station.drop()
        page.keyboard.type("STOP-3\n")
        page.wait_for_selector("#nolink .refused:visible")


if __name__ == "__main__":
    main()
