"""junit.xml from a record, by the rules that common CI servers share (docs/records.md)."""

from __future__ import annotations

import re
from datetime import UTC

from junit_xml import TestCase, TestSuite, to_xml_report_string

from rig.recipe.failures import Party, party_of
from rig.records.files import write_whole
from rig.records.folder import RunFolder
from rig.records.model import MeasurementRecord, RunRecord
from rig.verdict.measurement import Outcome
from rig.verdict.severity import Verdict

LEAST_SECONDS = 0.001    # junit-xml leaves out a time of zero; every case must carry one
SHOWN_VALUES = 256
# Outside XML 1.0, or control characters that servers' viewers choke on.
UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def junit_text(record: RunRecord) -> str:
    """One test case a measurement (its last attempt), one for each not taken, one for the verdict."""
    cases = []
    before = 0.0
    for taken in record.latest():
        cases.append(_measurement_case(record, taken, taken.at_seconds - before))
        before = max(before, taken.at_seconds)
    for name in record.not_taken:
        case = _case(record, name, 0.0, "")
        case.add_skipped_info("required, but not taken")
        cases.append(case)
    cases.append(_verdict_case(record, record.seconds - before))
    suite = TestSuite(
        fit(f"{record.product} {record.serial}"),
        cases,
        hostname=fit(record.station),
        id=fit(record.run_id),
        package=fit(record.product),
        timestamp=record.started.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        properties={fit(name): fit(value) for name, value in _properties(record).items()},
    )
    text = to_xml_report_string([suite], prettyprint=True, encoding="utf-8")
    return str(text)


def write_junit(folder: RunFolder, record: RunRecord) -> None:
    """Write the run's junit.xml. Raises StationFault when the disk refuses."""
    write_whole(folder.junit, junit_text(record))


def _properties(record: RunRecord) -> dict[str, str]:
    values = {
        "run_id": record.run_id,
        "serial": record.serial,
        "slot": record.slot,
        "simulated": str(record.simulated).lower(),
        "verdict": record.verdict.value,
        "board_verdict": record.board_verdict.value if record.board_verdict else "",
        "grade": record.grade or "",
        "failure_code": record.failure_code or "",
    }
    return {name: value for name, value in values.items() if value}


def _measurement_case(record: RunRecord, taken: MeasurementRecord, seconds: float) -> TestCase:
    attempts = [other for other in record.measurements if other.name == taken.name]
    case = _case(record, taken.name, seconds, "\n".join(map(_says, attempts)))
    if taken.outcome is Outcome.FAIL:
        message = fit(f"{taken.says}: {_values(taken, taken.failing)}, limit {taken.limit or 'none'}")
        if taken.code is not None and party_of(taken.code) is Party.BOARD:
            case.add_failure_info(message, failure_type=fit(taken.code))
        else:
            case.add_error_info(message, error_type=fit(taken.code or "STN-SOFTWARE"))
    return case


def _verdict_case(record: RunRecord, seconds: float) -> TestCase:
    lines = [f"verdict: {record.verdict.value}"]
    for finding in record.findings:
        lines.append(f"{finding.code}: {finding.text}")
        lines += [f"  place: {finding.place}", f"  action: {finding.action}"]
    case = _case(record, "verdict of the run", seconds, "\n".join(lines))
    message = fit(f"{record.failure_code}: {record.failure_text}")
    kind = fit(record.failure_code or record.verdict.value)
    if record.verdict is Verdict.FAIL:
        case.add_failure_info(message, failure_type=kind)
    elif record.verdict > Verdict.FAIL:
        case.add_error_info(message, error_type=kind)
    return case


def _case(record: RunRecord, name: str, seconds: float, stdout: str) -> TestCase:
    return TestCase(
        fit(name) or "unnamed",
        classname=fit(f"{record.product}.{record.slot}"),
        elapsed_sec=max(LEAST_SECONDS, seconds),
        stdout=fit(stdout),
    )


def _says(taken: MeasurementRecord) -> str:
    parts = [
        f"attempt {taken.attempt}: {taken.outcome.value}",
        f"{taken.says} [{taken.unit or '1'}]: {_values(taken, tuple(range(len(taken.values))))}",
        f"limit: {taken.limit or 'none, recorded only'}",
    ]
    if taken.marginal_limit:
        parts.append(f"marginal within: {taken.marginal_limit}")
    return "\n  ".join(parts)


def _values(taken: MeasurementRecord, indices: tuple[int, ...]) -> str:
    """The values at ``indices``, each with its place when there are more than one."""
    if not indices:
        return "no value"
    alone = len(taken.values) == 1
    shown = [
        ("" if alone else f"{taken.over.value} {index} = ") + _value(taken.values[index])
        for index in indices[:SHOWN_VALUES]
    ]
    more = len(indices) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _value(value: float | None) -> str:
    return "no number" if value is None else f"{value:.6g}"


def fit(text: str) -> str:
    """The text without what XML or its viewers cannot carry."""
    return UNFIT.sub("\ufffd", text)
