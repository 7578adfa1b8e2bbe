"""The station itself: flow, runs, guard, shift and pages put together on one event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from rig.clock import Clock
from rig.errors import RigError
from rig.guard.lights import Light
from rig.purpose import Purpose
from rig.records import RunRecord
from rig.station.admission import Admissions
from rig.station.crew import Crew, OnRun, Outcome
from rig.station.desk import Desk
from rig.station.endings import Ending, ending_of, refused_ending
from rig.station.facts import Facts
from rig.station.feeds import Feeds
from rig.station.flow import Start, StationFlow
from rig.station.giving_way import GivingWay
from rig.station.guardlook import GuardLook
from rig.station.hub import TILE_SECONDS, Hub
from rig.station.labels import label_of, print_label
from rig.station.lights import lights_of, slots_with_lights
from rig.station.memory import Memory
from rig.station.past import Past, call_bench
from rig.station.picture import Picture
from rig.station.place import Place
from rig.station.presses import PressLog
from rig.station.shift import ShiftBook
from rig.station.slotflow import Conditions, SlotFlow
from rig.station.view import StationView, TileState
from rig.station.words import say

LOOK_SECONDS = 0.2              # between two questions to the guard
BEAT_SECONDS = 1.0


class Station:
    """Everything here is called from its event loop. Pages read ``view``, people act at the ``desk``."""

    def __init__(self, place: Place, clock: Clock) -> None:
        self.place, self.clock, self.hub = place, clock, Hub()
        self._slots = {
            name: SlotFlow(name, number, reseat=not place.fixture.simulated)
            for number, name in enumerate(place.fixture.slots, start=1)
        }
        self._lit = slots_with_lights(place.fixture)
        self._feeds = Feeds(place.fixture, place.plan.recipe)
        self.flow = StationFlow(self._slots, place.plan.product.serial.says, self._feed_free)
        self._changed = asyncio.Event()
        self.crew = Crew(
            place.options, place.plan.folder, place.runtime, clock,
            changed=lambda _slot: self._changed.set(), ended=self._ended,
        )
        self._guard = GuardLook(place.fixture_file, place.runtime, clock)
        self._giving_way = GivingWay(place.runtime)
        self._shifts = ShiftBook(
            place.results, place.fixture, ship_marginal=place.plan.recipe.ship_marginal
        )
        self._facts = Facts(self._shifts, place.fixture, place.results, clock)
        self._past = Past(place, clock)
        self._memory = Memory(place.results, place.fixture.fixture)
        self.log = PressLog(place.results, clock)
        self.picture = Picture(
            place, clock, self.flow, self.crew, self._guard, self._feeds, self._facts, self._shifts
        )
        self.desk = Desk(
            self.picture, self._past, Admissions(place.results, place.fixture, place.plan), self.log, self
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._beat_due = 0.0

    # -- life -----------------------------------------------------------------------------------

    async def open(self) -> None:
        """The forkserver, the first look at the guard, and the runs that an earlier station left."""
        if self.place.fixture.simulated:
            await asyncio.to_thread(call_bench, self.place)
        await asyncio.to_thread(self.crew.warm_up)
        for record in await asyncio.to_thread(self._past.last_passed):
            self.picture.timing.learn(record)
        adopted = self.crew.adopt(list(self._slots))
        for run in adopted:
            self._slots[run.slot].began(run.serial)
        await self._see()
        await self._facts.look()
        closed = await asyncio.to_thread(self._past.close_dead, [run.slot for run in adopted])
        if adopted or closed:
            self.picture.notice(say("notice.restarted", went_on=len(adopted), closed=len(closed)))
        for record in closed:
            self.picture.notice(say("notice.closed", run=record.run_id, serial=record.serial,
                                    number=self._slots[record.slot].number))
        for slot, record in (await asyncio.to_thread(self._past.last_runs, self._memory.tiles)).items():
            if slot not in self.crew.runs:
                self._stands_again(slot, record)

    def _stands_again(self, slot: str, record: RunRecord) -> None:
        """The verdict that was on the tile, or would have come there, when the last station ended."""
        ending, kept = self._ending_of(record), self._memory.tiles.slots[slot]
        ended = replace(ending.ended, state=TileState.READY) if kept.superseded else ending.ended
        self.picture.endings[slot] = ending
        self._slots[slot].came_back(ended, acknowledged=kept.acknowledged, lifted=kept.lifted)

    async def serve(self) -> None:
        """Until cancelled: look at the guard, insist on stops, tell the pages. A bug ends the station."""
        async with asyncio.TaskGroup() as all_day:
            all_day.create_task(self._keep_looking())
            all_day.create_task(self._keep_knowing())
            all_day.create_task(self._keep_telling())

    async def close(self) -> None:
        """Let go; runs that are on go on, and the guard with them."""
        await self.crew.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._guard.close()
        self.log.close()

    def view(self) -> StationView:
        return self.picture.view(self.hub.seq)

    def tell(self) -> None:
        """What has changed, to all pages."""
        if self.hub.watched:
            self.hub.tell_tiles(self.picture.tiles())
            self.hub.tell_rest(self.view())
        if self.clock.now() >= self._beat_due:
            self._beat_due = self.clock.now() + BEAT_SECONDS
            self.hub.beat(self.view().now)

    # -- for the desk -----------------------------------------------------------------------------

    def start(self, order: Start) -> None:
        asked = order.asked
        self._memory.ordered(order.slot, self.clock.utc())
        self.picture.endings.pop(order.slot, None)
        self.crew.start(order.slot, asked.serial, asked.purpose, asked.who, asked.presses)

    def remember(self) -> None:
        try:
            self._memory.keep(self._slots)
        except RigError as error:
            self.picture.notice(say("notice.disk", text=str(error)))

    def changed(self) -> None:
        self._changed.set()

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._told(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- what happens by itself -----------------------------------------------------------------

    async def _keep_looking(self) -> None:
        while True:
            began = self.clock.now()
            await self._see()
            self.crew.tick(self._tripped)
            self.remember()
            await asyncio.sleep(max(0.02, LOOK_SECONDS - (self.clock.now() - began)))

    async def _keep_knowing(self) -> None:
        """Beside the look at the guard: a disk may be slow, and who presses STOP is not to wait for it."""
        while True:
            await self._facts.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def _keep_telling(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), LOOK_SECONDS)
            self._changed.clear()
            self.tell()
            await asyncio.sleep(TILE_SECONDS)

    async def _see(self) -> None:
        found = await self._guard.look(self._lights())
        now = self.clock.now()
        if found:
            self.picture.conditions = found
        for name in self._slots:
            orders = self.flow.saw(name, found[name], now) if name in found else self.flow.tick(now)
            for order in orders:
                if isinstance(order, Start):
                    self.start(order)
        self._giving_way.ask(self._slots.values())
        self._changed.set()

    def _lights(self) -> dict[str, Light]:
        return lights_of(self.picture.tile(name) for name in self._lit)

    def _ended(self, outcome: Outcome) -> None:
        """A run is over: the verdict stays on its tile."""
        run, record = outcome.run, outcome.record
        if record is not None:
            ending = self._ending_of(record)
            self.picture.timing.learn(record)
        else:
            text, code = run.refusal or (say("run.died").text, 3)
            ending = refused_ending(run.serial, text, by_station=code != 2 and code != 4)
        self.picture.endings[run.slot] = ending
        self.flow.finished(run.slot, ending.ended)
        self._facts.soon()
        self._changed.set()
        if record is not None and ending.ended.state is TileState.PASS:
            self.do(self._label(run, record))

    def _ending_of(self, record: RunRecord) -> Ending:
        return ending_of(record, self.place.plan.product, golden=record.purpose is Purpose.GOLDEN)

    async def _label(self, run: OnRun, record: RunRecord) -> None:
        printer = self.place.fixture.panel.printer
        if printer is None:
            return
        try:
            await asyncio.to_thread(print_label, printer, label_of(record))
            words, self.picture.printer = say("label.printed"), None
        except RigError as error:
            words = say("label.failed", text=str(error))
            self.picture.printer = say("notice.printer", text=str(error))
        ending = self.picture.endings.get(run.slot)
        if ending is not None and ending.run_id == record.run_id:
            self.picture.endings[run.slot] = ending.with_label(words)
            self._changed.set()

    def _tripped(self, slot: str) -> bool:
        found: Conditions | None = self.picture.conditions.get(slot)
        return found is not None and (found.tripped is not None or not found.leased)

    def _feed_free(self, slot: str) -> bool:
        busy = [name for name, one in self._slots.items() if one.running is not None]
        return self._feeds.free(slot, busy)

    async def _told(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except RigError as error:
            self.picture.notice(say("refused.store", text=str(error)))
