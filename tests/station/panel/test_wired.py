"""A technician's hour in some fifty seconds: a browser and a scanner on a real station of four slots.

One station, one story, since a run takes as long as its wire does. Heat runs twenty times as fast.
"""

from __future__ import annotations

import json
import re
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from rig.station.badges import add_badge
from rig.station.roles import Role
from tests.station.floor import SERIAL, Floor

PIN = "135790"
BOARDS = {
    "slot1": {"seed": 7, "faults": [{"kind": "fan_fail", "fan": 2}]},
    "slot2": {"seed": 8, "faults": [{"kind": "dead_chip", "chip": 32}]},
    "slot3": {"seed": 9, "faults": []},
    "slot4": {"seed": 10, "faults": [{"kind": "estop", "at_seconds": 2}]},
}
ANSWER_MS, RUN_MS, WHOLE_RUN_MS = 8_000, 45_000, 120_000


class Desk:
    """A person with a scanner at one browser."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.context = browser.new_context(viewport={"width": 1024, "height": 768})
        self.page: Page = self.context.new_page()
        self.problems: list[str] = []
        # The printer of a browser without a screen is nobody's: what counts is that it was asked for.
        self.context.add_init_script("window.print = () => { document.title = 'printed'; }")
        self.page.on("pageerror", lambda problem: self.problems.append(str(problem)))
        self.page.goto(address)

    def scan(self, text: str, told: str) -> None:
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#prompt p")).to_contain_text(re.compile(told), timeout=ANSWER_MS)

    def tile(self, number: int) -> Locator:
        return self.page.locator(f".cell:nth-child({number}) .tile")

    def when(self, number: int, state: str, timeout: float = RUN_MS) -> Locator:
        tile = self.page.locator(f".cell:nth-child({number}) .tile.is-{state}")
        try:
            expect(tile).to_have_count(1, timeout=timeout)
        except AssertionError as error:
            raise AssertionError(f"slot {number} is not {state}: {self.tile(number).inner_text()}") from error
        return tile


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    """Its station keeps the port when it comes again."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    made = Floor(tmp_path, Path(tempfile.mkdtemp(prefix="rig-")), BOARDS, port=port, retest_policy="enforced",
                 unload={"volts": 1.0, "seconds": 3, "celsius": 90})
    yield made
    made.clean_up()


@pytest.fixture
def technician(tmp_path: Path, floor: Floor) -> str:
    """The badge's code of a technician who works there, too."""
    return add_badge(tmp_path / "badges.yaml", "0418", "Bo", Role.TECHNICIAN, PIN).text


@pytest.fixture
def sit_down(browser: Browser, floor: Floor) -> Iterator[Callable[[], Desk]]:
    """Another browser at the station each time; none goes on drawing when the test is over."""
    desks: list[Desk] = []

    def sit_down() -> Desk:
        desks.append(Desk(browser, f"http://127.0.0.1:{floor.port}/"))
        return desks[-1]

    yield sit_down
    for desk in desks:
        desk.context.close()


