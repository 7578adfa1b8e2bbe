"""What counts as escaped, misbooked and rightly named, and the figures over many rows."""

from __future__ import annotations

from typing import Any

import pytest
from scipy.stats import binomtest

from rig.study.figures import Share, figures_of
from rig.study.rows import Row
from rig.study.truth import EXPECTED, Bench, codes_of, must_be_caught
from rig.verdict import Verdict

BENCH = Bench(working_domain_volts=1.046, soak_celsius=56.0, working_amps=65.0)
WEAK = {"kind": "weak_chip", "chip": 3, "rate": 0.8}
FAN = {"kind": "fan_fail", "fan": 1}


def row(
    *faults: dict[str, Any], verdict: Verdict = Verdict.PASS, code: str | None = None, **more: Any
) -> Row:
    told = {
        "number": 0, "seed": 1, "faults": faults, "verdict": verdict, "board_verdict": None, "code": code,
        "ranked": (code,) if code else (), "grade": None, "seconds": 100.0, "decision_seconds": None,
        "cpu_seconds": 2.0,
    }
    return Row.model_validate(told | more)


THRESHOLDS = [
    ({"kind": "weak_chip", "rate": 0.985}, {"kind": "weak_chip", "rate": 0.9851}),
    ({"kind": "slow_chip", "mhz": 120}, {"kind": "slow_chip", "mhz": 119}),
    ({"kind": "bad_cores", "cores": 3}, {"kind": "bad_cores", "cores": [1, 2, 2]}),
    ({"kind": "hardware_errors", "rate": 0.02}, {"kind": "hardware_errors", "rate": 0.019}),
    ({"kind": "heat_drop", "above_celsius": 54}, {"kind": "heat_drop", "above_celsius": 54.1}),
    ({"kind": "volt_drop", "below_volts": 1.067}, {"kind": "volt_drop", "below_volts": 1.065}),
    ({"kind": "domain_voltage", "offset_volts": -0.06}, {"kind": "domain_voltage", "offset_volts": -0.05}),
    ({"kind": "short_circuit", "ohms": 0.02}, {"kind": "short_circuit", "ohms": 0.03}),
    ({"kind": "supply_trips", "amps": 60}, {"kind": "supply_trips", "amps": 90}),
    ({"kind": "meter_offset", "watts": -40}, {"kind": "meter_offset", "watts": 39}),
    ({"kind": "ambient", "celsius": 41}, {"kind": "ambient", "celsius": 15}),
    ({"kind": "late_reply", "ms": 2000}, {"kind": "late_reply", "ms": 1999}),
]


@pytest.mark.parametrize(("caught", "either"), THRESHOLDS, ids=lambda value: value["kind"])
def test_thresholds_are_the_vocabularys(caught: dict[str, Any], either: dict[str, Any]) -> None:
    assert must_be_caught(caught, BENCH)
    assert not must_be_caught(either, BENCH)


def test_the_first_chip_leaves_a_silent_chain() -> None:
    assert codes_of({"kind": "dead_chip", "chip": 0}) == {"CHAIN-SHORT", "CHAIN-NONE"}
    assert codes_of({"kind": "dead_chip", "chip": 1}) == {"CHAIN-SHORT"}
    assert "CHAIN-NONE" not in codes_of({"kind": "stuck_busy", "chip": 0})


def test_an_escape_is_a_board_that_ships_with_what_must_be_caught() -> None:
    assert row(WEAK).escaped(BENCH)
    assert row(WEAK, verdict=Verdict.MARGINAL).escaped(BENCH)
    assert not row(WEAK, verdict=Verdict.FAIL, code="CHIP-WEAK").escaped(BENCH)
    assert not row({"kind": "weak_chip", "chip": 3, "rate": 0.99}).escaped(BENCH)
    assert row(FAN).escaped(BENCH)


def test_misbooked_is_a_party_that_no_fault_belongs_to() -> None:
    assert row(WEAK, verdict=Verdict.STATION_FAULT, code="STN-WIRE").misbooked()
    assert row(FAN, verdict=Verdict.FAIL, code="TEMP-HIGH").misbooked()
    assert row(FAN, verdict=Verdict.STATION_FAULT, code="STN-FAN", board_verdict=Verdict.FAIL).misbooked()
    assert row(verdict=Verdict.STATION_FAULT, code="STN-LINK").misbooked()
    assert not row(verdict=Verdict.FAIL, code="CHIP-WEAK").misbooked()      # a false fail, counted as such
    assert not row(WEAK, verdict=Verdict.FAIL, code="CHIP-CORES").misbooked()
    proved = row(WEAK, FAN, verdict=Verdict.STATION_FAULT, code="STN-FAN", board_verdict=Verdict.FAIL)
    assert not proved.misbooked()


def test_named_first_or_among_three() -> None:
    ranked = ("BOARD-RATE", "CHIP-CORES", "CHIP-WEAK")
    found = row(WEAK, verdict=Verdict.FAIL, code="BOARD-RATE", ranked=ranked)
    assert not found.named(1)
    assert found.named(3)


@pytest.mark.parametrize(("count", "total"), [(0, 10), (3, 10), (10, 10), (1, 3000)])
def test_wilsons_interval_is_scipys(count: int, total: int) -> None:
    share = Share.of(count, total)
    expected = binomtest(count, total).proportion_ci(method="wilson")
    assert (share.low, share.high) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_figures_over_rows() -> None:
    good = [row(number=n, decision_seconds=5.0 + n) for n in range(3)]
    failed = row(verdict=Verdict.FAIL, code="CHIP-WEAK")
    right = row(WEAK, verdict=Verdict.FAIL, code="CHIP-WEAK")
    wrong = row(WEAK, verdict=Verdict.FAIL, code="CHIP-CORES", ranked=("CHIP-CORES", "CHIP-WEAK"))
    both = row(WEAK, FAN, verdict=Verdict.STATION_FAULT, code="STN-FAN")
    found = figures_of(
        [*good, failed, right, wrong, both, row(FAN)], BENCH, risk=1e-4, fixed_seconds=20.0
    )
    assert (found.boards, found.good, found.escapes, found.misbooked) == (8, 4, 1, 0)
    assert (found.false_fails.count, found.false_fails.total) == (1, 4)
    assert not found.false_fails_consistent
    assert found.decision_seconds == 6.0
    assert found.decision_share_of_fixed == 0.3
    assert [kind.kind for kind in found.kinds] == ["fan_fail", "weak_chip"]
    weak = found.kinds[1]
    assert (weak.top_1.count, weak.top_3.count, weak.top_1.total) == (1, 2, 2)
    assert found.confusion["weak_chip"] == {"CHIP-WEAK": 1, "CHIP-CORES": 1}
    assert found.grades["good"] == {"PASS None": 3, "FAIL": 1}


def test_no_failed_board_is_always_consistent() -> None:
    assert figures_of([row()], BENCH, risk=1e-4, fixed_seconds=20.0).false_fails_consistent


def test_every_kind_has_its_expectation() -> None:
    from rig.sim.scenario import FAULTS

    assert set(EXPECTED) == set(FAULTS)
