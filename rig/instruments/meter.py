"""A power meter over SCPI-like lines, driven by the data of its family."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rig.instruments.identity import Identity
from rig.instruments.numbers import PLAIN, Markers, parse_numbers
from rig.instruments.session import Session
from rig.instruments.transport import NEWLINES, Wire
from rig.slot import Meter, PowerReading

METER_SECONDS = 1.9                             # patience for one answer


@dataclass(frozen=True, slots=True)
class MeterFamily:
    """How meters of one family are spoken to.

    ``read`` answers volts, amps, watts and watt-hours in this order, as ``opening`` arranged.
    ``counting`` are the beginnings of what ``energy_state`` answers while it counts.
    """

    name: str
    models: tuple[str, ...]
    opening: tuple[str, ...]
    error_query: str
    read: str
    start_energy: tuple[str, ...]               # from any state to counting from zero
    energy_state: str
    counting: tuple[str, ...]
    markers: Markers = PLAIN
    seconds: float = METER_SECONDS
    wire: Wire = NEWLINES


class MeterSession(Meter, Protocol):
    """A rig.slot.Meter with its identity and its end. Raises InstrumentError of role METER."""

    @property
    def identity(self) -> Identity: ...

    def close(self) -> None: ...


class ScpiMeter:
    """A MeterSession over one session."""

    def __init__(self, session: Session, family: MeterFamily) -> None:
        """Connects, identifies and sets up."""
        self._session = session
        self._family = family
        self._identity = session.identity()
        errors = session.errors()
        if errors:
            raise session.fault(f"set-up: found error {'; '.join(errors)}, expected none")

    @property
    def identity(self) -> Identity:
        return self._identity

    def start_energy(self) -> None:
        """Count watt-hours from zero from now on; raises when the meter does not begin."""
        session, family = self._session, self._family
        session.errors()
        state = session.query(family.energy_state, str.strip, after=family.start_energy)
        if not state.upper().startswith(family.counting):
            errors = "; ".join(session.errors()) or "no error"
            raise session.fault(f"energy: found state {state} and {errors}, "
                                f"expected {' or '.join(family.counting)}")

    def read(self) -> PowerReading:
        def four(line: str) -> PowerReading:
            return PowerReading(*parse_numbers(line, 4, self._family.markers))

        return self._session.query(self._family.read, four)

    def close(self) -> None:
        self._session.close()
