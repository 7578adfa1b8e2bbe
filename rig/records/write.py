"""A finished run: record.json, junit.xml and the row in the store."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from rig.errors import FileError
from rig.records.files import write_whole
from rig.records.folder import RunFolder
from rig.records.junit import write_junit
from rig.records.model import RunRecord
from rig.records.store import State, Store

STORE_FILE = "rig.db"    # beside the runs' folders


def record_text(record: RunRecord) -> str:
    """The record as the JSON of record.json."""
    return record.model_dump_json(indent=2) + "\n"


def write_record(folder: RunFolder, record: RunRecord) -> Path:
    """Write the run's record and return its path. Raises StationFault when the disk refuses."""
    write_whole(folder.record, record_text(record))
    return folder.record


def read_record(path: Path) -> RunRecord:
    """The record at ``path``. Raises FileError when it is none of this schema version."""
    try:
        return RunRecord.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileError(path, "", error.strerror or str(error), "a record") from error
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        field = ".".join(map(str, problem["loc"]))
        found = json.dumps(problem["input"], default=str)[:80]
        raise FileError(path, field, found, problem["msg"]) from error


def file_run(results: Path, folder: RunFolder, record: RunRecord, state: State = State.CLOSED) -> Path:
    """Keep a finished run in all three places and return record.json's path.

    record.json comes last: a folder without one belongs to a run that lives or died. Raises
    StationFault when the disk refuses.
    """
    write_junit(folder, record)
    Store(results / STORE_FILE).put(record, state)
    path = write_record(folder, record)
    folder.settle()
    return path
