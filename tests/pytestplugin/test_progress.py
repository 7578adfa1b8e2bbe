"""What a person sees, to the letter."""

from __future__ import annotations

import io
import math
from dataclasses import replace

import pytest

from rig.pytestplugin.progress import (
    Ending,
    LiveView,
    PlainLines,
    Silence,
    Status,
    choose_progress,
    ending_lines,
)

FAILED = Ending(
    serial="S21PROTEST0000001", slot="slot1", verdict="FAIL", grade=None, failure_code="CHAIN-SHORT",
    failure_text="32 of 65 chips answered.", place="The joint between chip 31 and chip 32.",
    action="Inspect and reflow chips 31 and 32.", simulated=True, record="results/r/record.json",
)
PASSED = Ending(
    serial="S21PROTEST0000001", slot="slot2", verdict="PASS", grade="L1", failure_code=None,
    failure_text=None, place=None, action=None, simulated=False, record=None,
)
WORKING = Status(
    phase="burn-in", chips_found=65, chips=65, mhz=587.5, answers_per_second=18161.4, watts=1042.6,
    celsius=56.2, seconds_left=29.6,
)


def lines_of(*statuses: Status) -> list[str]:
    out = io.StringIO()
    progress = PlainLines("slot1", out)
    for status in statuses:
        progress.show(status)
    return out.getvalue().splitlines()


def test_a_status_says_all_it_knows() -> None:
    assert lines_of(WORKING) == [
        "slot1: burn-in, 65/65 chips, 587.5 MHz, 18,161 answers/s, 1043 W, 56 °C, 30 s left"
    ]


def test_a_status_hides_what_it_does_not_know() -> None:
    assert Status().parts() == ["starting"]
    assert Status(phase="x", watts=math.inf, celsius=math.nan).parts() == ["x"]
    assert Status(phase="x", chips_found=0, chips=65).parts() == ["x", "0/65 chips"]


def test_plain_lines_come_with_a_phase_and_every_ten_seconds() -> None:
    shown = lines_of(
        Status(phase="enumeration"),
        Status(phase="enumeration", chips_found=65, chips=65),
        *(Status(phase="burn-in", seconds_left=float(left)) for left in range(30, -1, -1)),
        Status(phase="off"),
    )
    assert shown == [
        "slot1: enumeration",
        "slot1: burn-in, 30 s left",
        "slot1: burn-in, 20 s left",
        "slot1: burn-in, 10 s left",
        "slot1: burn-in, 0 s left",
        "slot1: off",
    ]


def test_time_that_becomes_known_within_a_phase_is_shown_once() -> None:
    shown = lines_of(
        Status(phase="burn-in"), Status(phase="burn-in", seconds_left=25),
        Status(phase="burn-in", seconds_left=24), Status(phase="burn-in", seconds_left=None),
    )
    assert shown == ["slot1: burn-in", "slot1: burn-in, 25 s left"]


def test_the_same_phase_twice_in_a_row_is_one_line() -> None:
    assert lines_of(Status(phase="a"), Status(phase="a"), Status(phase="b"), Status(phase="a")) == [
        "slot1: a", "slot1: b", "slot1: a",
    ]


def test_ending_lines_of_a_failed_board() -> None:
    assert ending_lines(FAILED) == [
        "slot1: FAIL (simulated) - board S21PROTEST0000001",
        "  CHAIN-SHORT: 32 of 65 chips answered.",
        "  Place: The joint between chip 31 and chip 32.",
        "  Next: Inspect and reflow chips 31 and 32.",
        "  Record: results/r/record.json",
    ]


def test_ending_lines_of_a_good_board_are_one() -> None:
    assert ending_lines(PASSED) == ["slot2: PASS L1 - board S21PROTEST0000001"]


def test_a_code_without_text_still_stands() -> None:
    assert ending_lines(replace(FAILED, failure_text=None, place=None, action=None, record=None))[1:] == [
        "  CHAIN-SHORT: "
    ]


def test_plain_lines_end_with_the_verdict() -> None:
    out = io.StringIO()
    progress = PlainLines("slot1", out)
    progress.end(FAILED)
    progress.close()
    assert out.getvalue() == "\n".join(ending_lines(FAILED)) + "\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_pipe_gets_plain_lines_and_a_terminal_the_live_view() -> None:
    assert isinstance(choose_progress("slot1", "S", io.StringIO()), PlainLines)
    live = choose_progress("slot1", "S", Terminal())
    live.close()
    assert isinstance(live, LiveView)


def test_the_live_view_ends_with_a_verdict_read_from_afar(capsys: pytest.CaptureFixture[str]) -> None:
    live = LiveView("slot1", "S21PROTEST0000001")
    live.show(WORKING)
    live.end(replace(FAILED, verdict="STATION_FAULT"))
    live.close()
    shown = capsys.readouterr().out
    assert "S T A T I O N   F A U L T" in shown
    assert "Next: Inspect and reflow chips 31 and 32." in shown


def test_silence_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Silence()
    progress.show(WORKING)
    progress.end(FAILED)
    progress.close()
    assert capsys.readouterr() == ("", "")


def test_an_ending_says_what_becomes_of_the_board_and_the_slot() -> None:
    ending = replace(FAILED, then="repair - The board failed.", slot_suspect="3 boards in a row.")
    assert ending_lines(ending)[3:] == [
        "  Next: Inspect and reflow chips 31 and 32.", "  Then: repair - The board failed.",
        "  Slot suspect: 3 boards in a row.", "  Record: results/r/record.json",
    ]
