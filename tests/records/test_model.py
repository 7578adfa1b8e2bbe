from __future__ import annotations

import math
from pathlib import Path

import pytest
from pydantic import ValidationError

from rig.records import MeasurementRecord, RunRecord, RunStart, Summary
from rig.verdict import Verdict

ISSUE_KEYS = [
    "run_id", "serial", "product", "slot", "simulated", "verdict", "board_verdict", "grade",
    "failure_code", "failure_text", "chips_found", "board_rate", "watts", "joules_per_terahash",
    "seconds", "record",
]


def test_a_record_survives_its_json(records: dict[str, RunRecord]) -> None:
    for record in records.values():
        assert RunRecord.model_validate_json(record.model_dump_json()) == record


def test_verdicts_and_codes(records: dict[str, RunRecord]) -> None:
    assert {name: (record.verdict, record.board_verdict, record.failure_code, record.grade)
            for name, record in records.items()} == {
        "pass": (Verdict.PASS, Verdict.PASS, None, "L1"),
        "marginal": (Verdict.MARGINAL, Verdict.MARGINAL, "POWER-HIGH", "L1"),
        "fail": (Verdict.FAIL, Verdict.FAIL, "CHAIN-SHORT", None),
        "station_fault": (Verdict.STATION_FAULT, None, "STN-SUPPLY", None),
    }


def test_what_is_no_number_is_null(records: dict[str, RunRecord]) -> None:
    assert records["pass"].joules_per_terahash is None
    volts = {taken.name: taken for taken in records["station_fault"].measurements}["domain_volts"]
    assert volts.values[-1] is None
    assert volts.failing == (12,)
    with pytest.raises(ValidationError):
        RunRecord.model_validate({**dict(records["pass"]), "watts": math.nan})


def test_unknown_keys_and_naive_times_are_refused(records: dict[str, RunRecord]) -> None:
    with pytest.raises(ValidationError, match="extra"):
        RunRecord.model_validate({**dict(records["pass"]), "extra": 1})
    with pytest.raises(ValidationError, match="timezone"):
        RunRecord.model_validate({**dict(records["pass"]), "ended": "2026-01-01T08:00:00"})


def test_the_back_end_joins_what_made_the_record(records: dict[str, RunRecord], start: RunStart) -> None:
    assert records["pass"].made_by.backend == "native, SHA-NI"
    assert start.made_by.backend is None


def test_the_latest_attempts(records: dict[str, RunRecord]) -> None:
    record = records["pass"]
    first = record.measurements[1]
    again = MeasurementRecord.model_validate({**dict(first), "attempt": 2})
    longer = record.model_copy(update={"measurements": (*record.measurements, again)})
    assert [(taken.name, taken.attempt) for taken in longer.latest()][1] == ("chips_found", 2)


def test_the_summary_is_what_the_programs_were_promised(records: dict[str, RunRecord]) -> None:
    assert list(Summary.model_fields) == ISSUE_KEYS
    summary = Summary.of(records["fail"], Path("results/x/record.json"))
    assert summary.verdict is Verdict.FAIL
    assert summary.record == "results/x/record.json"
    assert summary.line().startswith('{"run_id":"20260101T080000-00c0de","serial":"SIM0000000000001A"')
    assert "\n" not in summary.line()


def test_a_summary_of_nothing_is_all_null() -> None:
    assert set(Summary(serial="X").model_dump().values()) == {None, "X"}
