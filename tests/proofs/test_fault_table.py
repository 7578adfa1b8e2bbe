"""The proof's table: every kind stands in it, and a result counts only when all of it is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from proofs.fault_table import ABSORBED, CAUGHT
from proofs.faults import Case, cases, main
from rig.sim.scenario import FAULTS, parse_scenario
from rig.verdict import Code


def test_every_kind_is_proved() -> None:
    assert {fault["kind"] for fault, _ in CAUGHT} == set(FAULTS)


def test_faults_and_codes_are_those_of_the_rig() -> None:
    rows = [fault for fault, _ in CAUGHT] + list(ABSORBED)
    parse_scenario({"boards": {"slot1": {"faults": rows}}}, Path("table"))
    assert {code for _, codes in CAUGHT for code in codes.split()} <= set(Code)


@pytest.mark.parametrize(
    ("codes", "result", "right"),
    [
        ("CHIP-WEAK", ("CHIP-WEAK", "FAIL", "FAIL", 1), True),
        ("CHIP-WEAK", ("CHIP-WEAK", "STATION_FAULT", "FAIL", 3), False),
        ("CHIP-WEAK", ("BOARD-RATE", "FAIL", "FAIL", 1), False),
        ("STN-FAN STN-WARM", ("STN-WARM", "STATION_FAULT", None, 3), True),
        ("STN-FAN", ("STN-FAN", "STATION_FAULT", "FAIL", 3), False),
        ("STN-FAN", ("STN-FAN", "STATION_FAULT", None, 1), False),
        ("OPR-UNPLUG", ("OPR-UNPLUG", "ABORTED", None, 4), True),
        ("", (None, "PASS", "PASS", 0), True),
        ("", (None, "MARGINAL", "MARGINAL", 0), False),
    ],
)
def test_a_result_is_right_as_a_whole(
    codes: str, result: tuple[str | None, str, str | None, int], right: bool
) -> None:
    assert Case({"kind": "any"}, frozenset(codes.split())).fits(*result) is right


def test_kinds_may_be_chosen() -> None:
    assert len(cases([])) == len(CAUGHT) + len(ABSORBED)
    assert {case.fault["kind"] for case in cases(["estop", "meter_offset"])} == {"estop", "meter_offset"}
    assert cases(["nothing"]) == []


def test_single_rows_may_be_chosen_by_what_is_printed_of_them() -> None:
    assert [case.fault for case in cases(["meter_offset 15"])] == [{"kind": "meter_offset", "watts": 15}]
    assert len({case.name for case in cases([])}) == len(cases([]))


def test_a_word_that_names_no_row_is_refused() -> None:
    assert main(["estop", "no_such_kind"]) == 2
