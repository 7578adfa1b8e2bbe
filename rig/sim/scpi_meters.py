"""Dialects of power meters that are not SCPI in the way the WT300E is."""

from __future__ import annotations

import math

from rig.sim.fixture import SimSlot
from rig.sim.scpi import NO_ERROR, Call, Handler, Scpi, ScpiError
from rig.sim.wattmeter import Counting, Wattmeter


class Chroma66200Scpi(Scpi):
    """Chroma 66203/66204 manual p. 93, 112: no data and overload are the numbers -1 and -3."""

    def __init__(self, slot: SimSlot, now: float) -> None:
        self._meter = Wattmeter(slot, now)
        self._lasts = math.inf
        super().__init__(f"Chroma,66205,{slot.name},1.10", self._commands())

    def advance(self, now: float) -> None:
        """Integrate up to ``now``."""
        self._meter.advance(now)

    def _commands(self) -> dict[str, Handler]:
        return {
            "*RST": lambda _: self._meter.reset(),
            "SYSTem:HEADer": lambda call: _ignored(call.flag()),
            "CONFigure:MEASure:MODE": self._set_mode,
            "CONFigure:INPut:SHUNt": lambda call: _ignored(call.flag()),
            "CONFigure:INPut:SHUNt:RESistance": lambda call: _ignored(call.number(1e-6, 10.0)),
            "CONFigure:ENERgy:TIME": self._set_time,
            "TRIGger:MODE": self._set_trigger,
            "TRIGger": self._trigger,
            "TRIGger?": lambda _: "RUNNING" if self._meter.counting is Counting.RUNNING else "STOP",
            "FETCh?": self._fetch,
            "MEASure?": self._fetch,
        }

    def _set_mode(self, call: Call) -> None:
        if call.text() not in ("RMS", "DC", "VMEAN"):
            raise ScpiError(-224, "Illegal parameter value")

    def _set_time(self, call: Call) -> None:
        self._lasts = call.number(1, 1e6)

    def _set_trigger(self, call: Call) -> None:
        if call.text() not in ("NONE", "ENERGY", "INRUSH"):
            raise ScpiError(-224, "Illegal parameter value")

    def _trigger(self, call: Call) -> None:
        if call.flag():
            self._meter.reset()
            self._meter.start(call.now)
        else:
            self._meter.stop(call.now)

    def _fetch(self, call: Call) -> str:
        shown = self._meter.read()
        found = {"V": shown.volts, "I": shown.amps, "W": shown.watts, "WH": shown.watt_hours}
        texts = []
        for name in (word.upper() for word in call.arguments):
            if name not in found:
                raise ScpiError(-224, "Illegal parameter value")
            over = self._meter.overloaded and name != "WH"
            texts.append("-3" if over else "-1" if math.isnan(found[name]) else f"{found[name]:.5E}")
        return ",".join(texts)


class Pw3336Scpi(Scpi):
    """Hioki PW3335 manual p. 41 and PW3337 manual: no error queue, semicolons between items.

    The over-range number is the one Hioki's BT356x uses; theirs is not known.
    """

    def __init__(self, slot: SimSlot, now: float) -> None:
        self._meter = Wattmeter(slot, now)
        self._headers = True
        super().__init__(f"HIOKI,PW3336,V2.10,{slot.name}", self._commands(), queue=None)

    def advance(self, now: float) -> None:
        """Integrate up to ``now``."""
        self._meter.advance(now)

    def _commands(self) -> dict[str, Handler]:
        return {
            "*RST": lambda _: self._meter.reset(),
            "*ESR?": self._events,
            "HEADer": self._set_headers,
            "MEASure?": self._measure,
            "INTEGrate:STATe": self._integrate,
            "INTEGrate:STATe?": lambda _: self._named("INTEGRATE:STATE", self._state()),
        }

    def _events(self, _: Call) -> str:
        """Bit 5: a command it did not understand; reading clears."""
        found = 0
        while self.next_error() != NO_ERROR:
            found = 1 << 5
        return str(found)

    def _set_headers(self, call: Call) -> None:
        self._headers = call.flag()

    def _named(self, name: str, value: str) -> str:
        return f"{name} {value}" if self._headers else value

    def _state(self) -> str:
        return {Counting.RUNNING: "START", Counting.STOPPED: "STOP"}.get(self._meter.counting, "RESET")

    def _integrate(self, call: Call) -> None:
        running = self._meter.counting is Counting.RUNNING
        match call.text():
            case "START" if not running:
                self._meter.start(call.now)
            case "STOP":
                self._meter.stop(call.now)
            case "RESET" if not running:
                self._meter.reset()
            case _:
                raise ScpiError(-221, "Settings conflict")

    def _measure(self, call: Call) -> str:
        shown = self._meter.read()
        found = {"UDC1": shown.volts, "IDC1": shown.amps, "PDC1": shown.watts, "U1": shown.volts,
                 "I1": shown.amps, "P1": shown.watts, "WH1": shown.watt_hours}
        texts = []
        for name in (word.upper() for word in call.arguments):
            if name not in found:
                raise ScpiError(-224, "Illegal parameter value")
            value = 0.0 if math.isnan(found[name]) else found[name]
            over = self._meter.overloaded and name != "WH1"
            texts.append(self._named(name, "+10.0000E+09" if over else f"{value:+.5E}"))
        return ";".join(texts)


def _ignored(_: object) -> None:
    """Taken and without effect here."""
