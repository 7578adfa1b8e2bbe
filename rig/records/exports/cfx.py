"""Runs as CFX messages (IPC-2591): CFX.Production.TestAndInspection.UnitsTested, one a run.

The names of fields follow the public CFX SDK's pages for this message, version 1.3.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid5

from rig.purpose import Purpose
from rig.recipe.limits import Dimension
from rig.records.exports.bounds import Bounds
from rig.records.exports.values import Taken, values_of
from rig.records.model import FindingRecord, RunRecord
from rig.verdict.measurement import Outcome
from rig.verdict.severity import Verdict

MESSAGE: Final = "CFX.Production.TestAndInspection.UnitsTested"
CFX_VERSION: Final = "1.3"
VERDICT: Final = "verdict of the run"           # the test that every run has

_SPACE = UUID("5f0c8f0e-2f5b-5c39-9d1e-7c1f7f4be0a1")      # of our identifiers: they follow from the run
_RESULT = {
    Verdict.PASS: "Passed", Verdict.MARGINAL: "Passed", Verdict.FAIL: "Failed",
    Verdict.ABORTED: "Aborted", Verdict.STATION_FAULT: "Error",
}
_OF_VALUE = {Outcome.PASS: "Passed", Outcome.MARGINAL: "Passed", Outcome.RECORDED: "Passed",
             Outcome.FAIL: "Failed"}


def write_cfx(records: Iterable[RunRecord], file: Path) -> None:
    """One message a line, in the order of the runs."""
    with file.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as opened:
        for record in records:
            opened.write(message_text(record) + "\n")


def message_text(record: RunRecord) -> str:
    """The message as JSON on one line."""
    return json.dumps(units_tested(record), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def message_id(record: RunRecord) -> str:
    """The same every time for the same run, so that a receiver knows a second copy."""
    return str(uuid5(_SPACE, record.run_id))


def units_tested(record: RunRecord) -> dict[str, Any]:
    """The message in its envelope. What CFX has no field for is told in Source and in comments."""
    handle = [record.station, record.fixture, record.slot, *(["SIMULATED"] if record.simulated else [])]
    return {
        "MessageName": MESSAGE,
        "Version": CFX_VERSION,
        "TimeStamp": record.ended.isoformat(),
        "UniqueID": message_id(record),
        "Source": ".".join(handle),
        "Target": None,
        "RequestID": None,
        "MessageBody": {
            "$type": f"{MESSAGE}, CFX",
            "TransactionId": message_id(record),
            "TestMethod": "Automated",
            "Tester": None if record.operator is None else {
                "OperatorIdentifier": record.operator, "ActorType": "Human",
            },
            "SamplingInformation": {"SamplingMethod": "NoSampling", "LotSize": None, "SampleSize": None},
            "TestedUnits": [{
                "UnitIdentifier": record.serial,
                "UnitPositionNumber": 1,
                "OverallResult": _overall(record),
                "Tests": [*_tests(record), _verdict(record)],
            }],
        },
    }


def _overall(record: RunRecord) -> str:
    """A failure that stays with the board is one; a fault of the station is none."""
    return "Failed" if record.board_verdict is Verdict.FAIL else _RESULT[record.verdict]


def _tests(record: RunRecord) -> Iterator[dict[str, Any]]:
    """One an attempt at a measurement, in order."""
    for place, group in groupby(values_of(record), key=lambda taken: taken.place):
        values = list(group)
        one, counts = values[0].measurement, values[0].counts
        again = f"attempt {one.attempt}" + ("" if counts else ", done again: this one does not count")
        yield _test(
            record, one.name, place, _OF_VALUE[one.outcome], f"{one.says}; {again}",
            at=record.started + timedelta(seconds=one.at_seconds),
            Measurements=[_measurement(record, place, taken) for taken in values],
        )


def _measurement(record: RunRecord, place: int, taken: Taken) -> dict[str, Any]:
    one, bounds = taken.measurement, Bounds.of(taken.measurement.limit)
    where = "" if one.over is Dimension.BOARD else f" {one.over.value} {taken.index}"
    return {
        "$type": "CFX.Structures.NumericMeasurement, CFX",
        "MeasuredValue": None if taken.value is None else {
            "Value": taken.value, "ValueUnits": one.unit, "ExpectedValue": bounds.equals,
            "ExpectedValueUnits": one.unit if bounds.equals is not None else None,
            "MinimumAcceptableValue": bounds.low, "MaximumAcceptableValue": bounds.high,
        },
        "UniqueIdentifier": _id(record, place, taken.index),
        "MeasurementName": one.name + where,
        "TimeRecorded": (record.started + timedelta(seconds=one.at_seconds)).isoformat(),
        "Sequence": taken.index,
        "Result": "Error" if taken.value is None else _OF_VALUE[taken.outcome],
    }


def _verdict(record: RunRecord) -> dict[str, Any]:
    words = [f"{record.verdict.value}, run {record.run_id}"]
    words += [f"grade {record.grade}"] if record.grade else []
    words += ["not taken: " + ", ".join(record.not_taken)] if record.not_taken else []
    return _test(
        record, VERDICT, "verdict", _overall(record), "; ".join(words), at=record.ended,
        Error=record.failure_text if record.verdict > Verdict.FAIL else None,
        SymptomsFound=[_symptom(record, place, one) for place, one in enumerate(record.findings)],
    )


def _symptom(record: RunRecord, place: int, finding: FindingRecord) -> dict[str, Any]:
    return {
        "UniqueIdentifier": _id(record, "finding", place),
        "SymptomCode": finding.code,
        "SymptomCategory": finding.party.value,
        "Description": finding.text,
        "Comments": finding.action or None,
        "ComponentsOfInterest": [],
        "RegionOfInterest": None,
        "Priority": place + 1,
        "RelatedMeasurements": [],
    }


def _test(
    record: RunRecord, name: str, place: object, result: str, comments: str, *, at: datetime, **more: Any
) -> dict[str, Any]:
    marks = ["simulated"] if record.simulated else []
    marks += [record.purpose.value] if record.purpose is not Purpose.TEST else []
    return {
        "UniqueIdentifier": _id(record, "test", place),
        "TestName": name,
        "TestStartTime": None,
        "TestEndTime": at.isoformat(),
        "TestConditions": [],
        "TestProcedure": record.product,
        "Comments": "; ".join([*marks, comments]),
        "Result": result,
        "Error": None,
        "SymptomsFound": [],
        "DefectsFound": [],
        "Measurements": [],
        **more,
    }


def _id(record: RunRecord, *place: object) -> str:
    return str(uuid5(_SPACE, "/".join((record.run_id, *map(str, place)))))
