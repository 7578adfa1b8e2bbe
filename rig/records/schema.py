"""``python -m rig.records.schema [FILE]``: write the JSON Schema of record.json."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rig.records.files import write_whole
from rig.records.model import SCHEMA_VERSION, RunRecord

SCHEMA_FILE = Path(__file__).with_name("record.schema.json")


def schema_text() -> str:
    """The schema of this version of the model, JSON, with a line end."""
    schema = RunRecord.model_json_schema(mode="serialization")
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://hashrig.invalid/record-{SCHEMA_VERSION}.schema.json",
        **schema,
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> None:
    """Write the schema to the file named, else beside this module."""
    write_whole(Path(arguments[0]) if arguments else SCHEMA_FILE, schema_text())


if __name__ == "__main__":
    main(sys.argv[1:])
