"""A DC supply over SCPI, driven by the data of its family."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from rig.errors import InstrumentError
from rig.instruments.identity import Identity
from rig.instruments.numbers import parse_number, parse_switch
from rig.instruments.session import Session
from rig.instruments.supply_family import SupplyFamily
from rig.slot import Mode, Protection, Reading, Status, SupplyReading

# An order to switch off waits this long on the present link before it takes a fresh one.
HURRY_SECONDS = 0.3

# A set value reads back within this share of itself plus this much: rounding to the DAC's step.
_READ_BACK_SHARE = 0.002
_READ_BACK_STEP = 0.02

# Without a status register, current this near its limit is a current limit.
_LIMITING_SHARE = 0.01


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

    def arm_watchdog(self, seconds: float) -> float | None:
        """The supply switches off by itself when it hears nothing for ``seconds``; read back.

        Returns the seconds it was set to (a supply has its own steps), None where there is none.
        """
        ...

    def disarm_watchdog(self) -> None:
        """No more of that; nothing to do where there is none."""
        ...

    def close(self) -> None: ...


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
        """Levels in the order in which none ever stands above its bounds."""
        session, family = self._session, self._family
        session.errors()
        self._tell(*family.prepare)
        for setting, value, outer, bound in (
            (family.limit_amps, limit_amps, (family.over_amps, *family.amp_bounds), protection.over_amps),
            (family.volts, volts, (family.over_volts, *family.volt_bounds), protection.over_volts),
        ):
            bounds = [name for name in outer if name is not None]
            for name, level in self._nested(setting, value, bounds, bound):
                self._set(name, level)
        self._tell(*family.enable_protection)

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
        return SupplyReading(volts, amps, _product(volts, amps), self._mode(amps))

    def clear_protection(self) -> None:
        self.output_off()
        if self._family.clear_protection is not None:
            self._tell(self._family.clear_protection)

    def arm_watchdog(self, seconds: float) -> float | None:
        watchdog = self._family.watchdog
        if watchdog is None:
            return None
        delay = watchdog.steps(seconds)
        self._session.errors()
        self._set(watchdog.delay, delay)
        self._switch_watchdog(watchdog.state, on=True)
        return delay

    def disarm_watchdog(self) -> None:
        watchdog = self._family.watchdog
        if watchdog is not None:
            self._session.errors()
            self._switch_watchdog(watchdog.state, on=False)

    def interrupt(self) -> None:
        self._session.interrupt()

    def interrupt_off(self) -> None:
        output = self._family.output
        if self._session.shout((f"{output} OFF",), f"{output}?", parse_switch, HURRY_SECONDS):
            raise self._still_on()

    def close(self) -> None:
        self._session.close()

    def _mode(self, amps: Reading) -> Mode:
        status = self._family.status
        if status is not None:
            found = status.mode(self._session)
            if found is not None:
                return found
        if not self.output_is_on():
            return Mode.OFF
        limit = self._present(self._family.limit_amps)
        limiting = amps.ok and amps.value >= limit * (1 - _LIMITING_SHARE)
        return Mode.CONSTANT_CURRENT if limiting else Mode.CONSTANT_VOLTAGE

    def _nested(
        self, setting: str, value: float, outer: list[str], bound: float
    ) -> Iterator[tuple[str, float]]:
        """A bound that rises comes before its level, one that falls after it. ``outer``: outermost first."""
        rising = [name for name in outer if bound > self._present(name)]
        yield from ((name, bound) for name in rising)
        yield setting, value
        yield from ((name, bound) for name in reversed(outer) if name not in rising)

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

    def _switch_watchdog(self, state: str, *, on: bool) -> None:
        command = f"{state} {'ON' if on else 'OFF'}"
        if self._session.query(f"{state}?", parse_switch, after=(command,)) is not on:
            raise self._session.fault(f"{command}: found the other state on reading back")
        self._complain(command)

    def _tell(self, *commands: str) -> None:
        """Commands that cannot be read back; what the supply thought of them is asked at once."""
        for command in commands:
            self._session.tell(command)
            self._complain(command)

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
