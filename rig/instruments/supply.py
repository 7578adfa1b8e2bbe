"""A DC supply over SCPI, driven by the data of its family."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rig.errors import InstrumentError
from rig.instruments.identity import Identity
from rig.instruments.numbers import parse_number, parse_register, parse_switch
from rig.instruments.session import Session
from rig.slot import Mode, Protection, Reading, Status, SupplyReading

# An order to switch off waits this long on the present link before it takes a fresh one.
HURRY_SECONDS = 0.3

# A set value reads back within this share of itself plus this much: rounding to the DAC's step.
_READ_BACK_SHARE = 0.002
_READ_BACK_STEP = 0.02


class PowerSupply(Protocol):
    """What the guard needs of a supply. Raises InstrumentError of role SUPPLY."""

    @property
    def identity(self) -> Identity:
        """Who it is; connects if nobody has."""
        ...

    def configure(self, volts: float, limit_amps: float, protection: Protection) -> None:
        """Set and read back protection, volts and current limit. The output stays as it is."""
        ...

    def set_volts(self, volts: float) -> None:
        """Move the set point; read back."""
        ...

    def output_on(self) -> None:
        """Output on, read back."""
        ...

    def output_off(self) -> None:
        """Output off, read back."""
        ...

    def output_is_on(self) -> bool: ...

    def read(self) -> SupplyReading: ...

    def clear_protection(self) -> None:
        """Forget a trip whose cause has gone. The output is ordered off first."""
        ...

    def interrupt(self) -> None:
        """From another thread: whatever is pending fails at once, until ``interrupt_off``."""
        ...

    def interrupt_off(self) -> None:
        """Output off, read back, even with a hanging link: then on a fresh connection."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class SupplyFamily:
    """How supplies of one family are spoken to. A setting ``X`` takes ``X value`` and ``X?``."""

    name: str
    models: tuple[str, ...]                     # beginnings of model names; empty accepts any
    opening: tuple[str, ...]
    volts: str
    limit_amps: str
    over_volts: str
    over_amps: str
    enable_over_amps: str
    output: str
    clear_protection: str
    measure_volts: str
    measure_amps: str
    operation: str                              # condition register: what is regulated
    constant_voltage_bit: int
    constant_current_bit: int
    off_bit: int
    questionable: str                           # condition register: what tripped
    trip_bits: int


class ScpiSupply:
    """A PowerSupply over one session. Times: one question waits 1 s and is asked twice at most."""

    def __init__(self, session: Session, family: SupplyFamily) -> None:
        """Connects at the first word, so that this word can be an order to switch off."""
        self._session = session
        self._family = family

    @property
    def identity(self) -> Identity:
        """Who it is; connects if nobody has. Raises InstrumentError."""
        return self._session.identity()

    def configure(self, volts: float, limit_amps: float, protection: Protection) -> None:
        """Levels in the order in which none ever stands above its protection."""
        family, session = self._family, self._session
        session.errors()
        over_volts = (family.over_volts, protection.over_volts)
        over_amps = (family.over_amps, protection.over_amps)
        for setting, value, guard in (
            (family.limit_amps, limit_amps, over_amps),
            (family.volts, volts, over_volts),
        ):
            rises = value > self._present(setting)
            for name, level in (guard, (setting, value)) if rises else ((setting, value), guard):
                self._set(name, level)
        session.tell(family.enable_over_amps)
        self._complain(family.enable_over_amps)

    def set_volts(self, volts: float) -> None:
        self._set(self._family.volts, volts)

    def output_on(self) -> None:
        output = self._family.output
        if not self._session.query(f"{output}?", parse_switch, after=(f"{output} ON",)):
            raise self._session.fault(f"found the output off after {output} ON, expected on")

    def output_off(self) -> None:
        output = self._family.output
        if self._session.query(f"{output}?", parse_switch, after=(f"{output} OFF",)):
            raise self._still_on()

    def output_is_on(self) -> bool:
        return self._session.query(f"{self._family.output}?", parse_switch)

    def read(self) -> SupplyReading:
        session, family = self._session, self._family
        volts = session.query(family.measure_volts, parse_number)
        amps = session.query(family.measure_amps, parse_number)
        return SupplyReading(volts, amps, _product(volts, amps), self._mode())

    def clear_protection(self) -> None:
        self.output_off()
        self._session.tell(self._family.clear_protection)
        self._complain(self._family.clear_protection)

    def interrupt(self) -> None:
        self._session.interrupt()

    def interrupt_off(self) -> None:
        output = self._family.output
        if self._session.shout((f"{output} OFF",), f"{output}?", parse_switch, HURRY_SECONDS):
            raise self._still_on()

    def close(self) -> None:
        self._session.close()

    def _mode(self) -> Mode:
        family = self._family
        if self._session.query(family.questionable, parse_register) & family.trip_bits:
            return Mode.TRIPPED
        bits = self._session.query(family.operation, parse_register)
        if bits & family.off_bit:
            return Mode.OFF
        if bits & family.constant_current_bit:
            return Mode.CONSTANT_CURRENT
        if bits & family.constant_voltage_bit:
            return Mode.CONSTANT_VOLTAGE
        return Mode.CONSTANT_VOLTAGE if self.output_is_on() else Mode.OFF

    def _present(self, setting: str) -> float:
        """The level a setting stands at; infinity when the supply does not say."""
        found = self._session.query(f"{setting}?", parse_number)
        return found.value if found.ok else float("inf")

    def _set(self, setting: str, value: float) -> None:
        """Set one level, read it back, and look what the supply thought of it."""
        command = f"{setting} {value:.3f}"
        found = self._session.query(f"{setting}?", parse_number, after=(command,))
        self._complain(command)
        if not found.ok or abs(found.value - value) > _READ_BACK_SHARE * value + _READ_BACK_STEP:
            shown = f"{found.value:g}" if found.ok else found.status.value
            raise self._session.fault(f"{command}: found {shown} on reading back, expected {value:g}")

    def _complain(self, command: str) -> None:
        errors = self._session.errors()
        if errors:
            raise self._session.fault(f"{command}: found error {'; '.join(errors)}, expected none")

    def _still_on(self) -> InstrumentError:
        return self._session.fault("found the output still on after ordering it off; cut its mains by hand")


def _product(volts: Reading, amps: Reading) -> Reading:
    """Watts from volts and amps: plain supplies have no query of their own for it."""
    for reading in (volts, amps):
        if not reading.ok:
            status = reading.status if reading.status is not Status.OK else Status.NO_DATA
            return Reading.missing(status)
    return Reading(volts.value * amps.value)
