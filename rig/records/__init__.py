"""What is kept of a run: journal, record, JUnit, store."""

from rig.records.cycles import CycleBook, Cycles
from rig.records.folder import RunFolder, new_run_id
from rig.records.journal import Entry, Journal, Kind, read_journal
from rig.records.junit import write_junit
from rig.records.model import (
    EepromRecord,
    Event,
    FindingRecord,
    IdentityRecord,
    InstrumentRecord,
    MadeBy,
    MeasurementRecord,
    RunRecord,
    RunStart,
)
from rig.records.recover import close_dead_runs
from rig.records.store import State, Store
from rig.records.summary import Summary
from rig.records.write import STORE_FILE, file_run, read_record, write_record

__all__ = [
    "STORE_FILE", "CycleBook", "Cycles", "EepromRecord", "Entry", "Event", "FindingRecord",
    "IdentityRecord", "InstrumentRecord", "Journal", "Kind", "MadeBy", "MeasurementRecord",
    "RunFolder", "RunRecord", "RunStart", "State", "Store", "Summary", "close_dead_runs", "file_run",
    "new_run_id", "read_journal", "read_record", "write_junit", "write_record",
]
