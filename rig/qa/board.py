"""The page of one run: verdict, map, curves, every measurement against its limit, what made it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq
from markupsafe import Markup
from pydantic import ValidationError

from rig.qa import charts, charts_values
from rig.qa.foot import foot
from rig.qa.page import Figure, Table, render, rows_of
from rig.qa.rows import Told, identity_of
from rig.qa.source import KeptRun
from rig.qa.stats import Bounds
from rig.qa.words import figure, limit, minutes, number
from rig.records.folder import SAFE_NAME
from rig.records.model import RunRecord
from rig.records.passport import PassportState, passport_state

TELEMETRY: Final = "telemetry.parquet"
COLOURS: Final = {
    "PASS": "pass",
    "MARGINAL": "marginal",
    "FAIL": "fail",
    "ABORTED": "stopped",
    "STATION_FAULT": "fault",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """One measurement as the table shows it: its worst element against the limit."""

    told: Told
    outcome: str
    worst: float | None
    index: int
    low: float | None
    high: float | None


def board_page(kept: KeptRun, folder: Path | None, passport: str, made: datetime) -> str:
    """``folder``: where the run's files lie, None when elsewhere; ``passport``: its state in words."""
    record = kept.record
    taken = [_taken(one) for one in _latest(record)]
    figures = [*_map(record, taken), *_curves(folder)]
    verdict = str(record["verdict"])
    return render(
        "board.html.j2",
        {
            "title": f"Board {record['serial']}",
            "sub": f"{record['product']} · run {record['run_id']}",
            "simulated": bool(record["simulated"]),
            "warnings": _warnings(kept),
            "figures": [],
            "verdict": verdict.replace("_", " "),
            "colour": COLOURS.get(verdict, "fault"),
            "grade": record.get("grade"),
            "code": record.get("failure_code"),
            "text": record.get("failure_text"),
            "findings": list(record.get("findings") or ()),
            "next": record.get("next_step") or {},
            "facts": _facts(record, passport),
            "pictures": figures,
            "table": _table(taken),
            "data": Figure(
                "Measurements", Markup(""), file=f"{record['run_id']}-measurements", data=_data(record)
            ),
            "instruments": list(record.get("instruments") or ()),
            "foot": foot(made),
        },
    )


