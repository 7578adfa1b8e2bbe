"""Trying out a power meter or a scanner: set-up, readings, sentinels, energy."""

from __future__ import annotations

from rig.clock import Clock
from rig.errors import InstrumentError
from rig.instruments.check import Notes, Outcome, exchange_time, sentinels
from rig.instruments.meter import MeterFamily, ScpiMeter
from rig.instruments.scanner import Channels, ScannerFamily, ScpiScanner
from rig.instruments.session import Session
from rig.slot import PowerReading, Reading

_READINGS = 5
_COUNT_SECONDS = 1.0


def check_meter(session: Session, family: MeterFamily, clock: Clock, notes: Notes) -> None:
    """All rows of a power meter's check; ``session`` is identified."""
    try:
        meter = ScpiMeter(session, family)
    except InstrumentError as error:
        notes.note("set-up", Outcome.NO, str(error), necessary=True)
        return
    notes.note("set-up", Outcome.OK, "no error", necessary=True)
    notes.attempt("measure", lambda: _power(meter.read()), necessary=True)
    notes.attempt("sentinels", lambda: sentinels(
        [value for _ in range(_READINGS) for value in _values(meter.read())]))

    def energy() -> str:
        meter.start_energy()
        clock.sleep(_COUNT_SECONDS)
        hours = meter.read().watt_hours
        if not hours.ok:
            raise session.fault(f"found {hours.status.value} after {_COUNT_SECONDS:g} s, expected a count")
        return f"{hours.value:.6g} Wh in {_COUNT_SECONDS:g} s"

    notes.attempt("energy", energy)
    notes.attempt("exchange time", lambda: exchange_time(meter.read, clock))


def check_scanner(
    session: Session, family: ScannerFamily, channels: Channels, clock: Clock, notes: Notes
) -> None:
    """All rows of a scanner's check; ``session`` is identified and says ``family.arrange`` when it opens."""
    try:
        scanner = ScpiScanner(session, family, channels)
    except InstrumentError as error:
        notes.note("set-up", Outcome.NO, str(error), necessary=True)
        return
    notes.note("set-up", Outcome.OK, f"{len(channels.domains)} domains and the pads", necessary=True)

    def scan() -> str:
        began = clock.now()
        reading = scanner.read()
        took = clock.now() - began
        numbers = sum(value.ok for value in (*reading.domains, reading.terminals))
        return f"{numbers} of {len(reading.domains) + 1} channels gave numbers, in {took:.2f} s"

    notes.attempt("scan", scan, necessary=True)

    def all_values() -> list[Reading]:
        reading = scanner.read()
        return [*reading.domains, reading.terminals]

    notes.attempt("sentinels", lambda: sentinels(all_values()))
    notes.attempt("exchange time", lambda: exchange_time(session.errors, clock))


def _power(reading: PowerReading) -> str:
    names = zip(_values(reading), ("V", "A", "W", "Wh"), strict=True)
    return ", ".join(f"{value.value:.5g} {unit}" if value.ok else f"{value.status.value} for {unit}"
                     for value, unit in names)


def _values(reading: PowerReading) -> tuple[Reading, ...]:
    return (reading.volts, reading.amps, reading.watts, reading.watt_hours)
