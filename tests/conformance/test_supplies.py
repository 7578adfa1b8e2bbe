from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rig.errors import InstrumentError
from rig.instruments.registry import SUPPLIES, supply_family
from rig.slot import Mode, Protection, Status

pytestmark = pytest.mark.parametrize("family", list(SUPPLIES))

Open = Callable[..., Any]
PROTECTION = Protection(16.0, 100.0)
FOLDBACK = ("n6900", "genesys")             # over-current protection without a level


def output_of(gear: Any, family: str) -> Any:
    slot = gear.rack.slots[gear.slot_of(family)]
    slot.advance(gear.clock.now())
    return slot.output


def words_of(gear: Any, family: str) -> Any:
    return supply_family(gear.rack.slots[gear.slot_of(family)].entry.supply)


def wrong_of(gear: Any, family: str) -> Any:
    return gear.wrong[gear.slot_of(family), "supply"]


def test_connect_is_identify(gear: Any, opened: Open, family: str) -> None:
    supply = opened("supply", family)

    models = SUPPLIES[family].models
    assert not models or supply.identity.model.startswith(models)
    assert wrong_of(gear, family).heard[0] == "*IDN?"


@pytest.mark.parametrize("changes", [{"model": "OTHER"}, {"serial_number": "NOBODY"}])
def test_another_instrument_than_the_file_names_is_refused(
    opened: Open, family: str, changes: dict[str, str]
) -> None:
    with pytest.raises(InstrumentError, match=r"OTHER|NOBODY") as caught:
        opened("supply", family, **changes)
    assert caught.value.code == "STN-SUPPLY"


def test_levels_go_up_and_down_within_their_bounds(gear: Any, opened: Open, family: str) -> None:
    supply = opened("supply", family)

    for volts, amps, protection in ((13.6, 95.0, PROTECTION), (2.0, 2.0, Protection(3.0, 4.0)),
                                    (14.0, 80.0, PROTECTION)):
        supply.configure(volts, amps, protection)
        output = output_of(gear, family)
        assert (output.volts_set, output.amps_set) == (volts, amps)
        assert output.over_volts == protection.over_volts
        assert family in FOLDBACK or output.over_amps == protection.over_amps
    assert not output.on
    supply.set_volts(12.5)
    assert output.volts_set == 12.5


def test_a_level_beyond_the_rating_is_refused_with_its_command(opened: Open, family: str) -> None:
    supply = opened("supply", family)

    with pytest.raises(InstrumentError, match=r"VOLT.* 25\.000"):
        supply.configure(25.0, 95.0, PROTECTION)
    supply.configure(13.6, 95.0, PROTECTION)


def test_output_goes_on_is_measured_and_goes_off(gear: Any, opened: Open, family: str) -> None:
    supply = opened("supply", family)
    supply.configure(13.6, 95.0, PROTECTION)
    assert supply.read().mode is Mode.OFF

    supply.output_on()
    gear.settle(family, 13.6)

    reading = supply.read()
    assert reading.mode is Mode.CONSTANT_VOLTAGE
    assert reading.volts.value == pytest.approx(13.6, rel=0.005)
    assert reading.amps.value > 0.5
    assert reading.watts.value == pytest.approx(reading.volts.value * reading.amps.value)
    supply.output_off()
    assert not output_of(gear, family).on
    assert supply.read().mode is Mode.OFF


def test_protection_trips_and_is_forgotten(gear: Any, opened: Open, family: str) -> None:
    options = dict(gear.rack.slots[gear.slot_of(family)].entry.supply.options)
    if family in FOLDBACK:
        options["trips_in_current_limit"] = True
    supply = opened("supply", family, options=options)
    supply.configure(13.6, 0.3 if family in FOLDBACK else 95.0, PROTECTION)
    supply.output_on()
    if family not in FOLDBACK:
        output_of(gear, family).over_volts = 5.0            # by hand, at its panel
    deadline = gear.clock.now() + 2.0
    while output_of(gear, family).on:
        assert gear.clock.now() < deadline
        gear.clock.sleep(0.01)

    assert not output_of(gear, family).on
    assert supply.read().mode is Mode.TRIPPED
    supply.clear_protection()
    supply.configure(13.6, 95.0, PROTECTION)
    supply.output_on()
    assert output_of(gear, family).on


