"""The page of one run: verdict, map, curves, every measurement against its limit, what made it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup
from pydantic import ValidationError

from rig.qa import board_table
from rig.qa.board_pictures import board_pictures, curves
from rig.qa.foot import foot
from rig.qa.page import Figure, render
from rig.qa.rows import identity_of
from rig.qa.sheet import Sheet, sheet
from rig.qa.source import KeptRun
from rig.qa.words import figure, minutes, number
from rig.records.folder import SAFE_NAME
from rig.records.model import RunRecord
from rig.records.passport import PassportState, passport_state

COLOURS: Final = {
    "PASS": "pass",
    "MARGINAL": "marginal",
    "FAIL": "fail",
    "ABORTED": "stopped",
    "STATION_FAULT": "fault",
}


def board_page(kept: KeptRun, folder: Path | None, passport: str, made: datetime) -> str:
    """``folder``: where the run's files lie, None when elsewhere; ``passport``: its state in words."""
    record = kept.record
    found = board_table.taken(record)
    verdict = str(record["verdict"])
    told = {
        "warnings": _warnings(kept),
        "text": record.get("failure_text") or "",
        "findings": list(record.get("findings") or ()),
        "next": record.get("next_step") or {},
        "facts": _facts(record, passport),
        "board": board_pictures(record),
        "curves": curves(folder),
        "table": board_table.limited(found),
        "recorded": board_table.recorded(found),
        "instruments": list(record.get("instruments") or ()),
    }
    return render(
        "board.html.j2",
        {
            **told,
            "title": f"Board {record['serial']}",
            "sub": f"{record['product']} · run {record['run_id']}",
            "simulated": bool(record["simulated"]),
            "figures": [],
            "verdict": verdict.replace("_", " "),
            "colour": COLOURS.get(verdict, "fault"),
            "grade": record.get("grade"),
            "code": record.get("failure_code"),
            "sheet": _sheet(told),
            "data": Figure(
                "Measurements",
                Markup(""),
                file=f"{record['run_id']}-measurements",
                data=board_table.data(record),
            ),
            "foot": foot(made),
        },
    )


def _sheet(told: Mapping[str, Any]) -> Sheet:
    return sheet(
        rows=len(told["table"]),
        recorded=sum(len(name) + len(value) + 3 for name, value, _ in told["recorded"]),
        facts=len(told["facts"]),
        verdict=len(told["text"]) + len(str(told["next"].get("why", ""))),
        findings=[
            (len(one.get("text", "")), len(one.get("place", "")), len(one.get("action", "")))
            for one in told["findings"]
        ],
        warnings=[len(one) for one in told["warnings"]],
        pictures=len(told["board"]) + len(told["curves"]),
        instruments=len(told["instruments"]),
    )


def _facts(record: Mapping[str, Any], passport: str) -> list[tuple[str, str]]:
    made_by, identity = record.get("made_by") or {}, identity_of(record)
    eeprom = record.get("eeprom")
    plan = made_by.get("plan") or {}
    facts = [
        ("station", f"{record['station']}, {record['slot']}, fixture {record['fixture']}"),
        ("operator", record.get("operator")),
        ("purpose", record.get("purpose", "test")),
        ("began, UTC", str(record["started"])[:19].replace("T", " ")),
        ("length", minutes(record.get("seconds"))),
        ("lot", identity["lot"]),
        ("FT version, bin", identity["ft_version"] and f"{identity['ft_version']}, {identity['chip_bin']}"),
        ("chips found", record.get("chips_found")),
        ("answers back", number(record.get("board_rate"), 5)),
        ("power", figure(record.get("watts"), "W")),
        ("energy", figure(record.get("joules_per_terahash"), "J/TH")),
        (
            "recipe, limits",
            " ".join(str(plan.get(name, "unknown"))[:8] for name in ("recipe.yaml", "limits.yaml")),
        ),
        ("rig", made_by.get("rig_version")),
        ("contact cycles", made_by.get("connector_cycles")),
        (
            "EEPROM",
            None
            if not eeprom
            else "result written and read back"
            if eeprom.get("read_back")
            else "not seen to carry its result",
        ),
        ("passport", passport),
    ]
    return [(name, str(value)) for name, value in facts if value not in (None, "", "–")]


def _warnings(kept: KeptRun) -> list[str]:
    found = []
    if kept.state != "closed":
        found.append(f"This run is {kept.state}: its verdict was shown to nobody. Test the board again.")
    if kept.record.get("purpose", "test") != "test":
        found.append(f"Purpose of the run: {kept.record['purpose']}. It counts for no yield.")
    if not kept.record.get("measurements"):
        found.append("The record has no measurements.")
    return found


def folder_of(results: Path, kept: KeptRun) -> Path | None:
    """Where the files of a run lie, when they are here."""
    record = kept.record
    folder = results / str(record["started"])[:10] / f"{record['serial']}-{record['run_id']}"
    return folder if SAFE_NAME.fullmatch(folder.name) and folder.is_dir() else None


def passport_of(results: Path, kept: KeptRun) -> str:
    """State of the run's passport in words."""
    try:
        record = RunRecord.model_validate(kept.record)
    except ValidationError:
        return "unknown: the record is not as any schema version has it"
    return {
        PassportState.NONE: "none",
        PassportState.ISSUED: "issued, not held against the store",
        PassportState.VALID: "valid",
        PassportState.BROKEN: "BROKEN: it does not say what was signed or stored",
    }[passport_state(results, record)]