def test_a_technicians_hour(sit_down: Callable[[], Desk], floor: Floor, technician: str) -> None:
    floor.station.start()
    desk = sit_down()
    expect(desk.page.locator("#prompt p")).to_have_text("Scan your badge", timeout=ANSWER_MS)
    assert not desk.page.locator("#grid").is_visible()

    # Badge, boards, slots: each half in either order, refusals in one sentence before any power.
    desk.scan(floor.station.code, "Hello Ada")
    desk.scan(SERIAL.format(1), "scan the slot it goes into")
    desk.scan("SLOT-1", "goes into slot 1")
    desk.scan("SLOT-2", "Slot 2: scan the board")
    desk.scan(SERIAL.format(2), "goes into slot 2")
    desk.scan("<b>hostile</b>", "<b>hostile</b> is no board")
    desk.scan(SERIAL.format(2), "in slot 2 already")
    desk.scan("SLOT-3", "Slot 3: scan the board")
    desk.scan(SERIAL.format(3), "goes into slot 3")
    desk.scan("SLOT-4", "Slot 4: scan the board")
    desk.scan(SERIAL.format(4), "goes into slot 4")
    assert desk.page.locator("b:text-is('hostile')").count() == 0

    # The station's own fault is not the board's.
    fault = desk.when(1, "station-fault")
    expect(fault.locator(".code")).to_have_text("STN-FAN")
    expect(fault.locator(".headline")).to_have_text("Fan stopped")

    # The e-stop of a slot: told on every page, and not an operator's to release.
    expect(desk.page.locator("#estop.estop-open, #estop.estop-latched")).to_have_count(1, timeout=RUN_MS)
    expect(desk.tile(4).locator(".code")).to_have_text("STN-ESTOP", timeout=RUN_MS)
    desk.scan("RELEASE-4", "technician")

    # A failed board: code, the place on the map, what to do; it stays until somebody acknowledges it.
    failed = desk.when(2, "fail")
    expect(failed.locator(".code")).to_have_text("CHAIN-SHORT")
    expect(failed.locator(".chip.failing")).to_have_count(1)
    expect(failed.locator(".action")).to_contain_text("chips 31 and 32")
    desk.scan("SLOT-2", "acknowledged")
    expect(failed.locator(".waits")).to_be_hidden()
    desk.scan(SERIAL.format(2), "repair")
    desk.page.keyboard.press("Enter")

    # A reload, a second browser that watches and takes over, a station that is killed: the run goes on.
    desk.page.reload()
    desk.when(3, "running")
    other = sit_down()
    other.scan(technician, "Hello Bo")
    expect(other.page.locator("#who")).to_contain_text("0417 is in control")
    other.page.get_by_role("button", name="Take control").click()
    expect(other.page.locator("#who.controls")).to_have_count(1)
    expect(desk.page.locator("#who")).to_contain_text("0418 is in control")
    floor.station.end(signal.SIGKILL)
    expect(desk.page.locator("#nolink")).to_be_visible(timeout=ANSWER_MS)
    desk.page.keyboard.type("STOP-3\n")
    expect(desk.page.locator("#nolink .refused")).to_contain_text("STOP-3")
    floor.station.start()
    expect(desk.page.locator("#prompt p")).to_have_text("Scan your badge", timeout=15_000)
    desk.scan(floor.station.code, "Hello Ada")
    desk.when(3, "running", ANSWER_MS)

    # The PIN raises the role, and the role mutes.
    other.scan(technician, "Hello Bo")
    other.page.get_by_role("button", name="Take control").click()
    other.page.keyboard.press("F8")
    other.page.wait_for_selector(".pin .keypad")
    other.page.keyboard.type(f"{PIN}\n", delay=40)
    expect(other.page.locator("#prompt p")).to_contain_text("technician now", timeout=ANSWER_MS)
    other.page.keyboard.press("F8")
    expect(other.page.locator("#prompt p")).to_contain_text("Sounds are off", timeout=ANSWER_MS)
    desk.page.locator("#who").click()
    desk.page.get_by_role("button", name="Take control").click()
    expect(desk.page.locator("#who.controls")).to_have_count(1)

    # A run that is stopped by its card: no fault of the board's, and the record says who.
    desk.scan(SERIAL.format(5), "scan the slot it goes into")
    desk.scan("SLOT-2", "goes into slot 2")
    expect(desk.when(2, "running").locator(".phase")).to_have_text("Enumeration", timeout=RUN_MS)
    desk.page.keyboard.press("Escape")
    desk.scan("STOP-2", "being stopped")
    stopped = desk.when(2, "stopped")
    expect(stopped.locator(".serial")).to_have_text(SERIAL.format(5))

    # A good board, from the first scan to its verdict and its record.
    passed = desk.when(3, "pass", WHOLE_RUN_MS)
    expect(passed.locator(".grade")).to_contain_text("L1")
    desk.tile(3).click()
    expect(desk.page.locator(".pane tr")).not_to_have_count(0, timeout=ANSWER_MS)
    assert desk.page.locator(".pane tr").count() > 40
    desk.page.get_by_role("button", name="Curves").click()
    expect(desk.page.locator(".chart")).to_have_count(6, timeout=ANSWER_MS)
    desk.page.get_by_role("button", name="Files").click()
    with desk.page.expect_download() as download:
        desk.page.get_by_text("record.json").click()
    with desk.context.expect_page() as sheet:
        desk.page.keyboard.press("F9")
    expect(sheet.value).to_have_title("printed", timeout=RUN_MS)
    expect(sheet.value.locator("h1")).to_have_text(f"Board {SERIAL.format(3)}")
    expect(sheet.value.locator(".verdict b.pass")).to_have_text("PASS L1")
    record = json.loads(Path(download.value.path()).read_text())
    assert (record["serial"], record["verdict"], record["operator"]) == (SERIAL.format(3), "PASS", "0417")
    assert desk.problems == other.problems == []
