"""Sensors behind the mux, absent ones, and a mux that somebody else moves."""

from __future__ import annotations

from typing import Any

import pytest

from rig.board.sensors import hottest_of, read_sensor, read_sensors
from rig.errors import BridgeError, NoAcknowledge
from rig.recipe import Product


@pytest.mark.usefixtures("sensors")
def test_all_sensors_with_their_fraction(slot: Any, product: Product) -> None:
    assert read_sensors(slot, product) == (25.0, 26.5, 27.0625, 30.25)


@pytest.mark.parametrize("celsius", [-40.0, -0.0625, 0.0, 127.9375])
def test_the_extended_range(slot: Any, sensors: Any, product: Product, celsius: float) -> None:
    sensors.celsius[0] = celsius
    assert read_sensor(slot, product, 0) == celsius


def test_an_absent_sensor_is_none_and_the_others_are_read(slot: Any, sensors: Any, product: Product) -> None:
    sensors.celsius[2] = None
    assert read_sensors(slot, product) == (25.0, 26.5, None, 30.25)


@pytest.mark.usefixtures("sensors")
def test_an_absent_mux_is_none_for_all(slot: Any, product: Product) -> None:
    del slot.side.devices[0x70]
    assert read_sensors(slot, product) == (None,) * 4


def test_a_reading_under_a_moved_mux_is_taken_again(slot: Any, sensors: Any, product: Product) -> None:
    sensors.stolen = 4                      # one and a third readings spoilt by channel 3
    assert read_sensor(slot, product, 0) == 25.0


def test_absence_seen_under_a_moved_mux_is_taken_again(slot: Any, sensors: Any, product: Product) -> None:
    sensors.celsius[3] = None
    sensors.stolen = 1
    assert read_sensor(slot, product, 0) == 25.0


def test_a_mux_that_never_stays_is_the_station_s_fault(slot: Any, sensors: Any, product: Product) -> None:
    sensors.stolen = 1_000
    with pytest.raises(BridgeError, match="did not stay on channel 1") as caught:
        read_sensor(slot, product, 1)
    assert not isinstance(caught.value, NoAcknowledge)


def test_hottest_of_those_that_answered() -> None:
    assert hottest_of((20.0, None, 31.5)) == 31.5
    assert hottest_of((None, None)) is None


@pytest.mark.parametrize(("first", "then"), [(55.9375, 56.0), (56.0, 55.9375)])
def test_a_whole_degree_passed_between_the_reads_is_no_jump(
    slot: Any, sensors: Any, product: Product, first: float, then: float
) -> None:
    reads = iter([first, then, then])

    def drift() -> None:
        sensors.celsius[0] = next(reads)

    sensors.refresh = drift
    assert read_sensor(slot, product, 0) == pytest.approx(56.0, abs=0.07)
