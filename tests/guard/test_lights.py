"""What a stack light says: danger that the guard knows of, then the station's word, while it is fresh."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from rig.clock import VirtualClock
from rig.errors import BridgeError, UsageError
from rig.fixturefile import UnloadEntry
from rig.guard.envelope import Bounds, Cause, Demand
from rig.guard.fixture_bridge import BridgeHand
from rig.guard.lamps import REPEAT_SECONDS, LampLevels
from rig.guard.latch import Release
from rig.guard.lease import Holder
from rig.guard.lights import HALF_PERIOD_SECONDS, SILENT_SECONDS, Light, lamp_at
from rig.guard.report import slot_report
from rig.guard.requests import Request
from rig.guard.rules import SlotRules
from rig.guard.watch import PinLevels
from rig.instruments.bridge import Level
from rig.slot import Mode, Phase, Protection, Reading, SupplyReading
from rig.slotentry import Colour, MeterEntry, Pins, ScannerEntry, SlotEntry, SupplyEntry

GOOD = PinLevels(estop_closed=True, lid_closed=True, seated=True)
OFF = SupplyReading(Reading(0.0), Reading(0.0), Reading(0.0), Mode.OFF)
COLD = Demand(2.0, 2.0, Protection(16.0, 100.0))
PINS = {Colour.RED: 8, Colour.AMBER: 9, Colour.GREEN: 10}


class Slot:
    """Rules whose unload gate opens after five seconds."""

    def __init__(self) -> None:
        self.now = 100.0
        self.rules = SlotRules(self.now, Bounds(UnloadEntry(seconds=5)))

    def prove_safe(self) -> None:
        self.rules.saw_pins(GOOD, self.now)
        self.rules.saw_output_off()
        self.rules.state.saw_rest()
        self.rules.saw_supply(OFF, self.now, self.now)

    def cool(self) -> None:
        self.prove_safe()
        self.now += 6
        self.rules.saw_supply(OFF, self.now, self.now)

    def go_live(self) -> None:
        self.rules.grant(Holder("run-1", 42, "token"), self.now)
        self.rules.enter("token", Phase.COLD, 60.0, self.now)
        self.rules.allow_on("token", COLD, self.now)

    def ask(self, light: Light) -> None:
        self.rules.light.ask(light, self.now)

    @property
    def shown(self) -> Light:
        return self.rules.light.shown(self.rules, self.now)


@pytest.fixture
def slot() -> Slot:
    return Slot()


def test_until_it_is_proved_off_nothing_is_called_good(slot: Slot) -> None:
    slot.ask(Light.GOOD)
    assert slot.shown is Light.BUSY

    slot.prove_safe()
    assert slot.shown is Light.HOT, "nobody knows what was before this guard"

    slot.cool()
    slot.ask(Light.GOOD)
    assert slot.shown is Light.GOOD


@pytest.mark.parametrize("asked", list(Light))
def test_a_live_board_is_never_called_anything_else(asked: Light, slot: Slot) -> None:
    slot.cool()
    slot.go_live()
    slot.ask(asked)
    assert slot.shown is Light.BUSY

    slot.rules.trip(Cause.GUARD, "no beat", slot.now)
    assert slot.shown is Light.BUSY, "discharging"
    slot.now += 6
    slot.rules.tick(slot.now)
    assert slot.shown is Light.HOT, "nothing proves it off"


@pytest.mark.parametrize("asked", list(Light))
def test_a_board_that_may_not_be_touched_is_hot_whatever_is_asked(asked: Light, slot: Slot) -> None:
    slot.cool()
    slot.go_live()
    slot.rules.end("token", "given back", slot.now, lost=False)
    slot.prove_safe()
    slot.ask(asked)
    assert slot.shown is Light.HOT


def test_the_emergency_stop_is_red_until_a_person_releases_it(slot: Slot) -> None:
    slot.cool()
    slot.rules.saw_pins(replace(GOOD, estop_closed=False), slot.now)
    slot.ask(Light.GOOD)
    assert slot.shown is Light.BAD

    slot.rules.saw_pins(GOOD, slot.now)
    assert slot.shown is Light.BAD, "latched"

    slot.rules.release(Release("badge 0002", None))
    assert slot.shown is Light.GOOD


def test_a_station_that_falls_silent_is_no_longer_believed(slot: Slot) -> None:
    slot.cool()
    slot.ask(Light.GOOD)
    slot.now += SILENT_SECONDS - 0.1
    assert slot.shown is Light.GOOD
    slot.now += 0.2
    assert slot.shown is Light.ACTION


def test_a_dead_supply_is_not_ready(slot: Slot) -> None:
    slot.cool()
    slot.rules.supply_fault = "no answer"
    slot.ask(Light.GOOD)
    assert slot.shown is Light.ACTION
    slot.ask(Light.BAD)
    assert slot.shown is Light.BAD


def test_a_slot_that_somebody_has_is_not_called_ready(slot: Slot) -> None:
    slot.cool()
    slot.rules.grant(Holder("run-1", 42, "token"), slot.now)
    for asked, shown in ((Light.GOOD, Light.BUSY), (Light.DARK, Light.BUSY), (Light.ACTION, Light.ACTION)):
        slot.ask(asked)
        assert slot.shown is shown


def test_a_bench_without_a_station_shows_what_its_guard_knows(slot: Slot) -> None:
    slot.cool()
    assert slot.shown is Light.DARK
    slot.rules.grant(Holder("run-1", 42, "token"), slot.now)
    assert slot.shown is Light.BUSY


@pytest.mark.parametrize(("light", "colour", "flashes"), [
    (Light.DARK, None, False), (Light.GOOD, Colour.GREEN, False), (Light.BUSY, Colour.AMBER, False),
    (Light.ACTION, Colour.AMBER, True), (Light.BAD, Colour.RED, False), (Light.HOT, Colour.RED, True),
])
def test_what_is_lit(light: Light, colour: Colour | None, flashes: bool) -> None:
    seen = {lamp_at(light, beat * HALF_PERIOD_SECONDS) for beat in range(4)}
    assert seen == ({colour, None} if flashes else {colour})


def test_a_guard_that_ends_leaves_no_green_behind(slot: Slot) -> None:
    slot.cool()
    slot.ask(Light.GOOD)
    light = slot.rules.light
    assert light.lamp(slot.rules, slot.now) is Colour.GREEN

    light.over = True
    assert light.lamp(slot.rules, slot.now) is None

    slot.go_live()
    assert light.lamp(slot.rules, slot.now) is Colour.AMBER


def test_the_report_tells_it_where_there_is_one(slot: Slot) -> None:
    assert slot_report(slot.rules, slot.now)["light"] is None
    slot.rules.light.wired = True
    assert slot_report(slot.rules, slot.now)["light"] == {"shows": "busy", "fault": None}


# -- the lamps' pins


def drive(lamps: LampLevels, lit: Colour | None, now: float) -> list[tuple[int, Level]]:
    """All that is sent until nothing more is to be."""
    sent = []
    while (due := lamps.next(PINS, lit, now))[0] is not None:
        pin, level = due
        assert pin is not None
        lamps.sent(pin, level, now)
        sent.append((pin, level))
    return sent


def test_one_goes_out_before_another_goes_on() -> None:
    lamps = LampLevels()
    assert drive(lamps, Colour.AMBER, 0.0) == [(8, Level.LOW), (10, Level.LOW), (9, Level.HIGH)]
    assert drive(lamps, Colour.GREEN, 1.0) == [(9, Level.LOW), (10, Level.HIGH)]
    assert drive(lamps, Colour.GREEN, 2.0) == []


def test_a_level_is_sent_again_in_time() -> None:
    lamps = LampLevels()
    drive(lamps, None, 0.0)
    assert drive(lamps, None, REPEAT_SECONDS - 0.1) == []
    assert len(drive(lamps, None, REPEAT_SECONDS + 0.1)) == 3


def test_a_refused_pin_is_told_until_it_is_taken() -> None:
    lamps = LampLevels()
    lamps.sent(8, Level.LOW, 0.0)
    assert lamps.heard([8])
    assert "pin 8 refused by the bridge" in (lamps.fault or "")
    lamps.sent(9, Level.LOW, 0.1)
    assert not lamps.heard([])
    lamps.sent(8, Level.LOW, 5.2)
    assert lamps.heard([])
    assert lamps.fault is None


class Heard:
    """What a bridge's hand reports; anything but lamps and safety inputs is an error here."""

    def __init__(self) -> None:
        self.lamps: list[str | None] = []
        self.lost: list[str] = []

    def saw_pins(self, pins: PinLevels) -> None: ...

    def saw_lamps(self, fault: str | None) -> None:
        self.lamps.append(fault)

    def lost_bridge(self, text: str) -> None:
        self.lost.append(text)


