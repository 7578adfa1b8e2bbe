"""Runs whose process died: found by their journals, closed with a record like any other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from rig.clock import Clock
from rig.recipe.failures import Party, party_of
from rig.records.folder import RunFolder
from rig.records.journal import DeadJournal, Entry, Kind, first_entry, scan_journal
from rig.records.model import (
    SCHEMA_VERSION,
    EepromRecord,
    Event,
    FindingRecord,
    MeasurementRecord,
    RunRecord,
    RunStart,
)
from rig.records.store import State, Store
from rig.records.write import STORE_FILE, file_run
from rig.verdict.codes import Code, is_sound
from rig.verdict.measurement import Outcome
from rig.verdict.severity import Verdict


def close_dead_runs(results: Path, slot: str, clock: Clock) -> list[RunRecord]:
    """Close every run of ``slot`` whose writer died: ABORTED, STN-GUARD, from what its journal holds.

    A run that died when its row was closed already keeps that record, and so does a pending one whose
    journal says that the board's EEPROM was read back with its result; any other pending one is void.
    A journal without a readable first line belongs to a run that had done nothing yet, and is left
    alone. Raises StationFault when the disk refuses.
    """
    closed: list[RunRecord] = []
    for folder in RunFolder.unfinished_in(results):
        folder.settle()                         # it died when only its mark was left
        start = None if folder.record.exists() else _start_of(folder)
        if start is None or start.slot != slot:
            continue
        held = DeadJournal.take(folder.journal)
        if held is None:
            continue
        with held:
            if not folder.record.exists():
                record, state = _end_of(start, folder, Store(results / STORE_FILE), clock)
                file_run(results, folder, record, state)
                closed.append(record)
    return closed


def _end_of(
    start: RunStart, folder: RunFolder, store: Store, clock: Clock
) -> tuple[RunRecord, State]:
    stored = store.get(start.run_id)
    if stored is None:
        return _record_of(start, folder, clock), State.CLOSED
    state = store.state_of(start.run_id)
    if state is not State.PENDING:
        return stored, state or State.CLOSED
    carried = _carried(folder)
    if carried is not None:
        return stored.model_copy(update={"eeprom": carried}), State.CLOSED
    record = _record_of(start, folder, clock)
    doubt = Event(
        at_seconds=record.seconds, kind="void",
        text=f"{stored.verdict.value} was stored, but it is not certain that the EEPROM carries it; "
             "nobody was shown it",
    )
    return record.model_copy(update={"events": (*record.events, doubt), "eeprom": stored.eeprom}), State.VOID


def _carried(folder: RunFolder) -> EepromRecord | None:
    """The EEPROM as it was read back, when it carried the run's result."""
    entries, _ = scan_journal(folder.journal)
    kept = (EepromRecord.model_validate(entry.data) for entry in entries if entry.kind == Kind.EEPROM)
    return next((one for one in kept if one.read_back), None)


def _start_of(folder: RunFolder) -> RunStart | None:
    first = first_entry(folder.journal)
    if first is None or first.kind != Kind.START:
        return None
    try:
        return RunStart.model_validate(first.data)
    except ValidationError:
        return None


def _record_of(start: RunStart, folder: RunFolder, clock: Clock) -> RunRecord:
    entries, damaged = scan_journal(folder.journal)
    last = entries[-1]
    measurements = tuple(_measurements(entries))
    events = [Event.model_validate(entry.data) for entry in entries if entry.kind == Kind.EVENT]
    events.append(Event(
        at_seconds=last.seconds,
        kind="closed",
        text=f"closed at {clock.utc():%Y-%m-%dT%H:%M:%SZ} by the next run on {start.slot}; "
             f"the journal holds {len(entries)} lines, {len(damaged)} damaged",
    ))
    lost = FindingRecord(
        code=Code.STN_GUARD,
        party=Party.STATION,
        severity=Verdict.ABORTED,
        text="The run's process died; the guard switched the board off.",
        place="The rig's computer.",
        action="Test the board again.",
        retest="The same board again; this run does not count against it.",
        evidence=(f"the last journal line is of {last.utc:%Y-%m-%dT%H:%M:%SZ}: {last.kind}",),
    )
    fields = {**dict(start), "schema_version": SCHEMA_VERSION}
    return RunRecord(
        **fields,
        ended=last.utc,
        seconds=last.seconds,
        verdict=Verdict.ABORTED,
        board_verdict=_board_verdict(measurements),
        failure_code=lost.code,
        failure_text=lost.text,
        findings=(lost,),
        measurements=measurements,
        events=tuple(events),
    )


def _measurements(entries: list[Entry]) -> Iterator[MeasurementRecord]:
    for entry in entries:
        if entry.kind == Kind.MEASUREMENT:
            yield MeasurementRecord.model_validate(entry.data)


def _board_verdict(measurements: tuple[MeasurementRecord, ...]) -> Verdict | None:
    """FAIL when the last attempt of some measurement proves the board bad whatever came after."""
    for taken in {taken.name: taken for taken in measurements}.values():
        if (
            taken.outcome is Outcome.FAIL
            and taken.code is not None
            and party_of(taken.code) is Party.BOARD
            and is_sound(taken.code, Code.STN_GUARD)
            and any(taken.values[index] is not None for index in taken.failing)
        ):
            return Verdict.FAIL
    return None