def test_a_current_limit_limits_and_does_not_trip(gear: Any, opened: Open, family: str) -> None:
    supply = opened("supply", family)
    supply.configure(13.6, 0.3, PROTECTION)         # the discharge relay rests across the pads
    supply.output_on()
    for _ in range(10):
        gear.clock.sleep(0.05)
        reading = supply.read()

    assert reading.mode is Mode.CONSTANT_CURRENT
    assert reading.amps.value == pytest.approx(0.3, rel=0.05)
    assert reading.volts.value < 10


def test_the_watchdog_switches_off_a_supply_nobody_talks_to(gear: Any, opened: Open, family: str) -> None:
    if gear.name == "visa" and family != "n6900":
        pytest.skip("seconds of real time; in memory all families wait")
    supply = opened("supply", family)
    supply.configure(13.6, 95.0, PROTECTION)
    if words_of(gear, family).watchdog is None:
        assert supply.arm_watchdog(1.7) is None
        supply.disarm_watchdog()
        return
    assert supply.arm_watchdog(1.7) == 1.0
    supply.output_on()
    for _ in range(6):
        gear.clock.sleep(0.25)
        assert supply.output_is_on()

    gear.clock.sleep(1.2)

    assert not output_of(gear, family).on
    assert supply.read().mode is Mode.TRIPPED
    supply.clear_protection()
    supply.disarm_watchdog()
    assert output_of(gear, family).watchdog_seconds is None


@pytest.mark.parametrize(
    ("said", "status"),
    [("9.91E37", Status.NO_DATA), ("NAN", Status.NO_DATA), ("9.9E37", Status.OVERLOAD),
     ("-9.9E+37", Status.OVERLOAD), ("INF", Status.OVERLOAD)],
)
def test_a_sentinel_is_a_status(
    gear: Any, opened: Open, family: str, says: Any, said: str, status: Status
) -> None:
    supply = opened("supply", family)
    wrong_of(gear, family).misbehave(words_of(gear, family).measure_amps, says(said))

    reading = supply.read()

    assert (reading.amps.status, reading.watts.status) == (status, status)
    assert reading.volts.ok


@pytest.mark.parametrize("fault", ["SILENT", "LATE", "HALF", "TWICE", "CLOSES", "FLOODS"])
def test_no_answer_is_taken_for_another(
    gear: Any, opened: Open, family: str, faults: Any, fault: str
) -> None:
    if gear.name == "visa" and fault in ("SILENT", "LATE", "HALF") and family != "scpi99":
        pytest.skip("seconds of real time; in memory all families wait")
    supply = opened("supply", family)
    supply.configure(13.6, 95.0, PROTECTION)
    supply.output_on()
    gear.settle(family, 13.6)
    wrong = wrong_of(gear, family)
    wrong.heard.clear()
    wrong.misbehave(words_of(gear, family).measure_volts, faults[fault])

    for _ in range(3):
        reading = supply.read()
        assert reading.volts.value == pytest.approx(13.6, rel=0.005)
        assert reading.mode is Mode.CONSTANT_VOLTAGE
        gear.clock.sleep(5.0 if gear.name == "memory" else 0.0)

    assert wrong.heard.count("*IDN?") == 1
    supply.output_off()
    assert not output_of(gear, family).on


def test_what_fails_twice_is_raised_and_off_still_works(
    gear: Any, opened: Open, family: str, faults: Any
) -> None:
    supply = opened("supply", family)
    supply.configure(13.6, 95.0, PROTECTION)
    supply.output_on()
    words = words_of(gear, family)
    wrong_of(gear, family).misbehave(words.measure_volts, faults.CLOSES, faults.CLOSES)
    with pytest.raises(InstrumentError, match="expected one answer"):
        supply.read()

    supply.interrupt_off()

    assert not output_of(gear, family).on
