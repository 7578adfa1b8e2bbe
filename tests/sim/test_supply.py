"""The supply's output stage."""

from __future__ import annotations

import pytest

from rig.sim.supply import SupplyOutput
from rig.slot import Mode
from rig.slotentry import SupplyEntry


@pytest.fixture
def output() -> SupplyOutput:
    stage = SupplyOutput(SupplyEntry(max_volts=20, max_amps=120, max_watts=2000))
    stage.volts_set, stage.amps_set = 15.0, 95.0
    return stage


def test_output_slews_at_fifty_volts_a_second(output: SupplyOutput) -> None:
    assert output.switch_on()
    output.slew(0.1)
    assert output.ramp == pytest.approx(5.0)
    output.slew(1.0)
    assert output.ramp == 15.0


def test_over_volts_trip_at_once_and_must_be_cleared(output: SupplyOutput) -> None:
    output.over_volts = 14.0
    output.switch_on()
    output.settle(14.1, 1.0, 0.001, limiting=False)
    assert not output.on
    assert output.mode is Mode.TRIPPED
    assert not output.switch_on()
    output.clear_trips()
    assert output.switch_on()


def test_over_amps_trip_only_when_armed_and_when_they_last(output: SupplyOutput) -> None:
    output.over_amps = 50.0
    output.switch_on()
    output.settle(13.0, 60.0, 1.0, limiting=False)
    assert output.on
    output.over_amps_armed = True
    output.settle(13.0, 60.0, 0.005, limiting=False)
    output.settle(13.0, 40.0, 0.005, limiting=False)
    output.settle(13.0, 60.0, 0.006, limiting=False)
    assert output.on
    output.settle(13.0, 60.0, 0.006, limiting=False)
    assert not output.on
    assert output.tripped_amps


def test_modes(output: SupplyOutput) -> None:
    assert output.mode is Mode.OFF
    output.switch_on()
    output.settle(13.0, 95.0, 0.01, limiting=True)
    assert output.mode is Mode.CONSTANT_CURRENT
    output.settle(13.0, 50.0, 0.01, limiting=False)
    assert output.mode is Mode.CONSTANT_VOLTAGE


def test_without_mains_nothing_goes_on_and_settings_are_lost(output: SupplyOutput) -> None:
    output.switch_on()
    output.feed_mains(on=False)
    assert not output.on
    assert not output.switch_on()
    output.feed_mains(on=True)
    assert output.volts_set == 0
