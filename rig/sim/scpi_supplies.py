"""Dialects of supplies, each as it differs from plain SCPI-99."""

from __future__ import annotations

from rig.sim.fixture import SimSlot
from rig.sim.scpi import Answer, Call, Handler, Later, ScpiError, scientific
from rig.sim.scpi_supply import SupplyScpi
from rig.sim.supply import OVER_RATING
from rig.slot import Mode

_GENESYS_BITS = {Mode.CONSTANT_VOLTAGE: 1 << 8, Mode.CONSTANT_CURRENT: 1 << 10}


class N6900Scpi(SupplyScpi):
    """Keysight N6900/N7900 manual p. 251, 286: over-current protection without a level of its own."""

    maker_and_model = "Keysight Technologies,N6971A"
    _foldback_delay = 0.02

    def protections(self) -> dict[str, Handler]:
        output = self._slot.output
        most = output.rating.max_volts * OVER_RATING
        return {
            **self.level("[SOURce:]VOLTage:PROTection[:LEVel]", "over_volts", most),
            "[SOURce:]CURRent:PROTection:STATe": self._fold,
            "[SOURce:]CURRent:PROTection:STATe?": lambda _: str(int(output.foldback_seconds is not None)),
            "[SOURce:]CURRent:PROTection:DELay": self._set_foldback_delay,
            "[SOURce:]CURRent:PROTection:DELay?": lambda _: scientific(self._foldback_delay),
            "OUTPut:PROTection:CLEar": lambda _: output.clear_trips(),
            **self.watchdog(),
        }

    def state(self) -> dict[str, Handler]:
        table = super().state()
        table["STATus:QUEStionable#:CONDition?"] = table.pop("STATus:QUEStionable:CONDition?")
        return table

    def _fold(self, call: Call) -> None:
        self._slot.output.foldback_seconds = self._foldback_delay if call.flag() else None

    def _set_foldback_delay(self, call: Call) -> None:
        self._foldback_delay = call.number(0.0, 0.255)
        if self._slot.output.foldback_seconds is not None:
            self._slot.output.foldback_seconds = self._foldback_delay


class It6000cScpi(SupplyScpi):
    """A public live log of an IT6054C: SYST:REM first; the current limit is set in CV priority only."""

    maker_and_model = "ITECH Electronics,IT-M3906B-32-240"

    def __init__(self, slot: SimSlot) -> None:
        self._remote, self._voltage_priority = False, True
        super().__init__(slot)

    def settings(self) -> dict[str, Handler]:
        rating = self._slot.output.rating
        table = {
            **self.level("[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude]", "volts_set", rating.max_volts),
            **self.level("[SOURce:]CURRent:LIMit[:POSitive]", "amps_set", rating.max_amps),
        }
        return {
            "SYSTem:REMote": lambda _: self._take_over(remote=True),
            "SYSTem:LOCal": lambda _: self._take_over(remote=False),
            "*RST": lambda _: self._slot.output.reset(),
            "[SOURce:]FUNCtion": self._set_priority,
            "[SOURce:]FUNCtion?": lambda _: "VOLT" if self._voltage_priority else "CURR",
            **{header: self._in_remote(handler) for header, handler in table.items()},
        }

    def protections(self) -> dict[str, Handler]:
        plain = super().protections()
        return {
            **{header: self._in_remote(handler) for header, handler in plain.items()},
            "[SOURce:]VOLTage:PROTection:STATe": lambda call: _ignored(call.flag()),
            **self.watchdog(),
        }

    def state(self) -> dict[str, Handler]:
        table = super().state()
        table["OUTPut[:STATe]"] = self._in_remote(table["OUTPut[:STATe]"], always=("OFF", "0"))
        return table

    def _in_remote(self, handler: Handler, always: tuple[str, ...] = ()) -> Handler:
        """Questions and the words of ``always`` are taken any time, the rest under remote control in CV."""
        def checked(call: Call) -> str | Later | None:
            spoken = call.arguments and call.arguments[0].upper() not in always
            if spoken and not (self._remote and self._voltage_priority):
                raise ScpiError(-221, "Settings conflict")
            return handler(call)
        return checked

    def _take_over(self, *, remote: bool) -> None:
        self._remote = remote

    def _set_priority(self, call: Call) -> None:
        if call.text() not in ("VOLT", "VOLTAGE", "CURR", "CURRENT"):
            raise ScpiError(-224, "Illegal parameter value")
        self._voltage_priority = call.text().startswith("VOLT")


