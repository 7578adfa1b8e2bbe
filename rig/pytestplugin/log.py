"""What a run has seen so far: written to the journal as it comes, kept for the record."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from rig.board import BringUp, EepromReading
from rig.clock import Clock
from rig.pytestplugin.answers import AnswerFigures
from rig.pytestplugin.sampler import Sample
from rig.pytestplugin.telemetry import look_of
from rig.recipe.eeprom_layout import BoardIdentity
from rig.records import Event, Journal, Kind, MeasurementRecord
from rig.records.telemetry.recording import NoTelemetry, Telemetry
from rig.slot import Reading
from rig.verdict.evidence import Count, ResponseLook
from rig.verdict.measurement import Measurement


class RunLog:
    """Facts of one run. Everything that goes in is in the journal before the call returns."""

    def __init__(self, journal: Journal, clock: Clock, telemetry: Telemetry | None = None) -> None:
        self._journal, self._clock = journal, clock
        self._telemetry = telemetry or NoTelemetry()
        self._started = clock.now()
        self.measurements: list[Measurement] = []
        self._attempts = Counter[str]()
        self.events: list[Event] = []
        self.bring_up: BringUp | None = None
        self.counts: list[Count] = []
        self.response: ResponseLook | None = None
        self.eeprom: EepromReading | None = None
        self.identity: BoardIdentity | None = None      # the last that was read whole
        self.celsius: tuple[float | None, ...] = ()
        self.answers: AnswerFigures | None = None
        self.level: str | None = None           # that the board was moved to; None: still at its first
        self.link_echoes: bool | None = None
        self.domain_volts: tuple[float, ...] = ()
        self.idle_domain_volts: tuple[float, ...] = ()
        self.terminal_volts = math.nan

    def seconds(self) -> float:
        """Since the run began."""
        return self._clock.now() - self._started

    def attempts(self, name: str) -> int:
        return self._attempts[name]

    def value_of(self, name: str) -> float | None:
        """The last value of a one-value measurement; None when it was not taken."""
        values = [taken.values[0] for taken in self.measurements if taken.name == name and taken.values]
        return values[-1] if values else None

    def values_of(self, name: str) -> tuple[float, ...]:
        """The last values of a measurement; none when it was not taken."""
        values = [taken.values for taken in self.measurements if taken.name == name]
        return values[-1] if values else ()

    def took(self, taken: Measurement) -> None:
        self.measurements.append(taken)
        self._attempts[taken.name] += 1
        self._journal.keep(Kind.MEASUREMENT, MeasurementRecord.of(taken))

    def mark(self, phase: str) -> None:
        """A phase begins; what came before it goes to the disk, without waiting for it."""
        self.happened("phase", phase)
        self._journal.sync()
        self._telemetry.mark(phase)

    def happened(self, kind: str, text: str) -> None:
        """Something a person who reads the record should know, and when."""
        event = Event(at_seconds=round(self.seconds(), 3), kind=kind, text=text)
        self.events.append(event)
        self._journal.keep(Kind.EVENT, event)

    def counted(self, count: Count, chips: int) -> None:
        """One sound count of the chips, of which there should be ``chips``."""
        self.counts.append(count)
        self._journal.append(
            "count", where=count.where, count=count.count, volts=number(count.volts),
            celsius=number(count.celsius), baud=count.baud, at_work=count.at_work,
        )
        self.happened(
            "count",
            f"{count.where}: {count.count} of {chips} chips at {count.volts:.2f} V, {count.celsius:.1f} °C, "
            f"{count.baud} baud" + (", hashing" if count.at_work else ""),
        )

    def saw_scan(self, domains: tuple[float, ...], terminals: float) -> None:
        self.domain_volts, self.terminal_volts = domains, terminals
        self.note("scan", domain_volts=[number(value) for value in domains], terminal_volts=number(terminals))

    def sampled(self, sample: Sample, tick: Any) -> None:
        """One second of a drive: power, temperature, answers."""
        facts: dict[str, Any] = {
            "supply_volts": reading(sample.supply.volts), "supply_amps": reading(sample.supply.amps),
            "watts": reading(sample.meter.watts), "watt_hours": reading(sample.meter.watt_hours),
        }
        for name in ("mhz", "hottest", "fan_share"):
            value = getattr(tick, name, None)
            if value is not None:
                facts[name] = round(value, 4)
        tally = getattr(tick, "tally", None)
        if tally is not None:
            facts["trials"], facts["hits"] = int(tally.trials.sum()), int(tally.hits.sum())
        self.note("sample", **facts)
        self._telemetry.look(look_of(sample, tick))
        self.heed_telemetry()

    def heed_telemetry(self) -> None:
        """A disk that does not keep telemetry is worth an event, and no more."""
        trouble = self._telemetry.trouble()
        if trouble is not None:
            self.happened("telemetry", trouble)

    def note(self, kind: str, **facts: Any) -> None:
        self._journal.append(kind, **facts)


def number(value: float) -> float | None:
    """A number as JSON can hold it: NaN and infinity are null."""
    return value if math.isfinite(value) else None


def reading(found: Reading) -> float | str | None:
    """A reading's number, or the word for why there is none."""
    return number(found.value) if found.ok else found.status.value
