"""The power meter's dialect: Yokogawa WT300E series, at the fixture's connector.

Commands: as the manual of that series and Intel's public yoko tool have them.
"""

from __future__ import annotations

import math

from rig.sim.fixture import SimSlot
from rig.sim.gauge import Gauge
from rig.sim.scpi import Call, Handler, Scpi, ScpiError

OVERLOAD, NO_DATA = "INF", "NAN"
_MOST_ITEMS = 255
_RATES = ("100MS", "250MS", "500MS", "1S", "2S", "5S", "10S", "20S")


class MeterScpi(Scpi):
    """The slot's meter on its socket. ``advance`` keeps its energy count."""

    def __init__(self, slot: SimSlot, now: float) -> None:
        self._slot = slot
        self._volts, self._amps = Gauge(slot.seed, 2), Gauge(slot.seed, 3)
        self._items: dict[int, str] = {}
        self._count = 3
        self._mode, self._rate = "RMS", "250MS"
        self._state = "RES"
        self._joules = self._seconds = 0.0
        self._at, self._watts_then = now, 0.0
        super().__init__(f"YOKOGAWA,WT310E,{slot.name},F1.01", self._settings() | self._measuring())

    def advance(self, now: float) -> None:
        """Integrate up to ``now``."""
        watts = self._slot.power.connector_watts
        if self._state == "STAR":
            self._joules += (watts + self._watts_then) / 2 * (now - self._at)
            self._seconds += now - self._at
        self._at, self._watts_then = now, watts

    def _settings(self) -> dict[str, Handler]:
        return {
            "*RST": lambda _: self._reset(),
            "COMMunicate:REMote": lambda call: _ignored(call.flag()),
            "COMMunicate:HEADer": lambda call: _ignored(call.flag()),
            "COMMunicate:VERBose": lambda call: _ignored(call.flag()),
            "NUMeric:FORMat": self._format,
            "NUMeric[:NORMal]:NUMber": self._number,
            "NUMeric[:NORMal]:NUMber?": lambda _: str(self._count),
            "NUMeric[:NORMal]:ITEM#": self._item,
            "[INPut:]MODE": self._input_mode,
            "[INPut:]MODE?": lambda _: self._mode,
            "RATE": self._set_rate,
            "RATE?": lambda _: self._rate,
            "STATus:ERRor?": lambda _: self.next_error(),
        }

    def _measuring(self) -> dict[str, Handler]:
        return {
            "NUMeric[:NORMal]:VALue?": lambda _: self._values(),
            "INTEGrate:MODE": lambda call: _ignored(call.text()),
            "INTEGrate:STARt": lambda call: self._integrate("STAR", call.now),
            "INTEGrate:STOP": lambda call: self._integrate("STOP", call.now),
            "INTEGrate:RESet": lambda call: self._integrate("RES", call.now),
            "INTEGrate:STATe?": lambda _: self._state,
        }

    def _reset(self) -> None:
        self._items, self._count, self._mode, self._rate = {}, 3, "RMS", "250MS"
        self._state, self._joules, self._seconds = "RES", 0.0, 0.0

    def _format(self, call: Call) -> None:
        if call.text() not in ("ASC", "ASCII"):
            raise ScpiError(131, "Invalid suffix")

    def _number(self, call: Call) -> None:
        self._count = int(call.number(1, _MOST_ITEMS))

    def _item(self, call: Call) -> None:
        if not call.arguments:
            raise ScpiError(103, "Invalid separator")
        self._items[call.numbers[0]] = call.arguments[0].upper()

    def _input_mode(self, call: Call) -> None:
        if call.text() not in ("RMS", "VME", "VMEAN", "DC"):
            raise ScpiError(141, "Invalid character data")
        self._mode = call.text()

    def _set_rate(self, call: Call) -> None:
        if call.text() not in _RATES:
            raise ScpiError(141, "Invalid character data")
        self._rate = call.text()

    def _integrate(self, state: str, now: float) -> None:
        self.advance(now)
        if state == "RES":
            if self._state == "STAR":
                raise ScpiError(813, "Cannot reset while integration is running")
            self._joules = self._seconds = 0.0
        elif state == "STAR" and self._state == "STAR":
            raise ScpiError(814, "Integration is already running")
        elif state == "STOP" and self._state == "RES":
            return
        self._state = state

    def _values(self) -> str:
        power = self._slot.power
        volts, amps = self._volts.read(power.connector_volts), self._amps.read(power.supply_amps)
        board = self._slot.board
        over = board is not None and board.effects.meter_overload
        never = math.nan if self._state == "RES" else 1.0
        found = {
            "U": volts, "I": amps, "P": volts * amps,
            "WH": self._joules / 3600 * never, "TIME": self._seconds * never,
        }
        texts = []
        for place in range(1, self._count + 1):
            name = self._items.get(place, "")
            value = found.get(name, math.nan)
            overloaded = over and name in ("U", "I", "P")
            texts.append(OVERLOAD if overloaded else NO_DATA if math.isnan(value) else f"{value:.5E}")
        return ",".join(texts)


def _ignored(_: object) -> None:
    """Taken and without effect here."""
