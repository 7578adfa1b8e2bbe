"""One look at three instruments: what each pair of them says of the path between."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.pytestplugin.power_path import MOST_OHMS, PathReading
from rig.slot import Mode, Reading, SupplyReading

CABLE, CONTACT = 0.002, 0.0015


def path(
    amps: float, *, sensed: bool = True, set_volts: float = 13.7, read_back: float | None = None,
    contact: float = CONTACT, meter_watts: float = 0.0,
) -> PathReading:
    """What exact instruments read of a path that carries ``amps``."""
    connector = set_volts if sensed else set_volts - amps * CABLE
    volts = set_volts if read_back is None else read_back
    supply = SupplyReading(Reading(volts), Reading(amps), Reading(volts * amps), Mode.CONSTANT_VOLTAGE)
    return PathReading(
        set_volts, 0.0 if sensed else CABLE, supply, connector, amps, connector * amps + meter_watts,
        connector - amps * contact,
    )


@given(st.floats(1.0, 95.0), st.booleans(), st.floats(0.0005, 0.05))
def test_a_sound_path_adds_up_with_sense_leads_and_without(amps: float, sensed: bool, contact: float) -> None:
    one = path(amps, sensed=sensed, contact=contact)
    assert one.readback_error == 0.0
    assert one.sense_error == pytest.approx(0.0, abs=1e-9)
    assert one.balance_watts == pytest.approx(0.0, abs=1e-6)
    assert one.contact_ohms == pytest.approx(contact, rel=1e-6)


def test_each_fault_shows_in_its_own_figure() -> None:
    assert path(77.0, read_back=13.8).readback_error == pytest.approx(0.1)
    assert path(77.0, read_back=13.8).sense_error == pytest.approx(0.0)
    assert path(77.0, meter_watts=40.0).balance_watts == pytest.approx(-40.0)
    open_sense = PathReading(
        13.7, 0.0, path(77.0).supply, 13.7 - 77 * CABLE, 77.0, (13.7 - 77 * CABLE) * 77, 13.4,
    )
    assert open_sense.readback_error == 0.0
    assert open_sense.sense_error == pytest.approx(0.154)
    assert open_sense.balance_watts == pytest.approx(77 * 77 * CABLE)


def test_what_no_current_cannot_tell() -> None:
    still = path(0.01)
    assert math.isnan(still.contact_ohms)
    assert still.rail_ohms == MOST_OHMS


def test_rail_ohms() -> None:
    assert path(2.0, set_volts=0.04).rail_ohms == pytest.approx(0.02)
    assert path(0.06, set_volts=13.7).rail_ohms == MOST_OHMS
