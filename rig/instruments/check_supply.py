"""Trying out a supply: levels, protection, output on and off with the decay, and what it reads."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rig.clock import Clock
from rig.errors import InstrumentError
from rig.instruments.check import Notes, Outcome, exchange_time, sentinels, until
from rig.instruments.numbers import parse_number
from rig.instruments.session import Session
from rig.instruments.supply import ScpiSupply
from rig.instruments.supply_family import SupplyFamily
from rig.slot import Mode, Protection, Reading, SupplyReading

OFF_AT_THE_END = "off at the end"
NO_PROTECTION = "no protection: never for production"

_RISE_SECONDS, _DECAY_SECONDS, _LOOK_SECONDS = 3.0, 10.0, 0.02
_VOLT_SHARE, _VOLT_STEP = 0.02, 0.02            # how far from its set point an output may stand
_AMP_SHARE, _AMP_STEP = 0.05, 0.02
_DECAYED_SHARE = 0.1                            # of what was reached
_SENTINEL_READINGS = 10
_WATCHDOG_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Demand:
    """What the output is tried with."""

    volts: float
    amps: float

    @property
    def protection(self) -> Protection:
        """Above the levels by enough for any supply's least distance."""
        return Protection(self.volts * 1.2 + 0.5, self.amps * 1.2 + 0.5)


def check_supply(session: Session, family: SupplyFamily, demand: Demand, clock: Clock, notes: Notes) -> None:
    """All rows of a supply's check; ``session`` is identified. The output is off at the end."""
    try:
        _Check(session, family, demand, clock, notes).run()
    finally:
        _leave_off(session, family, notes)


