"""Calibration of a slot's instruments: what blocks a run, and what a record says of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from rig.errors import CalibrationOverdue
from rig.fixturefile import FixtureFile
from rig.purpose import Purpose
from rig.records.model import InstrumentRecord
from rig.slot import InstrumentNote
from rig.slotentry import InstrumentEntry, SlotEntry


def demand_calibration(fixture: FixtureFile, entry: SlotEntry, today: date, purpose: Purpose) -> None:
    """Raises CalibrationOverdue on a production bench with an instrument that is overdue.

    An engineering run is let through: its record says so, and it counts for nothing.
    """
    counts = fixture.for_production and purpose is not Purpose.ENGINEERING
    overdue = entry.overdue(today) if counts else {}
    if overdue:
        what = ", ".join(f"{role} since {day.isoformat()}" for role, day in overdue.items())
        raise CalibrationOverdue(
            f"found calibration overdue ({what}), expected none on a production bench; have it "
            "calibrated and write the new date and certificate into the bench file"
        )


def instrument_records(
    entry: SlotEntry, notes: Sequence[InstrumentNote], today: date
) -> tuple[InstrumentRecord, ...]:
    """Who measured, with the calibration the bench file names."""
    return tuple(_record(note, entry.instruments.get(note.role), today) for note in notes)


def _record(note: InstrumentNote, line: InstrumentEntry | None, today: date) -> InstrumentRecord:
    if line is None:
        return InstrumentRecord(role=note.role, identity=note.identity)
    ends = line.calibration_ends
    return InstrumentRecord(
        role=note.role,
        identity=note.identity,
        calibrated=line.calibrated.isoformat() if line.calibrated else None,
        certificate=line.certificate,
        calibration_due=ends.isoformat() if ends else None,
        calibration_overdue=ends is not None and ends < today,
    )
