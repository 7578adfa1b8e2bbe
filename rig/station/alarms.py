"""What the station's last boards ring for, what of it locks production, and who has looked at it since.

A lock ends when another board has passed or failed with another code in the slot, or when an engineer lets
go of it; that is kept in ``results/station/alarms-<fixture>.json``.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import AwareDatetime, Field

from rig.datafile import Data
from rig.fixturefile import FixtureFile
from rig.records import STORE_FILE
from rig.records.files import write_whole
from rig.records.lookup import Lookup
from rig.station.shift import Lock
from rig.station.view import AlarmView, Words
from rig.station.words import say
from rig.verdict.alarms import Alarm, AlarmKind, AlarmRules, LastRun, alarms

CODE: Final = "STN-ALARM"


class Looked(Data):
    """Who let go of a slot's lock and when; runs begun ``until`` then count for no new one."""

    until: AwareDatetime
    by: str
    at: AwareDatetime


class LookedFile(Data):
    schema_version: int = Field(default=1, ge=1, le=1)
    slots: dict[str, Looked] = Field(default={})


class Alarms:
    """One fixture's. ``look`` and ``let_go`` read and write on disk: call them in a thread."""

    def __init__(self, results: Path, fixture: FixtureFile, rules: AlarmRules | None = None) -> None:
        self._fixture, self._rules = fixture, rules or AlarmRules()
        self._lookup = Lookup(results / STORE_FILE)
        self._file = results / "station" / f"alarms-{fixture.fixture}.json"
        self._looked = self._load()
        self._runs: dict[str, list[LastRun]] = {}
        self._seen = 0
        self.ringing: tuple[Alarm, ...] = ()

    def look(self) -> None:
        """Read what was stored since the last look. Raises StationFault."""
        newest, most = self._lookup.newest_row(), self._rules.recent + self._rules.history
        if newest < self._seen:                 # another store, or rows that got new numbers
            self._runs, self._seen = {}, 0
        if newest != self._seen:
            for slot in self._fixture.slots:
                new = self._lookup.first_runs(
                    self._fixture.fixture, slot, simulated=self._fixture.simulated, after=self._seen,
                    limit=most,
                )
                ours = [run for row, run in new if row <= newest and run.station == self._fixture.station]
                once = {(run.serial, run.started): run for run in (*self._runs.get(slot, ()), *ours)}
                self._runs[slot] = sorted(once.values(), key=lambda run: run.started)[-most:]
            self._seen = newest
        self._ring()

    def let_go(self, slot: str, who: str, now: datetime) -> bool:
        """Somebody has looked at a slot that locks; False where it does not. Raises StationFault."""
        if not any(alarm.locks and alarm.slot == slot for alarm in self.ringing):
            return False
        looked = Looked(until=self._runs[slot][-1].started, by=who, at=now)
        kept = LookedFile(slots={**self._looked.slots, slot: looked})
        self._file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._file, kept.model_dump_json() + "\n")
        self._looked = kept
        self._ring()
        return True

    @property
    def lock(self) -> Lock | None:
        """Why no board may be produced."""
        locking = next((alarm for alarm in self.ringing if alarm.locks and alarm.slot), None)
        if locking is None:
            return None
        return Lock(CODE, self._words(locking, "lock.alarm"))

    def views(self) -> tuple[AlarmView, ...]:
        """For the page. A bench that is not for production is told, and not locked."""
        return tuple(
            AlarmView(words=self._words(alarm), slot=alarm.slot,
                      locks=alarm.locks and self._fixture.for_production)
            for alarm in self.ringing
        )

    def _ring(self) -> None:
        runs = (run for some in self._runs.values() for run in some)
        until = {slot: looked.until for slot, looked in self._looked.slots.items()}
        self.ringing = alarms(runs, self._rules, until)

    def _words(self, alarm: Alarm, key: str = "alarm.same_code") -> Words:
        where = {} if alarm.slot is None else {"number": list(self._fixture.slots).index(alarm.slot) + 1}
        code = alarm.code or ""
        if alarm.kind is AlarmKind.SAME_CODE:
            return say(key, **where, code=code, boards=alarm.boards)
        drop = "alarm.drop" if alarm.slot is None else "alarm.drop.slot"
        return say(
            "alarm.day" if alarm.kind is AlarmKind.OUT_OF_LIMITS else drop, **where, code=code,
            boards=alarm.boards, passed=alarm.passed or 0, usual=_percent(alarm.usual),
            low=_percent(alarm.low), high=_percent(alarm.high),
        )

    def _load(self) -> LookedFile:
        try:
            return LookedFile.model_validate_json(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return LookedFile()                 # what cannot be read rings again


def _percent(share: float | None) -> float:
    return round(100 * (share or 0.0), 1)
