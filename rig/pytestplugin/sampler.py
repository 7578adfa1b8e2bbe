"""Instruments read while a board runs: once a second power, every few seconds the domains."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import fmean

from rig.errors import InstrumentError, Role
from rig.slot import Mode, PowerReading, Reading, ScanReading, Slot, Status, SupplyReading

_POWER_SECONDS = 1.0
_SCAN_SECONDS = 5.0
_REST_SHARE = 4.0               # a reading that takes longer is repeated after so many times as long
_MOST_BAD_READINGS = 3          # one without data is a range change, three are an instrument


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at the slot's power. Missing numbers are NaN; ``scan`` only when one was due."""

    seconds: float
    supply: SupplyReading
    meter: PowerReading
    scan: ScanReading | None


@dataclass(slots=True)
class _Means:
    """Samples of one phase, for its means."""

    watts: list[float] = field(default_factory=list)
    amps: list[float] = field(default_factory=list)
    volts: list[float] = field(default_factory=list)


class Sampler:
    """Reads supply, meter and scanner of a live slot when they are due.

    Raises InstrumentError when an instrument keeps giving no number, GuardTrip through the
    supply when the guard has switched off.
    """

    def __init__(self, slot: Slot) -> None:
        self._slot = slot
        self._power_due = self._scan_due = -math.inf
        self._bad = 0
        self._means = _Means()
        self.last: Sample | None = None
        self.last_scan: ScanReading | None = None

    def begin(self) -> None:
        """Forget the means: a new phase begins, and both readings are due."""
        self._means = _Means()
        self._power_due = self._scan_due = -math.inf

    def step(self) -> Sample | None:
        """A fresh sample if one is due, else None."""
        now = self._slot.clock.now()
        if now < self._power_due:
            return None
        scan = None
        if now >= self._scan_due:
            scan = self.scan()
            self._scan_due = self._next(now, _SCAN_SECONDS)
        supply = self._slot.supply.read()
        if supply.mode is Mode.TRIPPED:
            raise InstrumentError(
                Role.SUPPLY, "the supply's own protection tripped below its set level; "
                "check the supply and its trip levels",
            )
        meter = self._slot.meter.read()
        if self._judge_meter(meter.watts, meter.amps, meter.volts):
            self._means.watts.append(meter.watts.value)
            self._means.amps.append(meter.amps.value)
            self._means.volts.append(meter.volts.value)
        self._power_due = self._next(now, _POWER_SECONDS)
        self.last = Sample(now, supply, meter, scan)
        return self.last

    def _next(self, begun: float, every: float) -> float:
        """When what was begun is due again: slow instruments must not take all of a phase's time."""
        return begun + max(every, _REST_SHARE * (self._slot.clock.now() - begun))

    def scan(self) -> ScanReading:
        """One scan of the domains, now. Raises InstrumentError when a channel gives no number."""
        scan = self._slot.scanner.read()
        for channel, reading in enumerate((*scan.domains, scan.terminals)):
            if not reading.ok:
                where = f"domain {channel}" if channel < len(scan.domains) else "the terminals"
                raise InstrumentError(
                    Role.SCANNER, f"scanner at {where}: found {reading.status.value}, expected volts; "
                    "check the range and the scanner's leads",
                )
        self.last_scan = scan
        return scan

    def mean_watts(self) -> float:
        """Mean of the phase's meter readings; NaN when there were none."""
        return fmean(self._means.watts) if self._means.watts else math.nan

    def mean_amps(self) -> float:
        return fmean(self._means.amps) if self._means.amps else math.nan

    def mean_volts(self) -> float:
        """At the fixture's connector, where the meter's leads are."""
        return fmean(self._means.volts) if self._means.volts else math.nan

    def settled_power(self) -> PowerReading:
        """One whole meter reading, its energy included; no part of the means.

        Raises InstrumentError after three without a number.
        """
        while True:
            meter = self._slot.meter.read()
            if self._judge_meter(meter.watts, meter.amps, meter.volts, meter.watt_hours):
                return meter
            self._slot.clock.sleep(0.2)

    def _judge_meter(self, *readings: Reading) -> bool:
        """Whether all are numbers. Raises InstrumentError at the third time in a row they are not."""
        if all(reading.ok for reading in readings):
            self._bad = 0
            return True
        self._bad += 1
        if self._bad >= _MOST_BAD_READINGS:
            status = _first_bad(readings)
            raise InstrumentError(
                Role.METER, f"power meter: found {status.value} {self._bad} times, expected watts; "
                "check its range and the current sensor",
            )
        return False


def _first_bad(readings: Iterable[Reading]) -> Status:
    return next((reading.status for reading in readings if not reading.ok), Status.NO_DATA)
