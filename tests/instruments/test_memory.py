from __future__ import annotations

from dataclasses import dataclass

import pytest

from rig.clock import VirtualClock
from rig.errors import InstrumentError
from rig.instruments import open_supply
from rig.instruments.memory import LONGEST_LINE, MemoryTransport, in_memory
from rig.instruments.transport import Flooded, Interrupted, Lost, Silent, Wire
from rig.slotentry import SupplyEntry


@dataclass(frozen=True)
class At:
    at: float
    says: str

    def text(self) -> str:
        return self.says


class Echo:
    """Answers ``wait SECONDS TEXT``, else nothing."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, float]] = []
        self.there = True

    def __call__(self, message: str, now: float) -> At | None:
        self.heard.append((message, now))
        if message == "hang up":
            raise ConnectionResetError("reset by peer")
        word, _, rest = message.partition(" ")
        seconds, _, text = rest.partition(" ")
        return At(now + float(seconds), text) if word == "wait" else None


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def link(echo: Echo, clock: VirtualClock) -> MemoryTransport:
    made = MemoryTransport(echo, clock, reachable=lambda: echo.there)
    made.reopen()
    return made


def test_waiting_for_an_answer_is_time_that_passes(link: MemoryTransport, clock: VirtualClock) -> None:
    link.write("wait 1.5 hello")
    assert not link.waiting()

    assert link.read_line(2.0) == "hello"

    assert clock.now() == 1.5


def test_a_late_answer_stays_for_the_next_question(link: MemoryTransport, clock: VirtualClock) -> None:
    link.write("wait 1.5 late")
    with pytest.raises(Silent):
        link.read_line(1.0)
    assert clock.now() == 1.0

    link.write("wait 1.0 next")

    assert link.read_line(2.0) == "late"
    assert link.read_line(2.0) == "next"


def test_reopening_forgets_what_was_under_way(link: MemoryTransport, clock: VirtualClock) -> None:
    link.write("wait 0.1 old")
    link.reopen()
    clock.sleep(1.0)

    assert not link.waiting()


def test_two_lines_are_two_lines(link: MemoryTransport) -> None:
    link.write("wait 0 one\r\ntwo")

    assert link.read_line(1.0) == "one"
    assert link.waiting()
    assert link.read_line(1.0) == "two"


def test_what_breaks_is_lost(link: MemoryTransport, echo: Echo) -> None:
    with pytest.raises(Lost, match="reset"):
        link.write("hang up")
    with pytest.raises(Lost, match="not connected"):
        link.write("anyone?")
    link.reopen()
    echo.there = False
    with pytest.raises(Lost, match="closed"):
        link.read_line(1.0)
    with pytest.raises(Lost, match="refused"):
        link.reopen()


def test_a_flood_is_no_line(link: MemoryTransport) -> None:
    link.write(f"wait 0 {'7' * (LONGEST_LINE + 1)}")

    with pytest.raises(Flooded):
        link.read_line(1.0)


def test_an_interrupt_holds_until_calm(link: MemoryTransport) -> None:
    link.interrupt()
    with pytest.raises(Interrupted):
        link.write("wait 0 x")
    with pytest.raises(Interrupted):
        link.read_line(1.0)
    link.calm()

    link.write("wait 0 x")

    assert link.read_line(1.0) == "x"


def test_lines_are_paced(echo: Echo, clock: VirtualClock) -> None:
    link = MemoryTransport(echo, clock, Wire(pace_seconds=0.02))
    link.reopen()

    for _ in range(3):
        link.write("hear")

    assert [when for _, when in echo.heard] == pytest.approx([0.0, 0.02, 0.04])


def test_a_supply_is_opened_in_memory(clock: VirtualClock) -> None:
    def handle(message: str, now: float) -> At | None:
        return At(now + 0.01, "Maker,PS,SN1,1.0") if message == "*IDN?" else None

    entry = SupplyEntry(max_volts=20, max_amps=120, max_watts=2000)

    supply = open_supply(entry, clock, in_memory(handle))
    assert supply.identity.serial_number == "SN1"
    supply.close()

    with pytest.raises(InstrumentError, match="refused"):
        open_supply(entry, clock, in_memory(handle, reachable=lambda: False))
