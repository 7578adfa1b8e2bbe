"""The supply's dialect: plain SCPI-99 with the common status layout, and what the others share.

Rated for what the fixture file says.
"""

from __future__ import annotations

from rig.sim.fixture import SimSlot
from rig.sim.gauge import Gauge
from rig.sim.scpi import Answer, Call, Handler, Scpi, ScpiError, scientific
from rig.sim.supply import OVER_RATING
from rig.slot import Mode

_OPERATION = {Mode.CONSTANT_VOLTAGE: 1, Mode.CONSTANT_CURRENT: 2, Mode.OFF: 4, Mode.TRIPPED: 4}
_WATCHDOG_MOST_SECONDS = 3600.0
_OVER_VOLTS_BIT, _OVER_AMPS_BIT, WATCHDOG_BIT = 1, 2, 1 << 11


class SupplyScpi(Scpi):
    """The slot's supply on its socket. Dialects derive from it and change the tables."""

    maker_and_model = "RIGSIM,SPS20-120"
    _watchdog_delay = 60.0

    def __init__(self, slot: SimSlot) -> None:
        self._slot = slot
        self._volts, self._amps = Gauge(slot.seed, 0), Gauge(slot.seed, 1)
        super().__init__(self.identity(), self.settings() | self.protections() | self.state())

    def handle(self, message: str, now: float) -> Answer | None:
        self._slot.output.hear()
        return super().handle(message, now)

    def identity(self) -> str:
        return f"{self.maker_and_model},{self._slot.name},1.0"

    def settings(self) -> dict[str, Handler]:
        rating = self._slot.output.rating
        return {
            "*RST": lambda _: self._slot.output.reset(),
            **self.level("[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude]", "volts_set", rating.max_volts),
            **self.level("[SOURce:]CURRent[:LEVel][:IMMediate][:AMPLitude]", "amps_set", rating.max_amps),
        }

    def protections(self) -> dict[str, Handler]:
        output, rating = self._slot.output, self._slot.output.rating
        return {
            **self.level("[SOURce:]VOLTage:PROTection[:LEVel]", "over_volts", rating.max_volts * OVER_RATING),
            **self.level("[SOURce:]CURRent:PROTection[:LEVel]", "over_amps", rating.max_amps * OVER_RATING),
            "[SOURce:]CURRent:PROTection:STATe": self._arm,
            "[SOURce:]CURRent:PROTection:STATe?": lambda _: str(int(output.over_amps_armed)),
            "OUTPut:PROTection:CLEar": lambda _: output.clear_trips(),
            **self.watchdog(),
        }

    def watchdog(self) -> dict[str, Handler]:
        """OUTP:PROT:WDOG: output off when no message came for its delay. SCPI-99 itself has none."""
        output = self._slot.output
        return {
            "OUTPut:PROTection:WDOG[:STATe]": self._watch,
            "OUTPut:PROTection:WDOG[:STATe]?": lambda _: str(int(output.watchdog_seconds is not None)),
            "OUTPut:PROTection:WDOG:DELay": self._set_watchdog_delay,
            "OUTPut:PROTection:WDOG:DELay?": lambda _: scientific(self._watchdog_delay),
        }

    def state(self) -> dict[str, Handler]:
        output = self._slot.output
        return {
            "OUTPut[:STATe]": self.switch,
            "OUTPut[:STATe]?": lambda _: str(int(output.on)),
            **self.measurements(),
            "STATus:OPERation:CONDition?": lambda _: str(_OPERATION[output.mode]),
            "STATus:QUEStionable:CONDition?": lambda _: str(self.trips()),
        }

    # ---- what dialects put together

    def level(self, header: str, name: str, most: float) -> dict[str, Handler]:
        """A setting and its question, kept in the output's attribute ``name``."""
        output = self._slot.output

        def set_level(call: Call) -> None:
            setattr(output, name, call.number(0.0, most))

        return {header: set_level, f"{header}?": lambda _: scientific(getattr(output, name))}

    def measurements(self) -> dict[str, Handler]:
        return {
            "MEASure[:SCALar]:VOLTage[:DC]?": lambda _: scientific(self._read_volts()),
            "MEASure[:SCALar]:CURRent[:DC]?": lambda _: scientific(self._read_amps()),
            "MEASure[:SCALar]:POWer[:DC]?": lambda _: scientific(self._read_volts() * self._read_amps()),
        }

    def switch(self, call: Call) -> None:
        output = self._slot.output
        if not call.flag():
            output.off()
        elif not output.switch_on():
            raise ScpiError(-221, "Settings conflict")

    def trips(self) -> int:
        output = self._slot.output
        return (
            _OVER_VOLTS_BIT * output.tripped_volts
            | _OVER_AMPS_BIT * output.tripped_amps
            | WATCHDOG_BIT * output.tripped_watchdog
        )

    def _arm(self, call: Call) -> None:
        self._slot.output.over_amps_armed = call.flag()

    def _read_volts(self) -> float:
        return self._volts.read(self._slot.power.supply_volts)

    def _read_amps(self) -> float:
        return self._amps.read(self._slot.power.supply_amps)

    def _watch(self, call: Call) -> None:
        self._slot.output.watchdog_seconds = self._watchdog_delay if call.flag() else None

    def _set_watchdog_delay(self, call: Call) -> None:
        self._watchdog_delay = call.number(1.0, _WATCHDOG_MOST_SECONDS)
        if self._slot.output.watchdog_seconds is not None:
            self._slot.output.watchdog_seconds = self._watchdog_delay
