"""What the station asks of the stack lights, and what it says of one that fails."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rig.guard.lights import Light
from rig.guard.report import slot_report
from rig.guard.rules import SlotRules
from rig.station.guardlook import conditions_of
from rig.station.lights import lights_of, slots_with_lights
from rig.station.place import Place
from rig.station.station import Station
from rig.station.view import TileState, TileView
from rig.station.words import say
from tests.station.conftest import Door


@pytest.mark.parametrize("state", list(TileState))
def test_every_state_has_a_light_and_only_good_ones_are_green(state: TileState) -> None:
    tile = TileView(slot="slot1", number=1, state=state, title=say("tile.ready"))
    light = lights_of([tile])["slot1"]
    assert (light is Light.GOOD) == (state in (TileState.READY, TileState.PASS))
    assert (light is Light.BAD) == (state in (TileState.FAIL, TileState.STATION_FAULT, TileState.STOPPED))


def test_only_slots_whose_pins_name_a_lamp_have_one(place: Place) -> None:
    assert slots_with_lights(place.fixture) == frozenset()
    slot = place.fixture.slots["slot2"]
    lit = slot.model_copy(update={"pins": slot.pins.model_copy(update={"light_green": 10})})
    fixture = place.fixture.model_copy(update={"slots": place.fixture.slots | {"slot2": lit}})
    assert slots_with_lights(fixture) == {"slot2"}


def test_a_failing_light_is_told_on_the_page(door: Door) -> None:
    rules = SlotRules(0.0)
    rules.light.wired, rules.light.fault = True, "found pin 8 refused"
    found = conditions_of(slot_report(rules, 1.0), 1.0)
    station: Station = door.station
    station.picture.conditions = {"slot3": found, "slot1": replace(found, light_fault=None)}

    notices = [words.text for words in station.view().notices]

    assert notices == ["The stack light of slot 3 is not to be trusted: found pin 8 refused"]
