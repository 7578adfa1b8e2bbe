from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.recipe import Failures, party_of
from rig.verdict import Code, ExitCode, Finding, Verdict, combine, severity_of


def finding(
    code: str, severity: Verdict | None = None, *, trip: bool = False, consequence: bool = False
) -> Finding:
    party = party_of(code)
    return Finding(code=code, party=party, severity=severity or severity_of(party), text=f"{code} text",
                   place="", action="", retest="", trip=trip, consequence=consequence)


M = Verdict.MARGINAL
CASES: list[tuple[list[Finding], Verdict, Verdict | None, str | None]] = [
    ([], Verdict.PASS, Verdict.PASS, None),
    ([finding("POWER-HIGH", M)], M, M, "POWER-HIGH"),
    ([finding("POWER-HIGH", M), finding("CHIP-WEAK")], Verdict.FAIL, Verdict.FAIL, "CHIP-WEAK"),
    ([finding("BOARD-RATE"), finding("CHIP-WEAK"), finding("EEPROM-DATA")],
     Verdict.FAIL, Verdict.FAIL, "EEPROM-DATA"),
    ([finding("CHAIN-SHORT", consequence=True), finding("DOMAIN-LOST")],
     Verdict.FAIL, Verdict.FAIL, "DOMAIN-LOST"),
    ([finding("BOARD-RATE"), finding("CHIP-WEAK", consequence=True)],
     Verdict.FAIL, Verdict.FAIL, "BOARD-RATE"),
    ([finding("EEPROM-DATA"), finding("TEMP-HIGH", trip=True)], Verdict.FAIL, Verdict.FAIL, "TEMP-HIGH"),
    # a board fault proved before the station failed stays with the board
    ([finding("CHIP-WEAK"), finding("STN-METER")], Verdict.STATION_FAULT, Verdict.FAIL, "STN-METER"),
    ([finding("CHIP-WEAK"), finding("OPR-STOP")], Verdict.ABORTED, Verdict.FAIL, "OPR-STOP"),
    ([finding("EEPROM-DATA"), finding("STN-WIRE")], Verdict.STATION_FAULT, Verdict.FAIL, "STN-WIRE"),
    # but not one that the station's fault puts in doubt
    ([finding("CHIP-WEAK"), finding("STN-WIRE")], Verdict.STATION_FAULT, None, "STN-WIRE"),
    ([finding("POWER-HIGH"), finding("STN-METER")], Verdict.STATION_FAULT, None, "STN-METER"),
    ([finding("CHAIN-NONE"), finding("OPR-UNPLUG", trip=True)], Verdict.ABORTED, None, "OPR-UNPLUG"),
    ([finding("BOARD-RATE"), finding("STN-ESTOP", trip=True)], Verdict.STATION_FAULT, None, "STN-ESTOP"),
    ([finding("CHAIN-SHORT"), finding("STN-LINK")], Verdict.STATION_FAULT, None, "STN-LINK"),
    ([finding("STN-SOFTWARE")], Verdict.STATION_FAULT, None, "STN-SOFTWARE"),
    ([finding("POWER-HIGH", M), finding("OPR-STOP")], Verdict.ABORTED, None, "OPR-STOP"),
    ([finding("STN-FAN"), finding("OPR-STOP"), finding("STN-ESTOP")],
     Verdict.STATION_FAULT, None, "STN-ESTOP"),
]


@pytest.mark.parametrize(("findings", "verdict", "board", "code"), CASES)
def test_the_table(
    findings: list[Finding], verdict: Verdict, board: Verdict | None, code: str | None
) -> None:
    for order in (findings, findings[::-1]):
        grade = combine(order, level="L1")
        assert (grade.verdict, grade.board_verdict, grade.failure_code) == (verdict, board, code)
        assert grade.failure_text == (f"{code} text" if code else None)
        assert grade.grade == ("L1" if verdict <= M else None)
        assert sorted(found.code for found in grade.findings) == sorted(found.code for found in findings)


def test_exit_codes() -> None:
    assert combine([], level="L1").exit_code(ship_marginal=False) is ExitCode.SHIPPABLE
    marginal = combine([finding("POWER-HIGH", M)], level="L1")
    assert marginal.exit_code(ship_marginal=True) is ExitCode.SHIPPABLE
    assert marginal.exit_code(ship_marginal=False) is ExitCode.BOARD_FAILED


FINDINGS = st.builds(finding, st.sampled_from(Code), st.sampled_from([None, M]), trip=st.booleans())


@given(st.lists(FINDINGS), FINDINGS)
def test_a_finding_more_never_lowers_the_verdict(findings: list[Finding], one: Finding) -> None:
    before, after = combine(findings, level="L1"), combine([*findings, one], level="L1")
    assert after.verdict >= before.verdict
    assert after.verdict is not Verdict.PASS
    assert after.failure_code is not None


@given(st.lists(FINDINGS))
def test_the_code_is_of_the_winning_severity(findings: list[Finding]) -> None:
    grade = combine(findings, level=None)
    severities = {found.code: found.severity for found in grade.findings}
    assert (grade.first is None) == (not findings)
    if grade.first is not None:
        assert grade.first.severity is grade.verdict
        assert severities[grade.first.code] <= grade.verdict
    if grade.verdict is Verdict.FAIL:
        assert grade.board_verdict is Verdict.FAIL


def test_codes_in_the_data_have_the_right_party(failures: Failures) -> None:
    assert {party_of(code).value for code in failures.codes} == {"board", "station", "operator"}
