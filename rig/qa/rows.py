"""One record, of any schema version, as the flat row and the numbers that reports are made from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pyarrow as pa

from rig.qa.source import KeptRun
from rig.recipe.eeprom_layout import EepromDamaged, decode_image

JUDGED: Final = frozenset({"PASS", "MARGINAL", "FAIL"})
UNKNOWN: Final = ""  # of a name that an older record does not carry

RUN_SCHEMA: Final = pa.schema(
    [
        pa.field("run_id", pa.string()),
        pa.field("serial", pa.string()),
        pa.field("product", pa.string()),
        pa.field("station", pa.string()),
        pa.field("slot", pa.string()),
        pa.field("fixture", pa.string()),
        pa.field("operator", pa.string()),
        pa.field("simulated", pa.bool_()),
        pa.field("purpose", pa.string()),
        pa.field("started", pa.timestamp("us")),
        pa.field("seconds", pa.float64()),
        pa.field("verdict", pa.string()),
        pa.field("board_verdict", pa.string()),
        pa.field("grade", pa.string()),
        pa.field("code", pa.string()),
        pa.field("board_code", pa.string()),
        pa.field("counted", pa.bool_()),
        pa.field("passed", pa.bool_()),
        pa.field("chip", pa.int16()),
        pa.field("domain", pa.int16()),
        pa.field("place", pa.string()),
        pa.field("lot", pa.string()),
        pa.field("ft_version", pa.string()),
        pa.field("chip_bin", pa.int16()),
        pa.field("spec", pa.string()),
        pa.field("block", pa.int16()),
        pa.field("row", pa.int32()),
        pa.field("recipe", pa.string()),
        pa.field("limits", pa.string()),
        pa.field("rig_version", pa.string()),
        pa.field("code_hash", pa.string()),
        pa.field("schema_version", pa.int16()),
        pa.field("watts", pa.float64()),
        pa.field("joules_per_terahash", pa.float64()),
        pa.field("cycles", pa.int64()),
        pa.field("action", pa.string()),
        pa.field("suspect", pa.string()),
        pa.field("instruments", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Told:
    """What a measurement is, as its record tells it."""

    name: str
    says: str
    unit: str
    over: str
    limit: str | None
    code: str | None
    size: int

    @classmethod
    def of(cls, taken: Mapping[str, Any]) -> Told:
        return cls(
            taken["name"],
            taken.get("says", ""),
            taken.get("unit", ""),
            taken.get("over", "board"),
            taken.get("limit"),
            taken.get("code"),
            len(taken["values"]),
        )


@dataclass(frozen=True, slots=True)
class RunRow:
    """``flat`` has the columns of RUN_SCHEMA but ``block`` and ``row``; ``values`` the last attempts."""

    flat: dict[str, Any]
    told: dict[str, Told]
    values: dict[str, Sequence[float | None]]


def row_of(kept: KeptRun) -> RunRow:
    """Raises KeyError, TypeError or ValueError when the record lacks what every version has."""
    record = kept.record
    board = record.get("board_verdict")
    verdict = record["verdict"]
    if kept.state != "closed" and verdict in ("PASS", "MARGINAL"):
        verdict = "ABORTED"  # nobody was shown its verdict
    made_by = record.get("made_by") or {}
    plan = made_by.get("plan") or {}
    recipe, limits = (_short(plan.get(name)) for name in ("recipe.yaml", "limits.yaml"))
    first = _first_finding(record.get("findings") or ())
    taken = {one["name"]: one for one in record.get("measurements") or ()}
    action = (record.get("next_step") or {}).get("action")
    flat: dict[str, Any] = {
        "run_id": record["run_id"],
        "serial": record["serial"],
        "product": record["product"],
        "station": record["station"],
        "slot": record["slot"],
        "fixture": record["fixture"],
        "operator": record.get("operator"),
        "simulated": bool(record["simulated"]),
        "purpose": record.get("purpose", "test"),
        "started": datetime.fromisoformat(record["started"]).astimezone(UTC).replace(tzinfo=None),
        "seconds": float(record["seconds"]),
        "verdict": verdict,
        "board_verdict": board,
        "grade": record.get("grade"),
        "code": record.get("failure_code"),
        "board_code": _board_code(record, first),
        "counted": verdict in JUDGED or board == "FAIL",
        "passed": verdict in ("PASS", "MARGINAL"),
        "chip": first.get("chip"),
        "domain": first.get("domain"),
        "place": first.get("place") or None,
        **identity_of(record),
        "spec": spec_of(record["product"], recipe, limits),
        "recipe": recipe,
        "limits": limits,
        "rig_version": made_by.get("rig_version"),
        "code_hash": _short(made_by.get("code_hash")),
        "schema_version": record.get("schema_version", 1),
        "watts": record.get("watts"),
        "joules_per_terahash": record.get("joules_per_terahash"),
        "cycles": made_by.get("connector_cycles"),
        "action": action,
        "suspect": record.get("slot_suspect"),
        "instruments": json.dumps(record.get("instruments") or [], sort_keys=True),
    }
    return RunRow(
        flat,
        {name: Told.of(one) for name, one in taken.items()},
        {name: one["values"] for name, one in taken.items()},
    )


def _short(text: str | None) -> str:
    return UNKNOWN if text is None else text[:8]


def spec_of(product: str, recipe: str, limits: str) -> str:
    """Names what a run was judged by: versions of recipe and limits of a product."""
    return hashlib.sha256("\0".join((product, recipe, limits)).encode()).hexdigest()[:12]


def _first_finding(findings: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next((one for one in findings if one.get("party") == "board" and not one.get("consequence")), {})


def _board_code(record: Mapping[str, Any], first: Mapping[str, Any]) -> str | None:
    """What the board failed with, whatever the run ended with."""
    if record.get("board_verdict") != "FAIL":
        return record.get("failure_code") if record["verdict"] == "FAIL" else None
    return first.get("code") or record.get("failure_code")


def identity_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """Lot, FT version and bin: from the record, or from the EEPROM it keeps; else unknown."""
    told = record.get("identity")
    if told is None and record.get("eeprom"):
        try:
            image = decode_image(bytes.fromhex(record["eeprom"]["before"]))
        except EepromDamaged:
            image = None
        if image is not None:
            told = {
                "factory_job": image.factory_job,
                "ft_version": image.ft_version,
                "chip_bin": image.chip_bin,
            }
    told = told or {}
    return {
        "lot": told.get("factory_job") or None,
        "ft_version": told.get("ft_version") or None,
        "chip_bin": told.get("chip_bin"),
    }