class _Check:
    def __init__(
        self, session: Session, family: SupplyFamily, demand: Demand, clock: Clock, notes: Notes
    ) -> None:
        self._session, self._family, self._demand = session, family, demand
        self._clock, self._notes = clock, notes
        self._supply = ScpiSupply(session, _bare(family))
        self._reached: tuple[Mode, SupplyReading] | None = None

    def run(self) -> None:
        notes = self._notes
        off = notes.attempt("off to begin with", self._off, necessary=True)
        if not (off and notes.attempt("set and read back", self._set, necessary=True)):
            return
        protected = self._protect()
        if notes.attempt("output on", self._on, necessary=True):
            notes.attempt("output reached", self._reach, necessary=True)
            notes.attempt("measure", self._measure, necessary=True)
            self._power()
            notes.attempt("status", self._status)
            notes.attempt("output off", self._off, necessary=True)
            notes.attempt("decay", self._decay, necessary=True)
        if protected:
            self._enable()
        self._watchdog()
        notes.attempt("sentinels", self._sentinels)
        notes.attempt("exchange time", lambda: exchange_time(
            lambda: self._session.query(self._family.measure_volts, parse_number), self._clock))

    def _off(self) -> str:
        self._supply.output_off()
        return "read back as off"

    def _set(self) -> str:
        demand = self._demand
        self._supply.configure(demand.volts, demand.amps, demand.protection)
        return f"{demand.volts:g} V, {demand.amps:g} A"

    # ---- protection

    def _protect(self) -> bool:
        """Each protection by itself, so that the row says which there is."""
        family, bare, demand = self._family, _bare(self._family), self._demand
        wanted = demand.protection
        kinds = (
            (f"over-volts {wanted.over_volts:g}", replace(bare, over_volts=family.over_volts)),
            (f"over-amps {wanted.over_amps:g}", replace(bare, over_amps=family.over_amps)),
        )
        good, bad = [], []
        for name, one in kinds:
            if one == bare:
                good.append(f"{name.split()[0]} without a level")
                continue
            try:
                ScpiSupply(self._session, one).configure(demand.volts, demand.amps, wanted)
                good.append(name)
            except InstrumentError as error:
                bad.append(f"{name}: {error}")
        why = "; ".join((NO_PROTECTION, *bad)) if bad else ", ".join(good)
        self._notes.note("protection", Outcome.NO if bad else Outcome.OK, why)
        return not bad

    def _enable(self) -> None:
        """With the output off: where protection has no level, it would trip in current limit."""
        family, notes = self._family, self._notes
        commands = family.enable_protection
        if commands:
            supply = ScpiSupply(self._session, replace(_bare(family), enable_protection=commands))

            def enable() -> str:
                supply.configure(self._demand.volts, self._demand.amps, self._demand.protection)
                return ", ".join(commands)

            notes.attempt("protection enabled", enable)

    # ---- on and off

    def _on(self) -> str:
        self._supply.output_on()
        return "read back as on"

    def _reach(self) -> str:
        """The set volts, or in current limit the set amps."""
        demand = self._demand
        shown = None
        for _ in until(self._clock, _RISE_SECONDS, _LOOK_SECONDS):
            shown = self._supply.read()
            if (mode := self._regulated(shown)) is not None:
                self._reached = (mode, shown)
                wanted = f"{demand.amps:g} A" if mode is Mode.CONSTANT_CURRENT else f"{demand.volts:g} V"
                return f"{_shown(shown.volts)} V and {_shown(shown.amps)} A: {mode.value} at {wanted}"
        reached = f"{_shown(shown.volts)} V and {_shown(shown.amps)} A" if shown else "nothing"
        raise self._session.fault(
            f"found {reached} {_RISE_SECONDS:g} s after on, expected {demand.volts:g} V or a current limit "
            f"of {demand.amps:g} A"
        )

    def _regulated(self, reading: SupplyReading) -> Mode | None:
        """Whether the set volts or, with less, the set amps are reached."""
        demand, volts, amps = self._demand, reading.volts, reading.amps
        if volts.ok and abs(volts.value - demand.volts) <= _VOLT_SHARE * demand.volts + _VOLT_STEP:
            return Mode.CONSTANT_VOLTAGE
        if amps.ok and abs(amps.value - demand.amps) <= _AMP_SHARE * demand.amps + _AMP_STEP:
            return Mode.CONSTANT_CURRENT
        return None

    def _measure(self) -> str:
        reading = self._supply.read()
        if not (reading.volts.ok and reading.amps.ok):
            raise self._session.fault(
                f"found {_shown(reading.volts)} V and {_shown(reading.amps)} A, expected numbers")
        return f"{reading.volts.value:.4g} V, {reading.amps.value:.4g} A"

    def _power(self) -> None:
        query = self._family.measure_watts
        computed = "computed from volts and amps"
        if query is None:
            self._notes.note("power", Outcome.NO, f"{computed}: its family has no question for it")
            return
        try:
            watts = self._session.query(query, parse_number)
        except InstrumentError:
            self._notes.note("power", Outcome.NO, f"{computed}: no answer to {query}")
            return
        self._notes.note("power", Outcome.OK, f"{_shown(watts)} W")

    def _status(self) -> str:
        status = self._family.status
        if status is None:
            raise self._session.fault("none in its family: read from output, current and limit")
        mode = status.mode(self._session)
        return "open: read from output, current and limit" if mode is None else mode.value

    def _decay(self) -> str:
        """Volts, in current limit amps, fall to a tenth of what was reached."""
        if self._reached is None:
            raise self._session.fault("nothing was reached, so nothing can be judged")
        mode, reached = self._reached
        name, query, top = (
            ("A", self._family.measure_amps, reached.amps) if mode is Mode.CONSTANT_CURRENT
            else ("V", self._family.measure_volts, reached.volts)
        )
        enough = max(_DECAYED_SHARE * top.value, min(_VOLT_STEP, top.value / 2))
        found = top
        for passed in until(self._clock, _DECAY_SECONDS, _LOOK_SECONDS):
            found = self._session.query(query, parse_number)
            if found.ok and found.value <= enough:
                return f"from {top.value:.3f} {name} to {found.value:.3f} {name} in {passed:.2f} s"
        raise self._session.fault(
            f"found {_shown(found)} {name} {_DECAY_SECONDS:g} s after off, expected at most "
            f"{enough:.3f} {name} of the {top.value:.3f} {name} that were reached"
        )

    # ---- the rest

    def _watchdog(self) -> None:
        family = self._family
        if family.watchdog is None:
            self._notes.note("watchdog", Outcome.NO, "none in its family: a production bench needs another")
            return
        supply = ScpiSupply(self._session, replace(_bare(family), watchdog=family.watchdog))

        def arm() -> str:
            seconds = supply.arm_watchdog(_WATCHDOG_SECONDS)
            supply.disarm_watchdog()
            return f"armed for {seconds:g} s, read back, disarmed"

        self._notes.attempt("watchdog", arm)

    def _sentinels(self) -> str:
        queries = (self._family.measure_volts, self._family.measure_amps)
        return sentinels([
            self._session.query(query, parse_number)
            for _ in range(_SENTINEL_READINGS // len(queries)) for query in queries
        ])


def _leave_off(session: Session, family: SupplyFamily, notes: Notes) -> None:
    """The last row: off, and read back, on a fresh connection if it must be."""
    supply = ScpiSupply(session, _bare(family))

    def off() -> str:
        supply.interrupt_off()
        return "read back as off"

    if not notes.attempt(OFF_AT_THE_END, off, necessary=True):
        notes.attempt(f"{OFF_AT_THE_END}, again", off, necessary=True)


def _bare(family: SupplyFamily) -> SupplyFamily:
    """The family without anything that a plain supply may lack."""
    return replace(
        family, over_volts=None, over_amps=None, enable_protection=(), volt_bounds=(), amp_bounds=(),
        status=None, watchdog=None,
    )


def _shown(reading: Reading) -> str:
    return f"{reading.value:.3f}" if reading.ok else reading.status.value