def _latest(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list({one["name"]: one for one in record.get("measurements") or ()}.values())


def _taken(one: Mapping[str, Any]) -> Taken:
    told, bounds = Told.of(one), Bounds.read(one.get("limit"))
    values = [value for value in one["values"] if value is not None]
    if not values:
        return Taken(told, one.get("outcome", ""), None, 0, None, None)
    room = [_room(bounds, value) for value in values]
    worst = min(range(len(values)), key=room.__getitem__) if bounds != Bounds() else 0
    return Taken(
        told,
        one.get("outcome", ""),
        values[worst],
        list(one["values"]).index(values[worst]),
        min(values),
        max(values),
    )


def _room(bounds: Bounds, value: float) -> float:
    """Distance to the nearest limit, negative beyond it."""
    sides = [
        value - bounds.low if bounds.low is not None else math.inf,
        bounds.high - value if bounds.high is not None else math.inf,
        -abs(value - bounds.equals) if bounds.equals is not None else math.inf,
    ]
    return min(sides)


def _table(taken: Sequence[Taken]) -> list[tuple[str, str, str, str, str, Markup]]:
    """Name, says, value, limit, outcome, picture of the room left."""
    rows = []
    for one in taken:
        unit = one.told.unit
        value = figure(one.worst, unit)
        name = one.told.name if one.told.over == "board" else f"{one.told.name}[{one.index}]"
        if one.told.size > 1 and one.told.limit is None:
            name, value = (
                f"{one.told.name} ×{one.told.size}",
                f"{number(one.low)} to {figure(one.high, unit)}",
            )
        rows.append(
            (
                name,
                one.told.says,
                value,
                limit(one.told.limit),
                one.outcome,
                charts_values.room(one.worst, Bounds.read(one.told.limit)),
            )
        )
    return rows


def _data(record: Mapping[str, Any]) -> Table:
    return rows_of(
        [
            (
                one["name"],
                at,
                value,
                one.get("unit"),
                one.get("limit"),
                one.get("outcome"),
                one.get("attempt", 1),
            )
            for one in record.get("measurements") or ()
            for at, value in enumerate(one["values"])
        ],
        "measurement",
        "element",
        "value",
        "unit",
        "limit",
        "outcome",
        "attempt",
    )


def _map(record: Mapping[str, Any], taken: Sequence[Taken]) -> list[Figure]:
    sizes = {one.told.over: one.told.size for one in taken}
    chips, domains = sizes.get("chip"), sizes.get("domain")
    rates = next((one["values"] for one in _latest(record) if one["name"] == "chip_hit_rate"), None)
    if rates is None or not chips or not domains:
        return []
    lost = {chip: 10_000 * (1 - rate) for chip, rate in enumerate(rates) if rate is not None}
    if not lost:
        return []
    blamed = {one["chip"] for one in record.get("findings") or () if one.get("chip") is not None}
    usual = max(25.0, float(np.median(list(lost.values()))) * 6)
    return [
        Figure(
            "Answers lost of 10 000, chip by chip",
            charts.heat(
                {chip: min(value, usual) for chip, value in lost.items()},
                chips,
                domains,
                shown=lost,
                marked=blamed,
                red=bool(blamed),
                top=usual,
            ),
            "columns are domains from the host; framed: chips to blame"
            if blamed
            else "columns are domains from the host",
        )
    ]


def _curves(folder: Path | None) -> list[Figure]:
    """Watts, volts, temperatures and answers over the run, where its telemetry was kept."""
    if folder is None or not (folder / TELEMETRY).is_file():
        return []
    columns = ["seconds", "watts", "terminal_volts", "supply_volts", "celsius", "hits", "phase"]
    table = pq.read_table(folder / TELEMETRY, columns=columns)
    seconds = table["seconds"].to_numpy()
    rows = {name: table[name].to_pylist() for name in columns[1:]}
    hottest = [
        max((one for one in some or () if one is not None), default=math.nan) for some in rows["celsius"]
    ]
    coolest = [
        min((one for one in some or () if one is not None), default=math.nan) for some in rows["celsius"]
    ]
    hits = np.array([sum(some) if some else math.nan for some in rows["hits"]])
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.maximum(np.diff(hits), 0) / np.diff(seconds)
    pads = np.array([math.nan if one is None else one for one in rows["terminal_volts"]])
    there = np.isfinite(pads)
    if there.any():                                 # measured now and then only
        pads = np.interp(seconds, seconds[there], pads[there], left=math.nan, right=math.nan)
    found = []
    for title, lines, unit in (
        ("Power", [rows["watts"]], "W"),
        ("Volts of the supply, and at the pads", [rows["supply_volts"], pads.tolist()], "V"),
        ("Hottest and coolest sensor", [hottest, coolest], "celsius"),
        ("Answers a second", [[math.nan, *rate]], ""),
    ):
        drawn = charts_values.curves(seconds.tolist(), lines, unit)
        if drawn:
            found.append(Figure(title, drawn))
    return found


def _facts(record: Mapping[str, Any], passport: str) -> list[tuple[str, str]]:
    made_by, identity = record.get("made_by") or {}, identity_of(record)
    eeprom = record.get("eeprom")
    plan = made_by.get("plan") or {}
    facts = [
        ("station", f"{record['station']}, {record['slot']}, fixture {record['fixture']}"),
        ("operator", record.get("operator")),
        ("purpose", record.get("purpose", "test")),
        ("began", str(record["started"])[:19].replace("T", " ") + " UTC"),
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
