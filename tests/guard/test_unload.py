"""A hand may go in when volts, time and heat all allow it."""

from __future__ import annotations

import pytest

from rig.fixturefile import UnloadEntry
from rig.guard.unload import UnloadGate
from rig.slot import Mode, Reading, Status, SupplyReading

NONE = SupplyReading(Reading(0.1), Reading(0.0), Reading(0.0), Mode.OFF)
LEFT = SupplyReading(Reading(1.4), Reading(0.0), Reading(0.0), Mode.OFF)
BLIND = SupplyReading(Reading.missing(Status.NO_DATA), Reading(0.0), Reading(0.0), Mode.OFF)


@pytest.fixture
def gate() -> UnloadGate:
    made = UnloadGate(UnloadEntry())
    made.close()
    made.proved_off(100.0)
    return made


def test_nobody_knows_what_was_before_the_guard() -> None:
    gate = UnloadGate(UnloadEntry())

    assert gate.look(NONE, 25.0, 1000.0).why == "the output is not proved off"
    gate.open()
    assert gate.look(None, None, 1000.0).safe


@pytest.mark.parametrize(
    ("reading", "celsius", "now", "why"),
    [
        (NONE, 30.0, 120.0, "off for 20 s, expected 30"),
        (LEFT, 30.0, 131.0, "1.40 V at the supply, expected below 1"),
        (BLIND, 30.0, 131.0, "the supply tells no volts"),
        (None, 30.0, 131.0, "the supply tells no volts"),
        (NONE, 46.0, 131.0, "46 °C, expected at most 45"),
        (NONE, 45.0, 131.0, ""),
        (NONE, None, 131.0, ""),
        (LEFT, 50.0, 110.0,
         "1.40 V at the supply, expected below 1; off for 10 s, expected 30; 50 °C, expected at most 45"),
    ],
)
def test_all_three_together(
    gate: UnloadGate, reading: SupplyReading | None, celsius: float | None, now: float, why: str
) -> None:
    found = gate.look(reading, celsius, now)

    assert (found.safe, found.why) == (why == "", why)
    assert found.seconds_left == pytest.approx(max(0.0, 130.0 - now))


def test_a_sensor_that_told_and_falls_silent_holds_it(gate: UnloadGate) -> None:
    gate.look(NONE, 50.0, 110.0)

    assert gate.look(NONE, None, 200.0).why == "no board sensor answers any longer"
    gate.open()
    assert gate.look(NONE, None, 200.0).safe


def test_once_open_it_stays_open_until_the_next_power(gate: UnloadGate) -> None:
    assert gate.look(NONE, 40.0, 131.0).safe
    assert gate.look(LEFT, 60.0, 132.0).safe
    gate.close()
    assert gate.look(NONE, 40.0, 133.0).why == "the output is not proved off"
    gate.proved_off(140.0)
    gate.proved_off(160.0)
    assert not gate.look(NONE, 40.0, 169.0).safe
    assert gate.look(NONE, 40.0, 170.0).safe


def test_a_stricter_fixture() -> None:
    gate = UnloadGate(UnloadEntry(volts=0.5, seconds=60, celsius=35))
    gate.close()
    gate.proved_off(0.0)

    low = SupplyReading(Reading(0.6), Reading(0.0), Reading(0.0), Mode.OFF)
    assert "expected below 0.5" in gate.look(low, 36.0, 59.0).why
    assert "60" in gate.look(low, 36.0, 59.0).why
    assert gate.look(NONE, 35.0, 60.0).safe
