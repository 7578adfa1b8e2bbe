"""The rules that common CI servers apply to JUnit files, and an independent reader."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped

from rig.recipe import Party
from rig.recipe.limits import Dimension
from rig.records import FindingRecord, MeasurementRecord, RunRecord
from rig.records.junit import junit_text
from rig.verdict import Outcome, Verdict

NUMBER = re.compile(r"\d+(\.\d+)?")
CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
VERDICT = "verdict of the run"
RESULTS = ("failure", "error", "skipped")


def check_rules(text: str) -> None:
    """docs/records.md, JUnit; an assertion for each rule."""
    assert not CHARACTERS.search(text)
    assert not re.search(r"&#(x0*[0-8bcef]|x0*1[0-9a-f]|[0-8]|1[124-9]|2\d|3[01]);", text, re.IGNORECASE)
    root = ElementTree.fromstring(text.encode("utf-8"))
    assert root.tag == "testsuites"
    suites = root.findall("testsuite")
    assert len(suites) == 1
    for suite in suites:
        cases = suite.findall("testcase")
        assert [child.tag for child in suite] == ["properties", *["testcase"] * len(cases)]
        assert suite.get("name")
        assert suite.get("hostname")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp", ""))
        names = [(case.get("classname"), case.get("name")) for case in cases]
        assert len(set(names)) == len(names)
        assert all(classname and name for classname, name in names)
        assert int(suite.get("tests", "")) == len(cases) > 0
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(attribute, "")) == len(suite.findall(f"testcase/{tag}"))
        times = [case.get("time", "") for case in cases]
        assert all(NUMBER.fullmatch(seconds) for seconds in (*times, suite.get("time", "")))
        assert float(suite.get("time", "")) == pytest.approx(sum(map(float, times)), abs=1e-3)
        for case in cases:
            tags = [child.tag for child in case]
            assert sum(tag in RESULTS for tag in tags) <= 1
            assert tags == sorted(tags, key=lambda tag: tag not in RESULTS), "the result before the output"
            assert all(child.get("message") and child.get("type") for child in case if child.tag in RESULTS)
    for attribute in ("tests", "failures", "errors"):
        assert int(root.get(attribute, "")) == sum(int(suite.get(attribute, "")) for suite in suites)


@pytest.mark.parametrize("name", ["pass", "marginal", "fail", "station_fault"])
def test_the_rules_hold(name: str, records: dict[str, RunRecord]) -> None:
    check_rules(junit_text(records[name]))


def cases(record: RunRecord) -> dict[str, tuple[list[type], str]]:
    """Name to kinds of result and output, as junitparser reads them."""
    suite = next(iter(JUnitXml.fromstring(junit_text(record).encode())))
    return {case.name: ([type(result) for result in case.result], case.system_out or "") for case in suite}


def test_one_case_a_measurement_and_one_for_the_verdict(records: dict[str, RunRecord]) -> None:
    assert {name: results for name, (results, _) in cases(records["pass"]).items()} == {
        "start_celsius": [], "chips_found": [], "board_watts": [], "domain_volts": [], VERDICT: [],
    }
    assert {name: results for name, (results, _) in cases(records["fail"]).items()} == {
        "start_celsius": [], "chips_found": [Failure], "board_watts": [Skipped], "domain_volts": [Skipped],
        VERDICT: [Failure],
    }
    assert cases(records["marginal"])[VERDICT][0] == []
    assert cases(records["station_fault"])[VERDICT][0] == [Error]


def test_the_output_holds_value_and_limit(records: dict[str, RunRecord]) -> None:
    output = cases(records["marginal"])["board_watts"][1]
    for text in ("MARGINAL", "board power [W]: 1090", "limit: <= 1085", "marginal within: <= 1100"):
        assert text in output
    assert "sensor 3 = 26" in cases(records["pass"])["start_celsius"][1]
    assert "limit: none, recorded only" in cases(records["pass"])["start_celsius"][1]
    assert "domain 12 = no number" in cases(records["station_fault"])["domain_volts"][1]
    assert "action: Act <now> & here." in cases(records["fail"])[VERDICT][1]


def test_earlier_attempts_are_told_and_do_not_fail(records: dict[str, RunRecord]) -> None:
    record = records["pass"]
    short = {"values": (64.0,), "outcome": Outcome.FAIL, "failing": (0,)}
    failed = record.measurements[1].model_copy(update=short)
    again = record.measurements[1].model_copy(update={"attempt": 2})
    retried = record.model_copy(update={"measurements": (record.measurements[0], failed, again)})
    results, output = cases(retried)["chips_found"]
    assert results == []
    assert output.index("attempt 1: FAIL") < output.index("attempt 2: PASS")
    check_rules(junit_text(retried))


def test_a_limit_of_the_stations_is_an_error(records: dict[str, RunRecord]) -> None:
    record = records["pass"]
    cold, odd = (
        record.measurements[1].model_copy(update={
            "name": name, "outcome": Outcome.FAIL, "failing": failing, "code": code, "values": values,
        })
        for name, code, failing, values in (("cold", "STN-WARM", (0,), (40.0,)), ("odd", None, (), ()))
    )
    spoilt = record.model_copy(update={"measurements": (cold, odd)})
    assert cases(spoilt)["cold"][0] == [Error]
    assert cases(spoilt)["odd"][0] == [Error]
    check_rules(junit_text(spoilt))


def test_a_very_long_vector_is_cut(records: dict[str, RunRecord]) -> None:
    record = records["pass"]
    long = MeasurementRecord(
        name="long", says="long", unit="", over=Dimension.CHIP, values=(1.0,) * 300, limit=None,
        marginal_limit=None, code=None, outcome=Outcome.RECORDED,
    )
    assert "and 44 more" in cases(record.model_copy(update={"measurements": (long,)}))["long"][1]


@given(text=st.text(), at=st.floats(0, 1e6))
def test_no_text_breaks_the_rules(text: str, at: float) -> None:
    finding = FindingRecord(code="CHIP-WEAK", party=Party.BOARD, severity=Verdict.FAIL, text=text, place=text)
    taken = MeasurementRecord(
        name=text, says=text, unit=text, over=Dimension.BOARD, values=(1.0,), limit=text, marginal_limit=text,
        code="CHIP-WEAK", outcome=Outcome.FAIL, failing=(0,), at_seconds=at,
    )
    record = RunRecord(
        run_id="id", serial="SN", product="p", slot="s", station="b", fixture="f", simulated=True,
        started="2026-01-01T00:00:00Z", ended="2026-01-01T00:00:00Z", seconds=1.0,
        made_by={"rig_version": "0", "plan": {}}, verdict=Verdict.FAIL, failure_code="CHIP-WEAK",
        failure_text=text, findings=(finding,), measurements=(taken,),
    )
    check_rules(junit_text(record))
