"""The power meter's dialect: Yokogawa WT300E series, at the fixture's connector.

Commands: as the manual of that series and Intel's public yoko tool have them.
"""

from __future__ import annotations

import math

from rig.sim.fixture import SimSlot
from rig.sim.scpi import Call, Handler, Scpi, ScpiError
from rig.sim.wattmeter import Counting, Wattmeter

OVERLOAD, NO_DATA = "INF", "NAN"
_MOST_ITEMS = 255
_RATES = ("100MS", "250MS", "500MS", "1S", "2S", "5S", "10S", "20S")
_STATES = {Counting.RESET: "RES", Counting.RUNNING: "STAR", Counting.STOPPED: "STOP"}


class MeterScpi(Scpi):
    """The slot's meter on its socket. ``advance`` keeps its energy count."""

    def __init__(self, slot: SimSlot, now: float) -> None:
        self._meter = Wattmeter(slot, now)
        self._items: dict[int, str] = {}
        self._count = 3
        self._mode, self._rate = "RMS", "250MS"
        super().__init__(f"YOKOGAWA,WT310E,{slot.name},F1.01", self._settings() | self._measuring())

    def advance(self, now: float) -> None:
        """Integrate up to ``now``."""
        self._meter.advance(now)

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
            "INTEGrate:STARt": lambda call: self._integrate(Counting.RUNNING, call.now),
            "INTEGrate:STOP": lambda call: self._integrate(Counting.STOPPED, call.now),
            "INTEGrate:RESet": lambda call: self._integrate(Counting.RESET, call.now),
            "INTEGrate:STATe?": lambda _: _STATES[self._meter.counting],
        }

    def _reset(self) -> None:
        self._items, self._count, self._mode, self._rate = {}, 3, "RMS", "250MS"
        self._meter.reset()

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

    def _integrate(self, wanted: Counting, now: float) -> None:
        meter = self._meter
        running = meter.counting is Counting.RUNNING
        if wanted is Counting.RESET:
            if running:
                raise ScpiError(813, "Cannot reset while integration is running")
            meter.reset()
        elif wanted is Counting.RUNNING:
            if running:
                raise ScpiError(814, "Integration is already running")
            meter.start(now)
        else:
            meter.stop(now)

    def _values(self) -> str:
        shown = self._meter.read()
        found = {
            "U": shown.volts, "I": shown.amps, "P": shown.watts,
            "WH": shown.watt_hours, "TIME": shown.seconds,
        }
        texts = []
        for place in range(1, self._count + 1):
            name = self._items.get(place, "")
            value = found.get(name, math.nan)
            overloaded = self._meter.overloaded and name in ("U", "I", "P")
            texts.append(OVERLOAD if overloaded else NO_DATA if math.isnan(value) else f"{value:.5E}")
        return ",".join(texts)


def _ignored(_: object) -> None:
    """Taken and without effect here."""
