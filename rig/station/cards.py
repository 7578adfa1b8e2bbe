"""The cards a station is worked with: every code there is, to be printed once."""

from __future__ import annotations

from rig.fixturefile import FixtureFile
from rig.recipe import Failures, Party, party_of
from rig.station.messages import Card
from rig.station.words import say


def cards_of(fixture: FixtureFile, failures: Failures) -> list[Card]:
    """Slots, stops, releases, rework of every failure code of a board, end of shift. No badges."""
    numbers = range(1, len(fixture.slots) + 1)
    codes = sorted(code for code in failures.codes if party_of(code) is Party.BOARD)
    return [
        *(Card(code=f"SLOT-{n}", words=say("card.slot", number=n)) for n in numbers),
        *(Card(code=f"STOP-{n}", words=say("card.stop", number=n)) for n in numbers),
        *(Card(code=f"RELEASE-{n}", words=say("card.release", number=n)) for n in numbers),
        *(Card(code=f"REWORK-{code}", words=say("card.rework", code=code)) for code in codes),
        Card(code="SHIFT-END", words=say("card.shift_end")),
    ]
