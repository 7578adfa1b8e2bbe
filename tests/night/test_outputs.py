"""What is written of a night: JUnit for CI, a page for people, and the exit code."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from junitparser import JUnitXml

from rig.night.compare import compare
from rig.night.junit import junit_text
from rig.night.page import night_page
from rig.night.summary import Ended, NightCode, NightSummary, Piece
from tests.night.conftest import night

HOSTILE = '<script>alert("x")</script> & \x07'
BEFORE = [night(number, watts=1040 + number % 5) for number in range(20)]


def of(*pieces: Piece, left_on: bool = False, **changes: object) -> NightSummary:
    made = night(30)
    (slot,) = made.slots
    update = {"pieces": pieces or slot.pieces, "left_on": left_on}
    return made.model_copy(update={"slots": (slot.model_copy(update=update),), **changes})


def piece(ended: Ended, name: str = "golden run", says: str = "told", code: str | None = None) -> Piece:
    return Piece(name=name, ended=ended, says=says, code=code)


@pytest.mark.parametrize(("made", "code"), [
    (of(), NightCode.GOOD),
    (of(piece(Ended.PREEMPTED), piece(Ended.NOT_DONE)), NightCode.GOOD),
    (of(piece(Ended.FAILED), piece(Ended.GOOD)), NightCode.FAILED),
    (of(piece(Ended.FAILED), piece(Ended.STATION)), NightCode.STATION_FAULT),
    (of(left_on=True), NightCode.STATION_FAULT),
    (of(piece(Ended.STATION), stopped=True), NightCode.STOPPED),
], ids=["good", "pre-empted", "failed", "station", "left on", "stopped"])
def test_the_gravest_thing_is_the_exit_code(made: NightSummary, code: NightCode) -> None:
    assert made.code is code


def test_junit_tells_the_boards_failures_from_the_stations_errors() -> None:
    made = of(
        piece(Ended.GOOD, "self-test"), piece(Ended.FAILED, code="CHIP-WEAK", says=HOSTILE),
        piece(Ended.STATION, "instruments"), piece(Ended.PREEMPTED, "planted x"), left_on=True,
        elsewhere=("far.yaml, slot1: at station2",),
    )

    suites = JUnitXml.fromstring(junit_text(made).encode())

    cases = {case.name: [type(one).__name__ for one in case.result] for suite in suites for case in suite}
    assert cases == {
        "self-test": [], "golden run": ["Failure"], "instruments": ["Error"], "planted x": ["Skipped"],
        "board off": ["Error"], "rule hits": [], "far.yaml, slot1: at station2": ["Skipped"],
    }
    assert 'type="CHIP-WEAK"' in junit_text(made)


def test_a_drift_against_the_nights_before_is_a_failure_of_junit() -> None:
    tonight = night(30, watts=1200)
    made = tonight.with_hits(compare(tonight, BEFORE), len(BEFORE))

    suites = JUnitXml.fromstring(junit_text(made).encode())

    failed = [case.name for suite in suites for case in suite if case.result]
    assert failed == ["board_watts, a-sim-slot1, S21PROGOLDEN00001"]
    assert made.code is NightCode.FAILED


class Tags(HTMLParser):
    """What a page would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_page_is_one_file_that_fetches_and_runs_nothing() -> None:
    tonight = night(30, watts=1200)
    (slot,) = tonight.slots
    told = (*slot.pieces, piece(Ended.FAILED, says=HOSTILE))
    tonight = tonight.model_copy(update={"slots": (slot.model_copy(update={"pieces": told}),)})
    made = tonight.with_hits(compare(tonight, BEFORE), len(BEFORE))

    page = night_page(made, BEFORE)

    tags = Tags()
    tags.feed(page)
    assert "script" not in tags.names
    assert all(one.startswith("data:") for one in tags.fetched)
    assert "svg" in tags.names
    assert "What needs a person" in page
    assert "a board or a check failed" in page
    assert "Simulated runs only" in page
    assert page.count("2026-11-01 22:00") == 1


def test_a_first_night_has_a_page() -> None:
    page = night_page(night(0), [])

    assert "Nothing needs a person" in page
    assert "held against 0 nights" in page
