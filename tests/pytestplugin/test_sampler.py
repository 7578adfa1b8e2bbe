"""Instruments read while a board runs: when they are due, and what is believed of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

import pytest

from rig.clock import VirtualClock
from rig.errors import InstrumentError
from rig.pytestplugin.sampler import Sampler
from rig.slot import Mode, PowerReading, Reading, ScanReading, Status, SupplyReading

OVERLOAD, NO_DATA = Reading.missing(Status.OVERLOAD), Reading.missing(Status.NO_DATA)


def power(watts: float | Reading = 1000.0, hours: float | Reading = 5.0) -> PowerReading:
    def reading(value: float | Reading) -> Reading:
        return value if isinstance(value, Reading) else Reading(value)

    amps = watts / 13.6 if isinstance(watts, float) else watts
    return PowerReading(Reading(13.6), reading(amps), reading(watts), reading(hours))


def scanned(*odd: tuple[int, Reading]) -> ScanReading:
    readings = [Reading(1.046)] * 14
    for channel, reading in odd:
        readings[channel] = reading
    return ScanReading(readings[:13], readings[13])


@dataclass
class Instrument:
    """Gives the readings it was told to, the last one for ever."""

    readings: Sequence[Any]
    reads: int = 0

    def read(self) -> Any:
        self.reads += 1
        return self.readings[min(self.reads, len(self.readings)) - 1]


def supplying(mode: Mode = Mode.CONSTANT_VOLTAGE) -> SupplyReading:
    return SupplyReading(Reading(13.6), Reading(76.0), Reading(1033.6), mode)


@dataclass
class Bench:
    """What the sampler uses of a slot."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    supply: Instrument = field(default_factory=lambda: Instrument([supplying()]))
    meter: Instrument = field(default_factory=lambda: Instrument([power()]))
    scanner: Instrument = field(default_factory=lambda: Instrument([scanned()]))

    def sampler(self) -> Sampler:
        made = Sampler(self)  # type: ignore[arg-type]
        made.begin()
        return made


def metered(*readings: PowerReading) -> Bench:
    return Bench(meter=Instrument(readings))


def step_for(bench: Bench, sampler: Sampler, seconds: int) -> None:
    for _ in repeat(None, seconds * 10):
        sampler.step()
        bench.clock.sleep(0.1)


def test_power_is_read_once_a_second_and_domains_every_five() -> None:
    bench = Bench()
    step_for(bench, bench.sampler(), 20)
    assert bench.meter.reads == bench.supply.reads
    assert 18 <= bench.meter.reads <= 20
    assert 3 <= bench.scanner.reads <= 4


def test_a_sample_holds_what_was_read_and_when() -> None:
    bench = Bench()
    bench.clock.sleep(100)
    sampler = bench.sampler()

    sample = sampler.step()

    assert sample is not None
    assert (sample.seconds, sample.supply, sample.meter) == (100.0, supplying(), power())
    assert sample.scan == scanned()
    assert sampler.last is sample
    assert sampler.step() is None
    bench.clock.sleep(1)
    later = sampler.step()
    assert later is not None
    assert later.scan is None


def test_a_new_phase_reads_everything_at_once_and_forgets_the_means() -> None:
    bench = metered(power(900.0), power(1000.0))
    sampler = bench.sampler()
    sampler.step()
    sampler.begin()
    assert math.isnan(sampler.mean_watts())
    sample = sampler.step()
    assert sample is not None
    assert sample.scan is not None
    assert sampler.mean_watts() == 1000.0


def test_means_are_of_all_whole_readings_of_the_phase() -> None:
    bench = metered(power(990.0), power(NO_DATA), power(1010.0))
    sampler = bench.sampler()
    step_for(bench, sampler, 3)
    assert bench.meter.reads == 3
    assert sampler.mean_watts() == 1000.0
    assert sampler.mean_amps() == pytest.approx(1000 / 13.6)


@pytest.mark.parametrize(("bad", "word"), [(OVERLOAD, "overload"), (NO_DATA, "no data")])
def test_three_meter_readings_without_a_number_are_the_meters_fault(bad: Reading, word: str) -> None:
    bench = metered(power(bad))
    sampler = bench.sampler()
    for _ in range(2):
        assert sampler.step() is not None
        bench.clock.sleep(1)

    with pytest.raises(InstrumentError, match=f"power meter: found {word} 3 times, expected watts") as fault:
        sampler.step()

    assert fault.value.code == "STN-METER"
    assert bench.meter.reads == 3


def test_a_number_that_is_none_counts_as_missing() -> None:
    bench = metered(power(math.inf))
    with pytest.raises(InstrumentError):
        step_for(bench, bench.sampler(), 3)


def test_two_bad_readings_are_a_change_of_range() -> None:
    twice = (power(OVERLOAD), power(OVERLOAD), power())
    bench = metered(power(), *twice, *twice)
    step_for(bench, bench.sampler(), 7)
    assert bench.meter.reads == 7


def test_a_supply_that_tripped_by_itself_is_the_supplys_fault() -> None:
    bench = Bench(supply=Instrument([supplying(), supplying(Mode.TRIPPED)]))
    sampler = bench.sampler()
    sampler.step()
    bench.clock.sleep(1)
    with pytest.raises(InstrumentError, match="protection tripped") as fault:
        sampler.step()
    assert fault.value.code == "STN-SUPPLY"


@pytest.mark.parametrize(
    ("channel", "place"), [(0, "domain 0"), (12, "domain 12"), (13, "the terminals")]
)
def test_a_channel_without_volts_is_the_scanners_fault(channel: int, place: str) -> None:
    bench = Bench(scanner=Instrument([scanned((channel, OVERLOAD))]))
    with pytest.raises(InstrumentError, match=f"scanner at {place}: found overload, expected volts") as fault:
        bench.sampler().step()
    assert fault.value.code == "STN-SCANNER"


def test_a_scan_by_hand_is_kept() -> None:
    bench = Bench()
    sampler = bench.sampler()
    assert sampler.scan() == scanned()
    assert sampler.last_scan == scanned()


def test_settled_power_waits_for_a_whole_reading() -> None:
    bench = metered(power(OVERLOAD), power(hours=NO_DATA), power(1040.0, 8.7))
    sampler = bench.sampler()
    assert sampler.settled_power() == power(1040.0, 8.7)
    assert bench.clock.now() == pytest.approx(0.4)


def test_settled_power_is_no_part_of_the_means() -> None:
    bench = metered(power(1000.0), power(200.0))
    sampler = bench.sampler()
    sampler.step()
    assert sampler.settled_power() == power(200.0)
    assert sampler.mean_watts() == 1000.0


@pytest.mark.parametrize("bad", [power(OVERLOAD), power(hours=NO_DATA)], ids=["watts", "energy"])
def test_settled_power_gives_up_after_three(bad: PowerReading) -> None:
    bench = metered(bad)
    with pytest.raises(InstrumentError) as fault:
        bench.sampler().settled_power()
    assert fault.value.code == "STN-METER"
    assert bench.meter.reads == 3


def test_a_slow_meter_leaves_a_phase_its_time() -> None:
    bench = Bench()

    @dataclass
    class Slow(Instrument):
        def read(self) -> Any:
            bench.clock.sleep(1.5)
            return super().read()

    bench.meter = Slow([power()])
    step_for(bench, bench.sampler(), 30)
    waited = bench.clock.now() - 30.0
    assert bench.meter.reads >= 5
    assert waited <= 0.4 * bench.clock.now()
