"""What people do at a station: scans and presses, one after the other, each answered, kept, carried out."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

from rig.errors import RigError
from rig.station.admission import Admissions
from rig.station.flow import Admission, Answer, EndShift, Order, Person, Release, Rework, Start
from rig.station.past import Past
from rig.station.picture import Picture
from rig.station.presses import PressLog
from rig.station.scans import Kind, read_scan
from rig.station.words import say


class Behind(Protocol):
    """What the station does for its desk."""

    def start(self, order: Start) -> None: ...

    def remember(self) -> None:
        """How the slots stand now, for the station that comes after a kill."""
        ...

    def changed(self) -> None:
        """Pages are to be told."""
        ...

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Without waiting for it; what goes wrong becomes a notice."""
        ...


class Desk:
    """Answers come before any power; ``behind`` carries out what takes longer."""

    def __init__(
        self, picture: Picture, past: Past, admissions: Admissions, log: PressLog, behind: Behind
    ) -> None:
        self._picture, self._past, self._admissions, self._log = picture, past, admissions, log
        self._behind = behind
        self._flow, self._facts, self._shifts = picture.flow, picture.facts, picture.shifts
        self._turn = asyncio.Lock()             # scans and presses, one after the other

    async def scan(self, text: str, person: Person) -> tuple[Kind, Answer]:
        """One scan, answered before any power."""
        scan = read_scan(text, self._picture.place.plan.product)
        async with self._turn:
            admission = Admission()
            if scan.kind is Kind.BOARD:
                lock = self._facts.lock
                refusal = None if lock is None else say("refused.locked", code=lock.code, why=lock.words.text)
                admission = await asyncio.to_thread(
                    self._admissions.of, scan.serial, person.role, refusal
                )
            answer = self._flow.scanned(scan, person, admission, self._picture.clock.now())
            return scan.kind, await self._carried_out(answer, person, "scan", scan.text)

    async def stop(self, slot: str, person: Person) -> Answer:
        async with self._turn:
            return await self._carried_out(self._flow.stop(slot, person), person, "press", f"stop {slot}")

    async def acknowledge(self, slot: str, person: Person) -> Answer:
        async with self._turn:
            answer = self._flow.acknowledge(slot)
            return await self._carried_out(answer, person, "press", f"acknowledge {slot}")

    async def release(self, slot: str, person: Person, volts: float | None) -> Answer:
        async with self._turn:
            answer = self._flow.release(slot, person)
            return await self._carried_out(answer, person, "press", f"release {slot}", volts)

    async def let_go(self, slot: str, person: Person) -> Answer:
        """The lock of an alarm; somebody has looked at the slot."""
        async with self._turn:
            answer = self._flow.let_go(slot, locked=await self._facts.let_go(slot, person.badge))
            return await self._carried_out(answer, person, "press", f"let go of the alarm of {slot}")

    async def end_shift(self, person: Person) -> Answer:
        async with self._turn:
            return await self._carried_out(self._flow.end_shift(person), person, "press", "end of shift")

    async def self_test(self, person: Person) -> Answer:
        answer = Answer("accepted", say("accepted.self_test"))
        self._behind.do(self._facts.test(lambda: self._picture.conditions))
        return await self._carried_out(answer, person, "press", "self-test")

    async def mute(self, person: Person, *, muted: bool) -> Answer:
        self._picture.muted = muted
        answer = Answer("accepted", say("accepted.muted" if muted else "accepted.unmuted"))
        return await self._carried_out(answer, person, "press", "mute" if muted else "unmute")

    def came(self, badge: str) -> None:
        """Somebody has scanned a badge: the first one begins the shift."""
        if self._shifts.shift.started is None:
            self._shifts.begin(badge, self._picture.clock.utc())
            self._behind.do(self._facts.test(lambda: self._picture.conditions))

    async def _carried_out(
        self, answer: Answer, person: Person, kind: str, text: str, volts: float | None = None
    ) -> Answer:
        began = any(isinstance(order, Start) for order in answer.orders)
        for order in answer.orders:
            answer = await self._carry_out(order, answer, volts)
        self._behind.remember()
        self._log.keep(kind, person.badge, text, answer.outcome, answer.words.text)
        if answer.slot is not None and not began:       # a run that begins has its own scans with it
            self._picture.crew.press(answer.slot, f"{person.badge} {text} at {person.stamp}")
        self._behind.changed()
        return answer

    async def _carry_out(self, order: Order, answer: Answer, volts: float | None) -> Answer:
        match order:
            case Start():
                self._behind.start(order)
            case Release():
                try:
                    await self._picture.guard.release(order.slot, f"badge {order.who}", volts)
                except RigError as error:
                    return Answer("refused", say("refused.release", text=str(error)), order.slot)
            case Rework():
                return await asyncio.to_thread(self._past.reworked, order, answer)
            case EndShift():
                self._shifts.end()
                self._facts.soon()
            case _:
                self._picture.crew.stop(order.slot, order.who)
        return answer
