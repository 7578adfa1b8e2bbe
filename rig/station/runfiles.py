"""A run's files for the details page: also while it is on, from its journal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rig.errors import FileError
from rig.recipe import Product
from rig.records import Entry, Event, Kind, MeasurementRecord, RunFolder, RunRecord, read_record
from rig.records.journal import scan_journal
from rig.station.endings import board_of
from rig.station.messages import Curves, DomainCurve, JournalPage, RunDetail

MOST_POINTS = 600
FILES = {"record.json": "application/json", "junit.xml": "application/xml",
         "journal.jsonl": "application/jsonl"}


class RunFiles:
    """Looks runs up by id under ``results``. Every method returns None for a run that is not there."""

    def __init__(self, results: Path, product: Product) -> None:
        self._results, self._product = results, product

    def folder(self, run_id: str) -> RunFolder | None:
        return RunFolder.find(self._results, run_id)

    def detail(self, run_id: str) -> RunDetail | None:
        folder = self.folder(run_id)
        if folder is None:
            return None
        try:
            record = read_record(folder.record)
        except FileError:
            return self._unfinished(run_id)
        return RunDetail(
            live=False, run_id=run_id, serial=record.serial, slot=record.slot, record=record,
            measurements=list(record.measurements), events=list(record.events),
            board=self._board(record),
        )

    def curves(self, run_id: str) -> Curves | None:
        entries = self._entries(run_id)
        if entries is None:
            return None
        samples = _thinned([entry for entry in entries if entry.kind == "sample"])
        scans = _thinned([entry for entry in entries if entry.kind == "scan"])

        def of(name: str) -> list[float | None]:
            return [_number(entry.data.get(name)) for entry in samples]

        return Curves(
            at_seconds=[entry.seconds for entry in samples], watts=of("watts"), volts=of("supply_volts"),
            amps=of("supply_amps"), mhz=of("mhz"), celsius=of("hottest"), answers=of("hits"),
            domain_volts=DomainCurve(
                at_seconds=[entry.seconds for entry in scans],
                volts=[[_number(one) for one in entry.data.get("domain_volts") or ()] for entry in scans],
            ),
        )

    def journal(self, run_id: str, offset: int, limit: int) -> JournalPage | None:
        entries = self._entries(run_id)
        if entries is None:
            return None
        lines = [
            {"n": one.number, "utc": one.utc.isoformat(), "seconds": one.seconds, "kind": one.kind,
             "data": one.data}
            for one in entries[offset:offset + limit]
        ]
        return JournalPage(lines=lines, total=len(entries))

    def file(self, run_id: str, name: str) -> Path | None:
        folder = self.folder(run_id)
        if folder is None or name not in FILES or not (folder.path / name).is_file():
            return None
        return folder.path / name

    def _entries(self, run_id: str) -> list[Entry] | None:
        folder = self.folder(run_id)
        if folder is None:
            return None
        try:
            return scan_journal(folder.journal)[0]
        except FileError:
            return None

    def _unfinished(self, run_id: str) -> RunDetail | None:
        entries = self._entries(run_id)
        if not entries:
            return None
        start = entries[0].data
        return RunDetail(
            live=True, run_id=run_id, serial=str(start.get("serial", "")), slot=str(start.get("slot", "")),
            record=None,
            measurements=[MeasurementRecord.model_validate(one.data) for one in entries
                          if one.kind == Kind.MEASUREMENT],
            events=[Event.model_validate(one.data) for one in entries if one.kind == Kind.EVENT],
            board=None,
        )

    def _board(self, record: RunRecord) -> Any:
        return board_of(record, self._product) if record.product == self._product.product else None


def _thinned(entries: list[Entry]) -> list[Entry]:
    step = max(1, -(-len(entries) // MOST_POINTS))
    return entries[::step]


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
