from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from rig.records import RunRecord
from rig.records.schema import SCHEMA_FILE, schema_text
from rig.records.write import record_text


def test_the_committed_schema_is_the_models() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(), "run python -m rig.records.schema"


def test_the_command_writes_it(tmp_path: Path) -> None:
    made = tmp_path / "schema.json"
    subprocess.run([sys.executable, "-m", "rig.records.schema", str(made)], check=True, timeout=60)
    assert made.read_text(encoding="utf-8") == schema_text()


def test_records_satisfy_the_schema_and_others_do_not(records: dict[str, RunRecord]) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(schema_text()))
    validator.check_schema(validator.schema)
    for record in records.values():
        validator.validate(json.loads(record_text(record)))
    spoilt = json.loads(record_text(records["pass"]))
    spoilt["verdict"] = "GREAT"
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(spoilt)
