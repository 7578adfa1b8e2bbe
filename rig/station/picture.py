"""The whole picture, made of what flow, runs, guard and facts know at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rig.clock import Clock
from rig.station.crew import Crew
from rig.station.endings import Ending
from rig.station.facts import Facts
from rig.station.feeds import Feeds
from rig.station.flow import StationFlow
from rig.station.guardlook import GuardLook
from rig.station.place import Place
from rig.station.shift import ShiftBook
from rig.station.slotflow import Conditions
from rig.station.tiles import Stand, tile_of
from rig.station.timing import Timing
from rig.station.view import Control, Estop, StationView, TileView, Words
from rig.station.words import say

MOST_NOTICES = 5


@dataclass(slots=True)
class Picture:
    """Reads, changes nothing but what it is told to show besides: notices, mute, who is in control."""

    place: Place
    clock: Clock
    flow: StationFlow
    crew: Crew
    guard: GuardLook
    feeds: Feeds
    facts: Facts
    shifts: ShiftBook
    timing: Timing = field(default_factory=Timing)
    endings: dict[str, Ending] = field(default_factory=dict)
    conditions: Mapping[str, Conditions] = field(default_factory=dict)
    control: Control | None = None
    muted: bool = False
    printer: Words | None = None            # what is wrong with it, until it takes a label again
    notices: list[Words] = field(default_factory=list)

    def notice(self, words: Words) -> None:
        self.notices = [*self.notices, words][-MOST_NOTICES:]

    def tile(self, name: str) -> TileView:
        stand = Stand(
            self.flow.slots[name], self.crew.runs.get(name), self.endings.get(name), self.place.plan.product,
            self.place.fixture.simulated, self.feeds.name_of(name), self.flow.feed_free(name),
        )
        return tile_of(stand, self.timing, self.clock.now())

    def tiles(self) -> list[TileView]:
        return [self.tile(name) for name in self.flow.slots]

    def view(self, seq: int) -> StationView:
        place, facts, lock = self.place, self.facts, self.facts.lock
        tiles = self.tiles()
        watts = {tile.slot: tile.watts for tile in tiles
                 if tile.watts is not None and tile.slot in self.crew.runs}
        problems = [words for words in (facts.problem, self.printer) if words is not None]
        problems += [
            say("notice.light", number=self.flow.slots[name].number, text=found.light_fault)
            for name, found in self.conditions.items() if found.light_fault is not None
        ]
        return StationView(
            seq=seq,
            now=self.clock.utc().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            station=place.fixture.station, fixture=place.fixture.fixture,
            product=place.plan.product.product, simulated=place.fixture.simulated,
            guard_answers=self.guard.problem is None, estop=self._estop(), muted=self.muted,
            locked=None if lock is None else lock.words, locked_code=None if lock is None else lock.code,
            control=self.control,
            prompt=say("prompt.badge" if self.control is None else "prompt.scan"),
            pending=self.flow.pending, self_test=self.shifts.self_test(), golden=facts.golden,
            feeds=self.feeds.views(watts), shift=facts.shift, alarms=facts.alarms.views(),
            notices=(*self.notices, *problems), tiles=tuple(tiles),
        )

    def _estop(self) -> Estop:
        found = self.conditions.values()
        if not found or self.guard.problem is not None:
            return Estop.UNKNOWN
        if any(one.estop_closed is False for one in found):
            return Estop.OPEN
        if any(one.estop_closed is None for one in found):
            return Estop.UNKNOWN
        return Estop.LATCHED if any(one.latched for one in found) else Estop.CLOSED
