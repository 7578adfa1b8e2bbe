"""Full counts against short ones: what parts them names the cause."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from rig.recipe import Failures
from rig.verdict import Count, Evidence, ResponseLook, diagnose

Make = Callable[..., Evidence]
COLD, WARM, HOT = 26.0, 44.0, 56.0
LOW, HIGH = 13.6, 15.0


def counts(*seen: tuple[int, float, float] | tuple[int, float, float, bool]) -> tuple[Count, ...]:
    """(chips, volts, celsius[, at work]) each."""
    return tuple(
        Count("somewhere", one[0], one[1], one[2], 115_200, at_work=len(one) > 3) for one in seen
    )


BEFORE = ((65, HIGH, COLD), (65, LOW, COLD), (65, HIGH, COLD))
CASES = [
    # low volts, and back at high ones, by turns
    ((*BEFORE, (30, LOW, COLD), (65, HIGH, COLD), (30, LOW, COLD), (65, HIGH, COLD)), "CHIP-VOLTS"),
    ((*BEFORE, (30, LOW, HOT), (65, HIGH, WARM)), "CHIP-VOLTS"),
    # hot, and back when cooler, at the same volts
    ((*BEFORE, (30, LOW, HOT, True), (65, LOW, WARM), (65, HIGH, WARM)), "CHIP-HEAT"),
    ((*BEFORE, (30, LOW, HOT, True), (30, HIGH, HOT), (65, LOW, COLD), (65, HIGH, COLD)), "CHIP-HEAT"),
    # nothing parts them
    ((*BEFORE, (30, LOW, COLD), (65, LOW, COLD)), "CHAIN-WANDERS"),
    ((*BEFORE, (30, LOW, COLD), (65, LOW, HOT)), "CHAIN-WANDERS"),
    ((*BEFORE, (30, LOW, COLD), (65, HIGH, COLD), (30, HIGH, COLD), (65, LOW, COLD)), "CHAIN-WANDERS"),
    ((*BEFORE, (30, math.nan, math.nan), (65, HIGH, COLD)), "CHAIN-WANDERS"),
    ((*BEFORE, (30, LOW, math.nan), (65, LOW, COLD)), "CHAIN-WANDERS"),
    # a supply's own error parts nothing
    ((*BEFORE, (30, LOW, COLD), (65, LOW + 0.15, COLD)), "CHAIN-WANDERS"),
    # it ends now here, now there
    ((*BEFORE, (30, LOW, COLD), (41, LOW, COLD)), "CHAIN-WANDERS"),
    # it stays: whatever was before, and whatever a starved chain said at work
    ((*BEFORE, (30, LOW, HOT), (30, HIGH, COLD)), "CHAIN-SHORT"),
    ((*BEFORE, (12, LOW, HOT, True), (30, LOW, HOT), (30, HIGH, COLD)), "CHAIN-SHORT"),
    ((*BEFORE, (12, LOW, HOT, True)), "CHAIN-SHORT"),
]


@pytest.mark.parametrize(("seen", "code"), CASES)
def test_what_parts_full_counts_from_short_ones(
    seen: Any, code: str, evidence: Make, failures: Failures
) -> None:
    found = diagnose(evidence(counts=counts(*seen), link_echoes=True), failures)
    assert [one.code for one in found] == [code]
    assert found[0].chip in (30, 12)


def test_at_rest_a_count_names_the_place_that_a_starved_chain_got_wrong(
    evidence: Make, failures: Failures
) -> None:
    seen = counts(*BEFORE, (12, LOW, HOT, True), (30, LOW, HOT), (30, HIGH, COLD))
    assert diagnose(evidence(counts=seen), failures)[0].place == (
        "The joint between chip 29 and chip 30, the border of domains 5 and 6."
    )


@pytest.mark.parametrize(
    ("after", "code"), [(((65, LOW, WARM), (65, HIGH, WARM)), "CHIP-HEAT"), ((), "CHAIN-SHORT")]
)
def test_a_chain_of_which_nobody_was_heard_at_the_end_has_no_place(
    after: Any, code: str, evidence: Make, failures: Failures
) -> None:
    found = diagnose(evidence(counts=counts(*BEFORE, (0, LOW, HOT, True), *after)), failures)
    assert [(one.code, one.chip, one.place) for one in found] == [(code, None, "")]
    assert "?" not in found[0].text


def test_the_conditions_are_said(evidence: Make, failures: Failures) -> None:
    heat, volts = (
        diagnose(evidence(counts=counts(*seen)), failures)[0].text for seen in (CASES[3][0], CASES[0][0])
    )
    assert "short at 56.0 °C and above, full at 26.0 °C and below" in heat
    assert "short at 13.60 V and below, full at 15.00 V and above" in volts


def look(work_amps: float = 14.3, **moved: float) -> ResponseLook:
    shift = [moved.get(f"domain_{domain}", 0.004 * (-1) ** domain) for domain in range(13)]
    return ResponseLook(4.5, work_amps, tuple(shift))


@pytest.mark.parametrize(
    ("response", "code"),
    [
        (look(), "CHAIN-RESPONSE"),
        (look(work_amps=4.6), "CHAIN-SHORT"),                   # told to work, and nothing does
        (look(work_amps=math.nan), "CHAIN-SHORT"),
        (look(domain_12=0.084), "CHAIN-SHORT"),                 # one chip of five does not
        (look(domain_0=-0.32), "CHAIN-SHORT"),                  # two alone do
        (look(domain_3=math.nan), "CHAIN-SHORT"),
        (None, "CHAIN-SHORT"),
    ],
)
def test_who_is_not_heard_may_work(
    response: ResponseLook | None, code: str, evidence: Make, failures: Failures
) -> None:
    found = diagnose(evidence(found=(33, 33), response=response), failures)
    assert [(one.code, one.chip) for one in found] == [(code, 33)]


def test_the_first_chip_s_way_back(evidence: Make, failures: Failures) -> None:
    given = evidence(found=(0, 0), link_echoes=True, response=look())
    assert diagnose(given, failures)[0].code == "CHAIN-RESPONSE"
