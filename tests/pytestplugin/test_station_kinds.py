"""Faults of the station, each in a whole run of the shipped plan in virtual time: the code is the
station's and the board is not blamed; below what must be caught the board is judged as ever."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import rig
from rig.records import STORE_FILE, CycleBook
from rig.testkit import VirtualBench
from rig.verdict import Verdict

ROOT = Path(rig.__file__).parents[1]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def bench(results: Path) -> VirtualBench:
    return VirtualBench(
        "s21pro", fixture=ROOT / "fixtures" / "sim.yaml", results=results, plans=ROOT / "testplans",
    )


def fault(kind: str, **told: Any) -> dict[str, Any]:
    return {"kind": kind, **told}


def name_of(value: object) -> str:
    return "-".join(map(str, value.values())) if isinstance(value, dict) else ""


STATION = [
    (fault("supply_hangs"), {"STN-SUPPLY"}),
    (fault("supply_hangs", at_seconds=15), {"STN-SUPPLY"}),
    (fault("supply_trips", amps=70), {"STN-SUPPLY"}),
    (fault("supply_trips", amps=5), {"STN-SUPPLY"}),
    (fault("supply_readback_offset", volts=0.1), {"STN-SUPPLY"}),
    (fault("supply_readback_offset", volts=-0.1), {"STN-SUPPLY"}),
    (fault("supply_readback_offset", volts=1.5), {"STN-SUPPLY"}),
    (fault("meter_offset", watts=40), {"STN-METER"}),
    (fault("meter_offset", watts=-40), {"STN-METER"}),
    (fault("late_reply", instrument="supply", ms=2000), {"STN-SUPPLY"}),
    (fault("late_reply", instrument="meter", ms=2000), {"STN-METER"}),
    (fault("late_reply", instrument="scanner", ms=2000), {"STN-SCANNER"}),
    (fault("contact_resistance", ohms=0.005), {"STN-CONTACT"}),
    (fault("contact_resistance", ohms=0.05), {"STN-CONTACT"}),
    (fault("contact_resistance", ohms=5), {"STN-CONTACT"}),
    (fault("sense_open"), {"STN-CONTACT"}),
    (fault("cable_open"), {"STN-CONTACT"}),
    (fault("cable_open", at_seconds=30), {"STN-CONTACT"}),
    (fault("will_not_warm"), {"STN-WARM", "STN-FAN"}),
    (fault("fan_fail", fan=2), {"STN-FAN"}),
    (fault("ambient", celsius=43), {"STN-AMBIENT"}),
    (fault("ambient", celsius=12), {"STN-AMBIENT"}),
]


@pytest.mark.parametrize(("fault", "codes"), STATION, ids=name_of)
def test_the_station_is_named_and_no_board_blamed(
    bench: VirtualBench, fault: dict[str, Any], codes: set[str]
) -> None:
    record = bench.run([fault], seed=7)
    assert record.failure_code in codes, record.failure_text
    assert (record.verdict, record.board_verdict) == (Verdict.STATION_FAULT, None)
    assert {finding.party.value for finding in record.findings} == {"station"}


ABSORBED = [
    [fault("supply_readback_offset", volts=-0.03), fault("meter_offset", watts=15)],
    [fault("contact_resistance", ohms=0.002), fault("late_reply", instrument="scanner", ms=1000)],
    [fault("late_reply", instrument="meter", ms=1000), fault("supply_trips", amps=99)],
]


@pytest.mark.parametrize("faults", ABSORBED, ids=lambda faults: "-".join(one["kind"] for one in faults))
def test_below_what_must_be_caught_the_board_is_judged(
    bench: VirtualBench, faults: list[dict[str, Any]]
) -> None:
    record = bench.run(faults, seed=7)
    assert (record.verdict, record.board_verdict) == (Verdict.PASS, Verdict.PASS), record.failure_text


LATE = [
    (fault("contact_resistance", ohms=0.02, at_seconds=50), "STN-CONTACT"),
    (fault("meter_offset", watts=45, at_seconds=60), "STN-METER"),
    (fault("will_not_warm", at_seconds=12), "STN-WARM"),
]


@pytest.mark.parametrize(("fault", "code"), LATE, ids=name_of)
def test_what_strikes_at_work_is_found_before_the_board_is_judged(
    bench: VirtualBench, fault: dict[str, Any], code: str
) -> None:
    record = bench.run([fault, {"kind": "weak_chip", "chip": 17, "rate": 0.9}], seed=7)
    assert record.failure_code == code
    assert (record.verdict, record.board_verdict) == (Verdict.STATION_FAULT, None)


BOARD = [
    (fault("short_circuit", ohms=0.02), {"POWER-SHORT"}),
    (fault("open_input"), {"POWER-OPEN"}),
    (fault("leakage", amps=2), {"POWER-LEAK", "POWER-HIGH"}),
    (fault("leakage", amps=8), {"POWER-LEAK", "POWER-HIGH"}),
    (fault("dead_domain", domain=4, how="shorted"), {"DOMAIN-LOST"}),
    (fault("domain_voltage", domain=3, offset_volts=0.06), {"DOMAIN-VOLTS"}),
    (fault("domain_voltage", domain=9, offset_volts=-0.3), {"DOMAIN-VOLTS"}),
    (fault("sensor_stuck", sensor=1, celsius=90), {"SENSOR-STUCK"}),
    (fault("sensor_stuck", sensor=2, celsius=26), {"SENSOR-STUCK"}),
]


@pytest.mark.parametrize(("fault", "codes"), BOARD, ids=name_of)
def test_what_is_the_boards_stays_the_boards(
    bench: VirtualBench, fault: dict[str, Any], codes: set[str]
) -> None:
    record = bench.run([fault], seed=7)
    assert record.failure_code in codes, record.failure_text
    assert (record.verdict, record.board_verdict) == (Verdict.FAIL, Verdict.FAIL)


def test_a_sound_path_has_its_figures_and_is_kept_for_the_trend(bench: VirtualBench, results: Path) -> None:
    record = bench.run(seed=8)
    found = {taken.name: taken.values[0] for taken in record.latest()}
    assert found["contact_ohms"] == pytest.approx(0.0015, abs=0.0003)
    assert found["rail_ohms"] == 100.0
    assert abs(found["power_balance_watts"]) < 3
    assert abs(found["idle_excess_amps"]) < 0.3
    assert found["terminal_volts"] == pytest.approx(13.6, abs=0.02)
    assert found["left_volts"] < 1.0
    assert 30 < found["kelvin_per_kilowatt"] < 43
    domain_volts = next(taken.values for taken in record.latest() if taken.name == "domain_volts")
    at_the_pads = sum(domain_volts) * found["board_amps"]       # some 8 W less than at the connector
    assert found["board_watts"] == pytest.approx(at_the_pads, rel=0.003)
    book = CycleBook(results / STORE_FILE, record.fixture, record.slot)
    assert book.contacts(1) == ((record.made_by.connector_cycles, found["contact_ohms"]),)
    assert record.made_by.fixture_cycles == record.made_by.connector_cycles


@pytest.mark.parametrize(("told", "seed", "code"), [
    # the board's clock was up when the port died: its current is no idle board's
    (fault("uart_gone", at_seconds=22.9), 1942251896, "STN-LINK"),
    # its sensors fell silent before the guard looked at the seat again
    (fault("board_removed", at_seconds=49.98816950009848), 1107862921, "OPR-UNPLUG"),
    # a lone sensor ten kelvin over the rest is no board that must cool
    (fault("sensor_stuck", sensor=0, celsius=34.214315350646274), 104640768, "SENSOR-STUCK"),
    # the chips were counted until the guard ended the phase, and a joint was suspected
    (fault("corrupt_replies", rate=0.046566981006107906), 1832199592, "STN-WIRE"),
], ids=["port", "seat", "sensor", "wire"])
def test_what_a_study_saw_booked_to_another(
    bench: VirtualBench, told: dict[str, Any], seed: int, code: str
) -> None:
    record = bench.run([told], seed=seed)
    assert record.failure_code == code
    assert record.board_verdict is (Verdict.FAIL if code == "SENSOR-STUCK" else None)
