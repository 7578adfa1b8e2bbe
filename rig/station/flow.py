"""The station's flow as a pure state machine: scans and what the guard sees go in, orders come out.

Times are seconds of one monotonic clock that the caller hands in. What a board's past allows is asked
before (``Admission``), so nothing here does any input or output.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from rig.purpose import Purpose
from rig.station.roles import Role
from rig.station.scans import Kind, Scan
from rig.station.slotflow import Asked, Conditions, Ended, SlotFlow
from rig.station.view import Pending, Words
from rig.station.words import say

PENDING_SECONDS = 60.0          # half a pair of scans waits no longer for its other half
TWICE_SECONDS = 3.0             # a board read again so soon was read twice by one pull of the trigger


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a board may be run, by its past and the station's lock; ``refusal`` says why not.

    ``not_in``: the slot it must not go into again.
    """

    purpose: Purpose = Purpose.TEST
    refusal: Words | None = None
    not_in: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    slot: str
    asked: Asked


@dataclass(frozen=True, slots=True)
class Stop:
    slot: str
    who: str


@dataclass(frozen=True, slots=True)
class Release:
    slot: str
    who: str


@dataclass(frozen=True, slots=True)
class Rework:
    serial: str
    code: str
    who: str


@dataclass(frozen=True, slots=True)
class EndShift:
    who: str


Order = Start | Stop | Release | Rework | EndShift


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person is told about a scan or a press."""

    outcome: Literal["accepted", "refused", "ignored"]
    words: Words
    slot: str | None = None
    orders: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """Who scanned or pressed. ``stamp``: the time of day, for records."""

    badge: str
    role: Role
    stamp: str


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Half a pair of scans."""

    kind: Literal["board", "slot", "rework"]
    value: str
    since: float
    words: Words
    who: str
    admission: Admission = Admission()
    presses: tuple[str, ...] = ()