class Chroma62000Scpi(SupplyScpi):
    """Chroma 62000P manual p. 118: CONF:OUTP, FETC:STAT?, soft limits, an identity of three fields."""

    def __init__(self, slot: SimSlot) -> None:
        self._limits: dict[str, float] = {}
        super().__init__(slot)
        self._reset()

    def identity(self) -> str:
        return "CHROMA 62012P-40-120, 01.00,2005/07/14"

    def settings(self) -> dict[str, Handler]:
        rating = self._slot.output.rating
        return {
            "*RST": lambda _: self._reset(),
            "CONFigure:REMote": lambda call: _ignored(call.flag()),
            **self._limited("[SOURce:]VOLTage", "volts_set", rating.max_volts),
            **self._limited("[SOURce:]CURRent", "amps_set", rating.max_amps),
        }

    def _reset(self) -> None:
        rating = self._slot.output.rating
        self._slot.output.reset()
        self._limits = {"volts_set": rating.max_volts, "amps_set": rating.max_amps}

    def protections(self) -> dict[str, Handler]:
        output, rating = self._slot.output, self._slot.output.rating
        return {
            **self.level("[SOURce:]VOLTage:PROTect:HIGH", "over_volts", rating.max_volts * OVER_RATING),
            **self.level("[SOURce:]CURRent:PROTect:HIGH", "over_amps", rating.max_amps * OVER_RATING),
            "OUTPut:PROTection:CLEar": lambda _: output.clear_trips(),
        }

    def state(self) -> dict[str, Handler]:
        output = self._slot.output
        return {
            "CONFigure:OUTPut": self.switch,
            "CONFigure:OUTPut?": lambda _: "ON" if output.on else "OFF",
            "ABORt": lambda _: output.off(),
            **self.measurements(),
            "FETCh:STATus?": self._status,
        }

    def switch(self, call: Call) -> None:
        self._slot.output.over_amps_armed = True           # it has no switch
        super().switch(call)

    def _limited(self, header: str, name: str, most: float) -> dict[str, Handler]:
        """A level, and its soft limit, which may not fall below it."""
        output = self._slot.output

        def set_level(call: Call) -> None:
            setattr(output, name, call.number(0.0, self._limits[name]))

        def set_limit(call: Call) -> None:
            self._limits[name] = call.number(getattr(output, name), most)

        return {
            header: set_level,
            f"{header}?": lambda _: scientific(getattr(output, name)),
            f"{header}:LIMit:HIGH": set_limit,
            f"{header}:LIMit:HIGH?": lambda _: scientific(self._limits[name]),
        }

    def _status(self, _: Call) -> str:
        output = self._slot.output
        regulated = "CC" if output.mode is Mode.CONSTANT_CURRENT else "CV"
        return f"{self.trips()},{'ON' if output.on else 'OFF'},{regulated}"


class GenesysScpi(SupplyScpi):
    """Genesys, N5700: foldback without a level, its own bits; sets acknowledged if the file says so."""

    maker_and_model = "TDK-LAMBDA,G20-170"

    def handle(self, message: str, now: float) -> Answer | None:
        found = super().handle(message, now)
        word = self._slot.entry.supply.options.get("acknowledge")
        return found if found is not None or word is None else Answer(now, (lambda: str(word),))

    def settings(self) -> dict[str, Handler]:
        return {
            **super().settings(),
            "SYSTem:REMote": lambda call: _ignored(call.text()),
            "INSTrument:NSELect": lambda call: _ignored(call.number(0, 31)),
        }

    def protections(self) -> dict[str, Handler]:
        output = self._slot.output
        most = output.rating.max_volts * OVER_RATING
        return {
            **self.level("[SOURce:]VOLTage:PROTection[:LEVel]", "over_volts", most),
            "[SOURce:]CURRent:PROTection:STATe": self._fold,
            "[SOURce:]CURRent:PROTection:STATe?": lambda _: str(int(output.foldback_seconds is not None)),
            "OUTPut:PROTection:CLEar": lambda _: output.clear_trips(),
        }

    def state(self) -> dict[str, Handler]:
        table = super().state()
        del table["MEASure[:SCALar]:POWer[:DC]?"]
        table["STATus:OPERation:CONDition?"] = lambda _: str(_GENESYS_BITS.get(self._slot.output.mode, 0))
        return table

    def _fold(self, call: Call) -> None:
        self._slot.output.foldback_seconds = 0.25 if call.flag() else None


def _ignored(_: object) -> None:
    """Taken and without effect here."""
