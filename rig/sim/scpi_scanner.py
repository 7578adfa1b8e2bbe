"""The scanner's dialect: Keysight DAQ970A with a multiplexer on the domains and the pads.

Commands: Keysight DAQ970A manual. A scan takes the time its channels take: NPLC x 2 (autozero) at 60 Hz.
"""

from __future__ import annotations

from rig.sim.fixture import SimSlot
from rig.sim.gauge import Gauge
from rig.sim.scpi import Call, Handler, Later, Scpi, ScpiError
from rig.sim.voltmeter import AUTOZERO, MAINS_HERTZ, OVER_RANGE, OVERLOAD, channel_list, true_volts

_RANGES = (0.1, 1.0, 10.0, 100.0, 300.0)
_NPLC_LEAST, _NPLC_MOST = 0.02, 200.0


class ScannerScpi(Scpi):
    """The slot's scanner on its socket. Channels nothing is wired to read about 0 V."""

    def __init__(self, slot: SimSlot) -> None:
        self._slot = slot
        self._gauge = Gauge(slot.seed, 4)
        self._scan: tuple[int, ...] = ()
        self._range: dict[int, float | None] = {}
        self._nplc: dict[int, float] = {}
        self._with_channel = False
        self._done_at: float | None = None
        self._memory: str | None = None
        super().__init__(f"Keysight Technologies,DAQ970A,{slot.name},A.02.04", self._commands())

    def _commands(self) -> dict[str, Handler]:
        return {
            "*RST": lambda _: self._reset(),
            "CONFigure:VOLTage[:DC]": self._configure,
            "[SENSe:]VOLTage[:DC]:NPLCycles": self._set_nplc,
            "[SENSe:]VOLTage[:DC]:NPLC": self._set_nplc,
            "ROUTe:SCAN": self._set_scan,
            "ROUTe:SCAN?": lambda _: _block("(@" + ",".join(map(str, self._scan)) + ")"),
            "ROUTe:SCAN:SIZE?": lambda _: f"+{len(self._scan)}",
            "FORMat:READing:CHANnel": self._show_channel,
            "FORMat:READing:TIME": _refuse_on,
            "FORMat:READing:UNIT": _refuse_on,
            "FORMat:READing:ALARm": _refuse_on,
            "TRIGger:COUNt": lambda call: _accept(call.number(1, 1)),
            "INITiate[:IMMediate]": self._initiate,
            "FETCh?": self._fetch,
            "READ?": self._read,
        }

    def _reset(self) -> None:
        self._scan, self._range, self._nplc = (), {}, {}
        self._with_channel, self._done_at, self._memory = False, None, None

    def _configure(self, call: Call) -> None:
        """CONF overwrites the scan list and switches the extras of a reading off."""
        channels = channel_list(call.arguments[-1] if call.arguments else "")
        chosen = None
        if len(call.arguments) > 1 and call.arguments[0].upper() not in ("AUTO", "DEF"):
            wanted = Call(call.arguments[:1], (), call.now).number(0.0, _RANGES[-1])
            chosen = next(top for top in _RANGES if wanted <= top)
        for channel in channels:
            self._range[channel] = chosen
            self._nplc[channel] = 1.0
        self._scan, self._with_channel = channels, False
        self._done_at = self._memory = None

    def _set_nplc(self, call: Call) -> None:
        if not call.arguments:
            raise ScpiError(-109, "Missing parameter")
        cycles = Call(call.arguments[:1], (), call.now).number(_NPLC_LEAST, _NPLC_MOST)
        for channel in channel_list(call.arguments[-1]):
            self._nplc[channel] = cycles

    def _set_scan(self, call: Call) -> None:
        self._scan = channel_list(call.text())

    def _show_channel(self, call: Call) -> None:
        self._with_channel = call.flag()

    # ---- scanning

    def _initiate(self, call: Call) -> None:
        if self._done_at is not None and call.now < self._done_at:
            raise ScpiError(-213, "Init ignored")
        if not self._scan:
            raise ScpiError(221, "Settings conflict: no scan list")
        cycles = sum(self._nplc.get(channel, 1.0) for channel in self._scan)
        self._done_at = call.now + cycles * AUTOZERO / MAINS_HERTZ
        self._memory = None

    def _read(self, call: Call) -> Later:
        self._initiate(call)
        return self._when_done(call)

    def _fetch(self, call: Call) -> Later:
        return self._when_done(call)

    def _when_done(self, call: Call) -> Later:
        if self._done_at is None:
            raise ScpiError(-230, "Data stale")
        return Later(max(call.now, self._done_at), self._readings)

    def _readings(self) -> str:
        if self._memory is None:
            values = ((self._reading(channel), channel) for channel in self._scan)
            self._memory = ",".join(
                f"{value:+.8E},{channel}" if self._with_channel else f"{value:+.8E}"
                for value, channel in values
            )
        return self._memory

    def _reading(self, channel: int) -> float:
        value = self._gauge.read(true_volts(self._slot, channel))
        top = self._range.get(channel)
        return OVERLOAD if top is not None and abs(value) > top * OVER_RANGE else value


def _block(text: str) -> str:
    size = str(len(text))
    return f"#{len(size)}{size}{text}"


def _refuse_on(call: Call) -> None:
    """Off is all this scanner does of it."""
    if call.flag():
        raise ScpiError(-221, "Settings conflict")


def _accept(_: object) -> None:
    """Taken and without effect here."""
