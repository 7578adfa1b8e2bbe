"""One table: what was seen, and the codes in order."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.recipe import Decision, Failures, Limits
from rig.recipe.limits import Dimension
from rig.verdict import (
    Code,
    Count,
    EepromState,
    Evidence,
    Fault,
    ForeignChip,
    Judge,
    SensorState,
    SequentialTest,
    Verdict,
    combine,
    diagnose,
)

Make = Callable[..., Evidence]
IDLE = (1.154,) * 13


def volts(domain: int, value: float, others: float = 1.15) -> tuple[float, ...]:
    return tuple(value if place == domain else others for place in range(13))


def codes(evidence: Evidence, failures: Failures) -> list[str]:
    return [finding.code for finding in diagnose(evidence, failures)]


def test_a_good_board_has_no_findings(evidence: Make, failures: Failures) -> None:
    assert codes(evidence(), failures) == []


SILENT = SensorState.SILENT
FINE = (SensorState.GOOD,) * 4
SHORT = {"found": (32, 32)}
CASES: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    # the chain
    ({"found": (0, 0), "link_echoes": True}, {"chips_found": 0}, ["CHAIN-NONE", "CHAIN-SHORT"]),
    ({"found": (0, 0), "link_echoes": False}, {"chips_found": 0}, ["STN-LINK", "CHAIN-SHORT"]),
    ({"found": (65, 65, 0, 0)}, {"chips_found": 0}, ["STN-LINK", "CHAIN-SHORT"]),
    ({"found": (0, 0)}, {"chips_found": 0}, ["STN-LINK", "CHAIN-SHORT"]),
    ({"found": (32, 32)}, {"chips_found": 32}, ["CHAIN-SHORT"]),
    ({"found": (30, 30), "domain_volts": IDLE}, {"chips_found": 30}, ["CHAIN-SHORT"]),
    ({"found": (30, 30), "domain_volts": volts(6, 0.01)}, {"chips_found": 30},
     ["DOMAIN-LOST", "CHAIN-SHORT"]),
    ({"found": (60, 60), "domain_volts": volts(12, 1.29)}, {"chips_found": 60},
     ["DOMAIN-LOST", "CHAIN-SHORT"]),
    ({"found": (0, 0), "domain_volts": volts(0, 0.01), "link_echoes": True}, {"chips_found": 0},
     ["DOMAIN-LOST", "CHAIN-SHORT"]),
    ({"found": (31, 31), "domain_volts": volts(6, 0.01)}, {"chips_found": 31}, ["CHAIN-SHORT"]),
    ({"found": (30, 30), "domain_volts": (1.1,) * 6 + (1.2,) * 7}, {"chips_found": 30},
     ["CHAIN-SHORT"]),
    ({"found": (30, 30), "domain_volts": volts(6, math.nan)}, {"chips_found": 30}, ["CHAIN-SHORT"]),
    ({"found": (5, 5), "domain_volts": (1.1,)}, {"chips_found": 5}, ["CHAIN-SHORT"]),
    ({"found": (0, 0), "domain_volts": (0.1,), "link_echoes": True}, {"chips_found": 0},
     ["CHAIN-NONE", "CHAIN-SHORT"]),
    ({"found": (32, 65)}, {}, ["CHAIN-WANDERS"]),
    ({"found": (65, 32)}, {"chips_found": 32}, ["CHAIN-SHORT"]),
    ({"found": (65, 0, 65, 65, 65, 65)}, {}, ["STN-LINK"]),
    ({"found": (65, 0, 65, 65, 65)}, {}, ["CHAIN-WANDERS"]),
    ({"counts": tuple(Count("x", count, 13.6, 36.0 if count else 45.0, at_work=not count)
                      for count in (65, 0, 65, 65, 65, 65))}, {}, ["CHIP-HEAT"]),
    ({"found": (65, 0, 65, 65, 65, 65), "faults": (Fault("TEMP-HIGH", "66 C", trip=True),)}, {},
     ["TEMP-HIGH", "CHAIN-WANDERS"]),
    ({"found": (65, 0, 65, 65, 65, 0, 65)}, {}, ["CHAIN-WANDERS"]),
    ({"found": (65, 30, 65, 65, 65, 65)}, {}, ["CHAIN-WANDERS"]),
    ({"found": (64, 32)}, {"chips_found": 32}, ["CHAIN-WANDERS", "CHAIN-SHORT"]),
    ({"found": (66, 66)}, {"chips_found": 66}, ["STN-RECIPE", "CHAIN-SHORT"]),
    ({"foreign_chips": (ForeignChip(9, 0x1366),)}, {}, ["CHIP-ID"]),
    ({"clashing_chips": (19,), "missing_chips": (20,)}, {}, ["CHIP-ADDRESS"]),
    ({"clashing_chips": (3,), "missing_chips": (20,)}, {}, []),
    ({"found": ()}, {}, []),
    # EEPROM and sensors
    ({"eeprom": EepromState.SILENT, "sensors": FINE}, {}, ["EEPROM-NONE"]),
    ({"eeprom": EepromState.SILENT, "sensors": (SILENT,) * 4}, {}, ["STN-BRIDGE"]),
    ({"eeprom": EepromState.CORRUPT, "sensors": FINE}, {}, ["EEPROM-DATA"]),
    ({"eeprom": EepromState.WRONG_SERIAL, "eeprom_serial": "OTHER"}, {}, ["EEPROM-SERIAL"]),
    ({"eeprom": EepromState.GOOD, "sensors": (*FINE[:2], SILENT, *FINE[3:])}, {}, ["SENSOR-NONE"]),
    ({"sensors": (SensorState.STUCK, *FINE[1:])}, {}, ["SENSOR-STUCK"]),
    # the wire
    ({"faults": (Fault("STN-WIRE", "damaged"),), "found": (64, 65, 63)}, {}, ["STN-WIRE", "CHAIN-WANDERS"]),
    ({}, {"corrupt_share": 0.02, "weak_chips": 1}, ["STN-WIRE", "CHIP-WEAK"]),
    ({}, {"corrupt_share": 0.005}, []),
    ({"link_echoes": False}, {}, ["STN-LINK"]),
    # limits
    ({}, {"watts": 1090}, ["POWER-HIGH"]),
    ({}, {"watts": 1200}, ["POWER-HIGH"]),
    ({}, {"domain_deviation": [0.0] * 4 + [-0.06] + [0.0] * 8}, ["DOMAIN-VOLTS"]),
    ({}, {"soak_celsius": 40}, ["STN-WARM"]),
    ({}, {"weak_chips": 1, "board_hit_rate": 0.99}, ["CHIP-WEAK", "BOARD-RATE"]),
    # what is missing
    ({}, {"watts": None}, ["STN-SOFTWARE"]),
    ({}, {"note": math.nan}, ["STN-SOFTWARE"]),
    ({}, {"watts": math.nan}, ["STN-SOFTWARE"]),
    ({}, {"extra": math.inf}, ["STN-SOFTWARE"]),
    ({}, {"watts": None, "board_hit_rate": 0.9}, ["BOARD-RATE"]),
    ({}, {"watts": None, "soak_celsius": 40}, ["STN-WARM"]),
    # what ended the run
    ({"faults": (Fault("STN-SUPPLY", "gone"),)}, {"watts": None}, ["STN-SUPPLY"]),
    ({"faults": (Fault("OPR-STOP", "Ctrl-C"),)}, {"watts": None}, ["OPR-STOP"]),
    ({"faults": (Fault("TEMP-HIGH", "66 C", trip=True),)}, {"watts": None}, ["TEMP-HIGH"]),
    ({"faults": (Fault("STN-LINK", "dead"), Fault("POWER-SHORT", "12 A", trip=True))}, {}, ["POWER-SHORT"]),
    ({"faults": (Fault("STN-ESTOP", "open", trip=True),), "found": (0, 0), "link_echoes": False}, {},
     ["STN-ESTOP"]),
    ({"faults": (Fault("STN-ESTOP", "open", trip=True),), "found": (0, 0)}, {}, ["STN-ESTOP"]),
    ({"faults": (Fault("STN-SUPPLY", "gone"),), "found": (32, 32)}, {"chips_found": 32},
     ["STN-SUPPLY", "CHAIN-SHORT"]),
    ({"faults": (Fault("TEMP-HIGH", "66 C", trip=True),), "eeprom": EepromState.CORRUPT}, {},
     ["TEMP-HIGH", "EEPROM-DATA"]),
]


@pytest.mark.parametrize(("changes", "measured", "expected"), CASES)
def test_what_is_found(
    changes: dict[str, Any], measured: dict[str, Any], expected: list[str],
    evidence: Make, take: Callable[..., Any], failures: Failures,
) -> None:
    assert codes(evidence(measurements=take(**measured), **changes), failures) == expected


def test_the_end_of_the_chain_is_named(evidence: Make, failures: Failures) -> None:
    inside, border = (
        diagnose(evidence(found=(count, count)), failures)[0] for count in (32, 30)
    )
    assert inside.place == "The joint between chip 31 and chip 32."
    assert border.place == "The joint between chip 29 and chip 30, the border of domains 5 and 6."
    assert (border.chip, border.domain) == (30, 6)
    wanders = diagnose(evidence(found=(65, 65, 41, 65)), failures)[0]
    assert "65 (2 times), 41, 65 of 65" in wanders.text
    assert "chip 40 and chip 41" in wanders.place


def test_no_sentence_of_a_finding_has_a_gap(
    evidence: Make, take: Callable[..., Any], failures: Failures
) -> None:
    for changes, measured, _ in CASES:
        for finding in diagnose(evidence(measurements=take(**measured), **changes), failures):
            assert "?" not in finding.text + finding.place + finding.action, finding
            assert finding.text


def test_a_limit_finding_says_number_and_limit(
    evidence: Make, take: Callable[..., Any], failures: Failures
) -> None:
    found = diagnose(evidence(measurements=take(domain_deviation=[0.05] + [0.0] * 11 + [-0.08])), failures)
    assert (found[0].domain, found[0].severity) == (12, Verdict.FAIL)
    assert "of domain 12: -0.08 V, limit >= -0.045 and <= 0.045" in found[0].text


def test_a_chip_limit_names_the_chips_domain(
    limits: Limits, evidence: Make, take: Callable[..., Any], failures: Failures
) -> None:
    per_chip = {"over": Dimension.CHIP, "code": "CHIP-CORES"}
    cores = limits.measurements["weak_chips"].model_copy(update=per_chip)
    wider = limits.model_copy(update={"measurements": {**limits.measurements, "dead_cores": cores}})
    dead = [0] * 65
    dead[17] = 4
    taken = Judge(wider, {Dimension.CHIP: 65}).take("dead_cores", dead)
    found = diagnose(evidence(limits=wider, measurements=(*take(), taken)), failures)
    assert [(finding.code, finding.chip, finding.domain) for finding in found] == [("CHIP-CORES", 17, 3)]


def test_marginal_is_told_and_milder(evidence: Make, take: Callable[..., Any], failures: Failures) -> None:
    found = diagnose(evidence(measurements=take(watts=1090)), failures)
    assert [(finding.code, finding.severity) for finding in found] == [("POWER-HIGH", Verdict.MARGINAL)]


def test_all_missing_names_are_told(evidence: Make, take: Callable[..., Any], failures: Failures) -> None:
    found = diagnose(evidence(measurements=take(watts=None, chips_found=None)), failures)
    assert found[0].evidence == ("chips_found: not taken", "watts: not taken")


def test_the_last_attempt_counts(evidence: Make, take: Callable[..., Any], failures: Failures) -> None:
    assert codes(evidence(measurements=(*take(chips_found=64), *take())), failures) == []
    assert codes(evidence(measurements=(*take(), *take(chips_found=64))), failures) == ["CHAIN-SHORT"]


def test_later_faults_stay_as_evidence_of_the_first(evidence: Make, failures: Failures) -> None:
    faults = (Fault("STN-SUPPLY", "silent"), Fault("STN-GUARD", "gone"))
    found = diagnose(evidence(faults=faults), failures)
    assert found[0].evidence == ("silent", "also: STN-GUARD: gone")


def test_people_ended_it(evidence: Make) -> None:
    assert evidence(faults=(Fault("OPR-UNPLUG", "unplugged", trip=True),)).stopped
    assert not evidence(faults=(Fault("STN-GUARD", "gone"),)).stopped
    assert evidence().ending is None


# --- chips


def chip_findings(
    counts: Any, evidence: Make, decision: Decision, sequential: SequentialTest, failures: Failures,
    **changes: Any,
) -> list[tuple[str, int | None]]:
    given = evidence(burn_in=counts.burn_in(decision, sequential), **changes)
    return [(finding.code, finding.chip) for finding in diagnose(given, failures)]


Found = Callable[..., list[tuple[str, int | None]]]


@pytest.fixture
def found(evidence: Make, decision: Decision, sequential: SequentialTest, failures: Failures) -> Found:
    def found(counts: Any, **changes: Any) -> list[tuple[str, int | None]]:
        return chip_findings(counts, evidence, decision, sequential, failures, **changes)

    return found


def test_good_chips_have_no_findings(counts: Any, found: Found) -> None:
    assert found(counts()) == []


@pytest.mark.parametrize("rate", [0.0, 0.3, 0.5, 0.8, 0.97])
@pytest.mark.parametrize("answers", [900, 3_000])
def test_a_weak_chip(rate: float, answers: int, counts: Any, found: Found) -> None:
    drawn = counts(answers, rate=1.0)
    drawn.chip_rate(17, rate)
    assert found(drawn)[0] == ("CHIP-WEAK", 17)
    assert len([one for one in found(drawn) if one[0].startswith("CHIP")]) == 1


@pytest.mark.parametrize("cores", [3, 7, 40, 120])
@pytest.mark.parametrize("seed", range(6))
def test_dead_cores(cores: int, seed: int, counts: Any, found: Found) -> None:
    drawn = counts(3_000, seed=seed)
    drawn.core_hits[17, drawn.random.choice(128, cores, replace=False)] = 0
    assert found(drawn) == [("CHIP-CORES", 17)]


def test_dead_cores_explain_the_failed_limits(counts: Any, found: Found, take: Callable[..., Any]) -> None:
    drawn = counts(3_000)
    drawn.core_hits[17, :9] = 0
    measured = take(weak_chips=1, board_hit_rate=0.99)
    assert found(drawn, measurements=measured) == [
        ("CHIP-CORES", 17), ("CHIP-WEAK", None), ("BOARD-RATE", None),
    ]


def test_two_dead_cores_of_an_else_good_chip_pass_unless_it_is_bad_by_them(counts: Any, found: Found) -> None:
    drawn = counts(3_000, rate=1.0)
    drawn.core_hits[17, [1]] = 0
    assert found(drawn) == [] or found(drawn)[0][0] == "STN-SOFTWARE"
    drawn.core_hits[17, [2]] = 0
    drawn.alarmed[17] = True
    assert found(drawn) == [("CHIP-CORES", 17)]


def test_dead_cores_and_weak_besides(counts: Any, found: Found) -> None:
    drawn = counts(6_000)
    drawn.chip_rate(17, 0.9)
    drawn.core_hits[17, :4] = 0
    assert found(drawn) == [("CHIP-CORES", 17), ("CHIP-WEAK", 17)]


@pytest.mark.parametrize("seed", range(10))
def test_hardware_errors_explain_the_misses(seed: int, counts: Any, found: Found) -> None:
    drawn = counts(1_200, rate=1.0, seed=seed)
    drawn.chip_rate(17, 0.97)
    drawn.wrong[17] = (drawn.core_trials - drawn.core_hits)[17].sum()
    drawn.wrong[:17] = drawn.random.binomial(1, 0.5, size=17)
    assert found(drawn) == [("CHIP-ERRORS", 17)]


def test_hardware_errors_beside_full_hits(counts: Any, found: Found) -> None:
    drawn = counts(8_000)
    drawn.wrong[17] = 160
    drawn.wrong[18] = 16
    assert found(drawn) == [("CHIP-ERRORS", 17)]


def test_a_chip_on_old_jobs(counts: Any, found: Found) -> None:
    drawn = counts(1_000, rate=1.0)
    drawn.core_hits[17] = 0
    drawn.stale[17], drawn.wrong[17], drawn.duplicate[17] = 1_400, 300, 2
    assert found(drawn) == [("CHIP-STALE", 17)]


def late(drawn: Any, chips: int, answers: int) -> Any:
    """So many answers of each of the first chips were read after their job was replaced."""
    for chip in range(chips):
        drawn.core_hits[chip, :answers // 4] -= 4
        drawn.stale[chip] = answers
    return drawn


@pytest.mark.parametrize("answers", [60, 174])
def test_a_late_station_blames_no_chip_and_fails_no_board(
    answers: int, counts: Any, evidence: Make, take: Callable[..., Any], decision: Decision,
    sequential: SequentialTest, failures: Failures,
) -> None:
    drawn = late(counts(6_000, rate=1.0), 65, answers)
    measured = take(weak_chips=60, board_hit_rate=0.97)
    given = evidence(burn_in=drawn.burn_in(decision, sequential), measurements=measured)

    graded = combine(diagnose(given, failures), level="L1")

    assert (graded.verdict, graded.board_verdict) == (Verdict.STATION_FAULT, None)
    assert [finding.code for finding in graded.findings] == ["STN-SOFTWARE"]
    assert f"{65 * answers} answers of retired jobs came from 65 of 65 chips" in graded.findings[0].text
    assert "no chip is to blame" in graded.findings[0].text


def test_a_third_of_the_chips_is_the_border_between_chips_and_station(counts: Any, found: Found) -> None:
    assert found(late(counts(6_000, rate=1.0), 22, 80)) == [("STN-SOFTWARE", None)]
    assert {code for code, _ in found(late(counts(6_000, rate=1.0), 21, 80))} == {"CHIP-STALE"}


def test_the_border_is_drawn_among_the_chips_that_answer(counts: Any, found: Found) -> None:
    drawn = counts(6_000, rate=1.0)
    drawn.core_hits[30:] = 0
    assert found(late(drawn, 11, 80)) == [("STN-SOFTWARE", None)]


def test_a_late_station_fails_a_limit_before_its_counts_say_much(
    counts: Any, found: Found, take: Callable[..., Any]
) -> None:
    drawn = late(counts(900, rate=1.0), 0, 0)
    drawn.stale[:40] = 3
    assert "STN-SOFTWARE" in {code for code, _ in found(drawn, measurements=take(stale_rate=0.03))}
    assert not any(code == "CHIP-STALE" for code, _ in found(drawn, measurements=take(stale_rate=0.03)))


def test_a_few_late_answers_of_many_chips_spoil_nothing(
    counts: Any, found: Found, take: Callable[..., Any]
) -> None:
    drawn = counts()
    drawn.stale[:] = 3
    assert found(drawn, measurements=take(stale_rate=0.001)) == []


def lost_at_once(drawn: Any, answers: int) -> Any:
    """Every chip lost so many answers in one gap and was alarmed by it."""
    drawn.core_hits[:, 5] -= answers
    drawn.gaps, drawn.lost_in_gaps = 1, answers
    drawn.alarmed[:] = True
    return drawn


def test_a_gap_of_all_chips_is_no_slow_board(
    counts: Any, evidence: Make, take: Callable[..., Any], decision: Decision, sequential: SequentialTest,
    failures: Failures,
) -> None:
    drawn = lost_at_once(counts(6_000), 20)
    given = evidence(burn_in=drawn.burn_in(decision, sequential), measurements=take(weak_chips=65))

    graded = combine(diagnose(given, failures), level="L1")

    assert (graded.verdict, graded.board_verdict) == (Verdict.STATION_FAULT, None)
    assert [finding.code for finding in graded.findings] == ["STN-SOFTWARE"]
    assert "most chips lost answers at the same moment, 1 times" in graded.findings[0].text


def test_a_board_that_is_slow_outside_of_a_gap_stays_slow(counts: Any, found: Found) -> None:
    assert found(lost_at_once(counts(6_000, rate=0.98), 20)) == [("BOARD-RATE", None)]


def test_a_gap_excuses_no_single_chip(counts: Any, found: Found) -> None:
    drawn = counts(6_000)
    drawn.gaps, drawn.lost_in_gaps = 1, 0
    drawn.chip_rate(17, 0.9)
    assert found(drawn) == [("CHIP-WEAK", 17)]


def test_repeats_need_no_misses(counts: Any, found: Found) -> None:
    drawn = counts(1_500, rate=1.0)
    drawn.duplicate[17], drawn.duplicate[18] = 75, 7
    assert found(drawn) == [("CHIP-REPEATS", 17)]


@pytest.mark.parametrize("rate", [0.0, 0.5, 0.97])
def test_a_slow_board_blames_no_chip(rate: float, counts: Any, found: Found) -> None:
    assert found(counts(3_000, rate=rate)) == [("BOARD-RATE", None)]


def test_a_chip_lost_after_acceptance(counts: Any, found: Found) -> None:
    drawn = counts(8_000)
    drawn.alarmed[40] = True
    assert found(drawn) == [("CHIP-WEAK", 40)]


def test_an_open_decision_is_the_rigs_fault(counts: Any, found: Found) -> None:
    drawn = counts(500, rate=1.0)
    assert found(drawn) == [("STN-SOFTWARE", None)]


def test_whose_misses_are_not_placed_yet_says_so(
    counts: Any, evidence: Make, decision: Decision, sequential: SequentialTest, failures: Failures
) -> None:
    drawn = counts(1_000, rate=1.0)
    drawn.chip_rate(3, 0.5)
    given = evidence(burn_in=drawn.burn_in(decision, sequential))
    assert "too few yet" in diagnose(given, failures)[0].text


# --- properties

FAULTS = st.sampled_from([
    Fault("STN-SUPPLY", "x"), Fault("OPR-STOP", "x"), Fault("TEMP-HIGH", "x", trip=True),
])


@given(
    count=st.integers(0, 65), again=st.integers(0, 65), echo=st.sampled_from([True, False, None]),
    watts=st.floats(900, 1300), eeprom=st.sampled_from(EepromState), fault=st.none() | FAULTS,
    second_volts=st.floats(0, 20) | st.just(math.nan),
    second_celsius=st.floats(0, 80) | st.just(math.nan),
)
def test_no_evidence_upsets_it(
    count: int, again: int, echo: bool | None, watts: float, eeprom: EepromState, fault: Fault | None,
    second_volts: float, second_celsius: float, limits: Limits, failures: Failures,
) -> None:
    judge = Judge(limits, {Dimension.DOMAIN: 13})
    given_ = Evidence(
        slot="slot1", serial="SN", limits=limits, chips=65, chips_per_domain=5, link_echoes=echo,
        counts=(Count("one", count, 15.0, 25.0), Count("two", again, second_volts, second_celsius)),
        measurements=(judge.take("watts", watts),), eeprom=eeprom,
        faults=() if fault is None else (fault,),
    )
    found = diagnose(given_, failures)
    grade = combine(found, level="L1")
    assert grade.verdict is not Verdict.PASS, "measurements are missing"
    assert [finding.order for finding in found] == sorted(finding.order for finding in found)
    if grade.failure_code == Code.CHAIN_NONE:
        assert echo is True
    if fault is not None and not fault.trip:
        more = replace(given_, faults=(fault, Fault("STN-GUARD", "y")))
        assert combine(diagnose(more, failures), level=None).verdict >= grade.verdict


def test_findings_are_pure(evidence: Make, failures: Failures, counts: Any, decision: Decision,
                           sequential: SequentialTest) -> None:
    drawn = counts(3_000)
    drawn.chip_rate(5, 0.5)
    given_ = evidence(burn_in=drawn.burn_in(decision, sequential))
    before = np.array(given_.burn_in.hits) if given_.burn_in else None
    assert diagnose(given_, failures) == diagnose(given_, failures)
    assert given_.burn_in is not None
    assert (given_.burn_in.hits == before).all()
