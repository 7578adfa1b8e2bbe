"""The formats, and how each writes its files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from rig.errors import UsageError
from rig.records.exports.cfx import write_cfx
from rig.records.exports.place import Place
from rig.records.exports.stdf import write_stdf
from rig.records.exports.tables import write_csv, write_parquet
from rig.records.junit import junit_text
from rig.records.model import RunRecord


class Format(StrEnum):
    """What ``rig export`` writes."""

    JUNIT = "junit"         # a file a run
    CSV = "csv"
    PARQUET = "parquet"     # two tables
    STDF = "stdf"           # a file a lot
    CFX = "cfx"             # a message a line
    JSON = "json"

    @property
    def suffix(self) -> str:
        return {Format.JUNIT: ".xml", Format.CFX: ".jsonl"}.get(self, f".{self.value}")

    @property
    def many(self) -> bool:
        """Whether it is several files, so that ``--out`` names a folder."""
        return self in (Format.JUNIT, Format.PARQUET, Format.STDF)

    def place(self, out: Path | None, *, force: bool) -> Place:
        """Where ``out`` says; a name with the format's ending is a file, the only one of the export."""
        out = out or Path(f"export-{self.value}" if self.many else f"export{self.suffix}")
        alone = self.many and self is not Format.PARQUET and out.suffix == self.suffix
        return Place(out, is_folder=self.many and not alone, force=force)


def write_export(records: Iterable[RunRecord], chosen: Format, place: Place) -> list[Path]:
    """Write all, whole or not at all, and return the files. They are read as they are written.

    Raises UsageError when the place is taken or cannot be, StationFault when the disk refuses.
    """
    with place.staging() as folder:
        files = _write(records, chosen, folder)
        if not place.is_folder and len(files) != 1:
            raise UsageError(
                f"{place.path}: found {len(files)} files to write, expected one; give --out a folder"
            )
        return place.fill(files)


def _write(records: Iterable[RunRecord], chosen: Format, folder: Path) -> list[Path]:
    file = folder / f"export{chosen.suffix}"
    match chosen:
        case Format.JUNIT:
            return [_junit(record, folder) for record in records]
        case Format.STDF:
            return write_stdf(records, folder)
        case Format.PARQUET:
            tables = [folder / "runs.parquet", folder / "values.parquet"]
            write_parquet(records, *tables)
            return tables
        case Format.CSV:
            write_csv(records, file)
        case Format.CFX:
            write_cfx(records, file)
        case Format.JSON:
            _json(records, file)
    return [file]


def _junit(record: RunRecord, folder: Path) -> Path:
    path = folder / f"{re.sub(r'[^A-Za-z0-9._-]', '_', record.run_id)}.xml"
    path.write_text(junit_text(record), encoding="utf-8", errors="backslashreplace")
    return path


def _json(records: Iterable[RunRecord], file: Path) -> None:
    """One array, a record a line."""
    with file.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as opened:
        opened.write("[")
        for place, record in enumerate(records):
            opened.write((",\n" if place else "\n") + record.model_dump_json())
        opened.write("\n]\n")