@dataclass(slots=True)
class StationFlow:
    """All slots. ``serial_says``: a board's serial in words; ``feed_free``: if a slot's feed carries it."""

    slots: Mapping[str, SlotFlow]
    serial_says: str
    feed_free: Callable[[str], bool]
    _waiting: _Waiting | None = field(default=None)
    _given: tuple[str, float] = field(default=("", 0.0))    # the last board that got its slot, and when

    # -- people ---------------------------------------------------------------------------------

    def scanned(self, scan: Scan, person: Person, admission: Admission, now: float) -> Answer:
        """One scan. ``admission`` is that of the board, for a board."""
        self._forget_old(now)
        if scan.serial != self._given[0]:
            self._given = ("", 0.0)
        match scan.kind:
            case Kind.BOARD:
                return self._board(scan.serial, person, admission, now)
            case Kind.SLOT:
                return self._on(scan.number, lambda slot: self._slot(slot, person, now))
            case Kind.STOP:
                return self._on(scan.number, lambda slot: self.stop(slot.name, person))
            case Kind.RELEASE:
                return self._on(scan.number, lambda slot: self.release(slot.name, person))
            case Kind.REWORK:
                return self._rework(scan.code, person, now)
            case Kind.SHIFT_END:
                return self.end_shift(person)
        return _refused(say("refused.format", text=scan.text, expected=self.serial_says))

    def stop(self, name: str, person: Person) -> Answer:
        """Stop a run, or withdraw a board that has not started."""
        slot = self.slots[name]
        if slot.asked is not None:
            serial = slot.withdraw()
            return _accepted(say("accepted.withdrawn", number=slot.number, serial=serial), name)
        if slot.running is None:
            return _refused(say("refused.nothing_to_stop", number=slot.number), name)
        return _accepted(say("accepted.stop", number=slot.number), name, Stop(name, person.badge))

    def acknowledge(self, name: str) -> Answer:
        slot = self.slots[name]
        if not slot.needs_ack:
            return _refused(say("refused.nothing_to_acknowledge", number=slot.number), name)
        slot.acknowledge()
        return _accepted(say("accepted.acknowledged", number=slot.number), name)

    def let_go(self, name: str, *, locked: bool) -> Answer:
        """Of an alarm that ``locked`` production until now."""
        words = "accepted.let_go" if locked else "refused.no_alarm"
        return (_accepted if locked else _refused)(say(words, number=self.slots[name].number), name)

    def release(self, name: str, person: Person) -> Answer:
        """A named person's word to the guard."""
        if person.role < Role.TECHNICIAN:
            return _refused(say("refused.role", role=Role.TECHNICIAN.word), name)
        number = self.slots[name].number
        return _accepted(say("accepted.release", number=number), name, Release(name, person.badge))

    def end_shift(self, person: Person) -> Answer:
        running = [str(slot.number) for slot in self.slots.values() if slot.busy_with is not None]
        if running:
            return _refused(say("refused.runs_open", slots=", ".join(running)))
        self._waiting = None
        return _accepted(say("accepted.shift_end"), None, EndShift(person.badge))

    # -- what is seen ---------------------------------------------------------------------------

    def saw(self, name: str, found: Conditions, now: float) -> tuple[Order, ...]:
        """The guard's word on a slot. A board that was just seated takes the scan that waits for a slot."""
        slot = self.slots[name]
        if slot.saw(found) and slot.free():
            waiting = self._board_waiting(now)
            if waiting is not None and waiting.admission.not_in != name:
                self._waiting = None
                slot.take(Asked(waiting.value, waiting.admission.purpose, waiting.who, waiting.presses))
        return self.tick(now)

    def began(self, name: str, serial: str) -> None:
        self.slots[name].began(serial)

    def finished(self, name: str, ended: Ended) -> None:
        self.slots[name].finished(ended)

    def tick(self, now: float) -> tuple[Order, ...]:
        """Boards that have all they waited for start."""
        self._forget_old(now)
        orders = []
        for slot in self.slots.values():
            asked = slot.asked
            if asked is not None and slot.missing(now, feed_free=self.feed_free(slot.name)) is None:
                slot.began(asked.serial)
                orders.append(Start(slot.name, asked))
        return tuple(orders)

    @property
    def pending(self) -> Pending | None:
        """The scan that waits for its other half."""
        if self._waiting is None:
            return None
        return Pending(kind=self._waiting.kind, value=self._waiting.value, words=self._waiting.words)

    # -- inside ---------------------------------------------------------------------------------

    def _board(self, serial: str, person: Person, admission: Admission, now: float) -> Answer:
        waiting = self._waiting
        if waiting is not None and waiting.kind == "rework":
            return self._reworked(serial, waiting.value, person)
        for slot in self.slots.values():
            if slot.busy_with == serial and self._given[0] == serial and now - self._given[1] < TWICE_SECONDS:
                return Answer("ignored", say("ignored.again"), slot.name)
            if slot.busy_with == serial:
                return _refused(say("refused.busy_board", serial=serial, number=slot.number), slot.name)
        if admission.refusal is not None:
            return _refused(admission.refusal)
        press = _press(person, f"scanned {serial}")
        if waiting is not None and waiting.kind == "slot":
            return self._give(
                self.slots[waiting.value], serial, person, admission, (*waiting.presses, press), now
            )
        likely = [slot for slot in self.slots.values()
                  if slot.free() and slot.fresh and slot.conditions is not None and slot.conditions.seated
                  and slot.name != admission.not_in]
        if len(likely) == 1:
            return self._give(likely[0], serial, person, admission, (press,), now)
        words = say("pending.board", serial=serial)
        self._waiting = _Waiting("board", serial, now, words, person.badge, admission, (press,))
        return _accepted(words)

    def _slot(self, slot: SlotFlow, person: Person, now: float) -> Answer:
        if slot.needs_ack:
            return self.acknowledge(slot.name)
        if slot.busy_with is not None:
            return _refused(
                say("refused.busy_slot", number=slot.number, serial=slot.busy_with), slot.name
            )
        press = _press(person, f"scanned SLOT-{slot.number}")
        waiting = self._board_waiting(now)
        if waiting is not None:
            return self._give(
                slot, waiting.value, person, waiting.admission, (*waiting.presses, press), now
            )
        words = say("pending.slot", number=slot.number)
        self._waiting = _Waiting("slot", slot.name, now, words, person.badge, presses=(press,))
        return _accepted(words, slot.name)

    def _give(
        self, slot: SlotFlow, serial: str, person: Person, admission: Admission,
        presses: tuple[str, ...], now: float,
    ) -> Answer:
        """A board and its slot are known; it starts when nothing is missing."""
        if slot.needs_ack:
            return _refused(say("refused.acknowledge_first", number=slot.number), slot.name)
        if slot.busy_with is not None:
            return _refused(
                say("refused.busy_slot", number=slot.number, serial=slot.busy_with), slot.name
            )
        if slot.hot and slot.ended is not None and slot.ended.serial != serial:
            return _refused(say("refused.hot", number=slot.number), slot.name)
        if admission.not_in == slot.name:
            return _refused(
                say("refused.other_slot", serial=serial, number=slot.number, why=admission.why), slot.name
            )
        self._waiting, self._given = None, (serial, now)
        slot.take(Asked(serial, admission.purpose, person.badge, presses))
        key = "accepted.golden" if admission.purpose is Purpose.GOLDEN else "accepted.board"
        return _accepted(say(key, serial=serial, number=slot.number), slot.name, *self.tick(now))

    def _rework(self, code: str, person: Person, now: float) -> Answer:
        if person.role < Role.TECHNICIAN:
            return _refused(say("refused.role", role=Role.TECHNICIAN.word))
        words = say("pending.rework", code=code)
        self._waiting = _Waiting("rework", code, now, words, person.badge)
        return _accepted(words)

    def _reworked(self, serial: str, code: str, person: Person) -> Answer:
        self._waiting = None
        words = say("accepted.rework", serial=serial, code=code)
        return _accepted(words, None, Rework(serial, code, person.badge))

    def _on(self, number: int, then: Callable[[SlotFlow], Answer]) -> Answer:
        for slot in self.slots.values():
            if slot.number == number:
                return then(slot)
        return _refused(say("refused.no_slot", number=number, slots=f"1 to {len(self.slots)}"))

    def _board_waiting(self, now: float) -> _Waiting | None:
        self._forget_old(now)
        waiting = self._waiting
        return waiting if waiting is not None and waiting.kind == "board" else None

    def _forget_old(self, now: float) -> None:
        if self._waiting is not None and now - self._waiting.since > PENDING_SECONDS:
            self._waiting = None


def _press(person: Person, what: str) -> str:
    return f"{person.badge} {what} at {person.stamp}"


def _refused(words: Words, slot: str | None = None) -> Answer:
    return Answer("refused", words, slot)


def _accepted(words: Words, slot: str | None = None, *orders: Order) -> Answer:
    return Answer("accepted", words, slot, orders)
