from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rig.datafile import check
from rig.errors import CalibrationOverdue, FileError
from rig.fixturefile import FixtureFile
from rig.purpose import Purpose
from rig.pytestplugin.calibration import demand_calibration, instrument_records
from rig.slot import InstrumentNote

TODAY = date(2026, 6, 15)


def fixture(*, production: bool, meter: dict[str, Any]) -> FixtureFile:
    supply = {"max_volts": 20, "max_amps": 120, "max_watts": 2000, "watchdog_seconds": 2}
    return check(Path("bench.yaml"), {
        "fixture": "b", "simulated": True, "board": "s21pro", "production": production,
        "slots": {"slot1": {"supply": supply, "meter": meter, "scanner": {}}},
    }, FixtureFile)


@pytest.mark.parametrize(
    ("meter", "ends"),
    [
        ({"calibrated": "2025-06-15", "calibration_due": 365}, date(2026, 6, 15)),
        ({"calibrated": "2025-06-14", "calibration_due": 365}, date(2026, 6, 14)),
        ({"calibration_due": "2026-06-14", "certificate": "K-17"}, date(2026, 6, 14)),
        ({"calibrated": "2025-06-14"}, None),
    ],
)
def test_overdue_blocks_production_from_the_next_day_on(meter: dict[str, Any], ends: date | None) -> None:
    bench = fixture(production=True, meter=meter)
    slot = bench.slot("slot1")
    assert slot.meter.calibration_ends == ends
    if ends is None or ends >= TODAY:
        demand_calibration(bench, slot, TODAY, Purpose.TEST)
        return
    with pytest.raises(CalibrationOverdue, match="meter since 2026-06-14") as caught:
        demand_calibration(bench, slot, TODAY, Purpose.TEST)
    assert caught.value.code == "STN-CAL"


def test_an_engineering_run_on_a_production_bench_goes_on() -> None:
    bench = fixture(production=True, meter={"calibration_due": "2026-06-14"})

    demand_calibration(bench, bench.slot("slot1"), TODAY, Purpose.ENGINEERING)

    with pytest.raises(CalibrationOverdue):
        demand_calibration(bench, bench.slot("slot1"), TODAY, Purpose.GOLDEN)


def test_overdue_marks_the_record_of_an_engineering_run() -> None:
    meter = {"calibrated": "2025-06-01", "certificate": "K-17", "calibration_due": "2026-06-14"}
    bench = fixture(production=False, meter=meter)
    slot = bench.slot("slot1")
    demand_calibration(bench, slot, TODAY, Purpose.TEST)

    notes = [InstrumentNote(role, "f", "A,B,C,D") for role in ("meter", "scanner", "bridge")]
    found, scanner, bridge = instrument_records(slot, notes, TODAY)

    assert (found.calibrated, found.certificate) == ("2025-06-01", "K-17")
    assert (found.calibration_due, found.calibration_overdue) == ("2026-06-14", True)
    assert (scanner.calibration_due, scanner.calibration_overdue) == (None, False)
    assert bridge.identity == "A,B,C,D"


@pytest.mark.parametrize(
    ("meter", "field"),
    [({"calibration_due": 365}, "calibrated"), ({"calibrated": "soon"}, "calibrated"),
     ({"calibrated": "2026-01-01", "calibration_due": 0}, "calibration_due")],
)
def test_what_cannot_be_a_calibration_is_refused(meter: dict[str, Any], field: str) -> None:
    with pytest.raises(FileError, match=field):
        fixture(production=False, meter=meter)