class Bulbless:
    """A bridge whose inputs are good and whose port takes no lamp's level."""

    def pin(self, number: int) -> Level:
        return Level.HIGH

    def take_refusals(self) -> list[int]:
        return []

    def post_pin(self, number: int, level: Level) -> None:
        raise BridgeError("the port is full")

    def close(self) -> None: ...


def test_a_lamp_that_cannot_be_driven_is_an_alarm_and_the_bridge_is_not_lost() -> None:
    supply = SupplyEntry(max_volts=20, max_amps=120, max_watts=1800)
    entry = SlotEntry(supply=supply, meter=MeterEntry(), scanner=ScannerEntry(), pins=Pins(light_red=8))
    heard, opened = Heard(), []

    def make(port: str, clock: object) -> Any:
        opened.append(port)
        return Bulbless()

    hand = BridgeHand(lambda: entry, VirtualClock(), cast(Any, heard), make)
    hand.show(Colour.RED)
    assert (opened, heard.lamps) == ([], []), "a light opens no port"

    for _ in range(3):
        hand.pins()
        hand.show(Colour.RED)

    assert heard.lamps == ["the port is full"] * 3
    assert (len(opened), heard.lost) == (1, [])


@pytest.mark.parametrize("lights", [None, [], {"slot1": "blue"}, {"slot1": None}, {"slot1": []}, "good"])
def test_a_light_is_one_of_few_words(lights: Any) -> None:
    with pytest.raises(UsageError, match="request: lights"):
        Request({"lights": lights}).lights()
    assert Request({"lights": {"slot1": "good"}}).lights() == {"slot1": Light.GOOD}
