"""Dialects of the other voltmeters: Keithley's with a scanner card, Keysight's with one input."""

from __future__ import annotations

from rig.sim.fixture import SimSlot
from rig.sim.gauge import Gauge
from rig.sim.scpi import Call, Handler, Later, Scpi, ScpiError
from rig.sim.voltmeter import AUTOZERO, MAINS_HERTZ, OVER_RANGE, OVERLOAD, channel_list, true_volts

_RELAY_SECONDS = 0.005
_BUFFER = '"DEFBUFFER1"'


class Dmm6500Scpi(Scpi):
    """Public drivers of the DMM6500 and DAQ6510: a scan fills a buffer that is read afterwards."""

    def __init__(self, slot: SimSlot) -> None:
        self._slot = slot
        self._gauge = Gauge(slot.seed, 4)
        self._scan: tuple[int, ...] = ()
        self._range: dict[int, float] = {}
        self._nplc: dict[int, float] = {}
        self._done_at: float | None = None
        self._buffer: list[tuple[int, float]] = []
        super().__init__(f"KEITHLEY INSTRUMENTS,MODEL DAQ6510,{slot.name},1.7.12b", self._commands())

    def _commands(self) -> dict[str, Handler]:
        return {
            "*RST": lambda _: self._reset(),
            "*LANG?": lambda _: "SCPI",
            "*WAI": lambda _: None,
            "[SENSe#:]FUNCtion": self._set_function,
            "[SENSe#:]VOLTage[:DC]:NPLCycles": self._set_nplc,
            "[SENSe#:]VOLTage[:DC]:RANGe": self._set_range,
            "ROUTe:SCAN:CREate": self._create,
            "ROUTe:SCAN:COUNt:SCAN": lambda call: _ignored(call.number(1, 1)),
            "ABORt": lambda _: self._abort(),
            "TRACe:CLEar": lambda _: self._clear(),
            "INITiate[:IMMediate]": self._initiate,
            "TRACe:DATA?": self._data,
        }

    def _reset(self) -> None:
        self._scan, self._range, self._nplc = (), {}, {}
        self._clear()

    def _clear(self) -> None:
        self._buffer, self._done_at = [], None

    def _abort(self) -> None:
        self._done_at = None

    def _set_function(self, call: Call) -> None:
        if not call.arguments or call.arguments[0].upper() not in ('"VOLT"', '"VOLT:DC"'):
            raise ScpiError(-224, "Illegal parameter value")
        channel_list(call.arguments[-1])

    def _set_nplc(self, call: Call) -> None:
        self._set_each(call, self._nplc, 0.0005, 15.0)

    def _set_range(self, call: Call) -> None:
        self._set_each(call, self._range, 0.0, 1000.0)

    def _set_each(self, call: Call, table: dict[int, float], low: float, high: float) -> None:
        if len(call.arguments) != 2:
            raise ScpiError(-109, "Missing parameter")
        value = Call(call.arguments[:1], (), call.now).number(low, high)
        table.update(dict.fromkeys(channel_list(call.arguments[1]), value))

    def _create(self, call: Call) -> None:
        self._scan = channel_list(call.text())

    def _initiate(self, call: Call) -> None:
        if not self._scan:
            raise ScpiError(-221, "Settings conflict: no scan list")
        if self._done_at is not None and call.now < self._done_at:
            raise ScpiError(-213, "Init ignored")
        cycles = sum(self._nplc.get(channel, 1.0) for channel in self._scan)
        self._done_at = call.now + cycles * AUTOZERO / MAINS_HERTZ + len(self._scan) * _RELAY_SECONDS
        self._buffer = []

    def _data(self, call: Call) -> Later:
        """TRAC:DATA? 1,n,"defbuffer1",CHAN,READ waits for the scan, as *WAI before it has it wait."""
        words = [word.upper() for word in call.arguments]
        if len(words) != 5 or words[2:] != [_BUFFER, "CHAN", "READ"] or not words[1].isdigit():
            raise ScpiError(-224, "Illegal parameter value")
        if self._done_at is None:
            raise ScpiError(-230, "Data stale")
        return Later(max(call.now, self._done_at), lambda: self._rows(int(words[1])))

    def _rows(self, count: int) -> str:
        if not self._buffer:
            self._buffer = [(channel, self._reading(channel)) for channel in self._scan]
        return ",".join(f"{channel},{value:.8E}" for channel, value in self._buffer[:count])

    def _reading(self, channel: int) -> float:
        value = self._gauge.read(true_volts(self._slot, channel))
        return OVERLOAD if abs(value) > self._range.get(channel, 1000.0) * OVER_RANGE else value


class TruevoltScpi(Scpi):
    """Keysight 34461A, Truevolt series manual p. 386: one input, on the board's pads."""

    def __init__(self, slot: SimSlot) -> None:
        self._slot = slot
        self._gauge = Gauge(slot.seed, 4)
        self._range, self._nplc = 10.0, 10.0
        super().__init__(f"Keysight Technologies,34461A,{slot.name},A.03.02", self._commands())

    def _commands(self) -> dict[str, Handler]:
        return {
            "*RST": lambda _: self._reset(),
            "CONFigure:VOLTage[:DC]": self._configure,
            "[SENSe:]VOLTage[:DC]:NPLCycles": self._set_nplc,
            "[SENSe:]VOLTage[:DC]:NPLC": self._set_nplc,
            "TRIGger:SOURce": self._set_source,
            "SAMPle:COUNt": lambda call: _ignored(call.number(1, 1)),
            "READ?": self._read,
        }

    def _reset(self) -> None:
        self._range, self._nplc = 10.0, 10.0

    def _configure(self, call: Call) -> None:
        self._range = call.number(0.1, 1000.0)

    def _set_nplc(self, call: Call) -> None:
        self._nplc = call.number(0.02, 100.0)

    def _set_source(self, call: Call) -> None:
        if call.text() not in ("IMM", "IMMEDIATE"):
            raise ScpiError(-224, "Illegal parameter value")

    def _read(self, call: Call) -> Later:
        return Later(call.now + self._nplc * AUTOZERO / MAINS_HERTZ, self._reading)

    def _reading(self) -> str:
        value = self._gauge.read(true_volts(self._slot, self._slot.entry.scanner.terminal_channel))
        return f"{OVERLOAD if abs(value) > self._range * OVER_RANGE else value:+.8E}"


def _ignored(_: object) -> None:
    """Taken and without effect here."""
