"""The supply's dialect: plain SCPI-99 with the common status layout (product family scpi99).

Commands: Keysight N6900/N7900 series manual. Rated for what the fixture file says.
"""

from __future__ import annotations

from rig.sim.fixture import SimSlot
from rig.sim.gauge import Gauge
from rig.sim.scpi import Call, Handler, Scpi, ScpiError, scientific
from rig.sim.supply import OVER_RATING
from rig.slot import Mode

_OPERATION = {Mode.CONSTANT_VOLTAGE: 1, Mode.CONSTANT_CURRENT: 2, Mode.OFF: 4, Mode.TRIPPED: 4}
_OVER_VOLTS_BIT, _OVER_AMPS_BIT = 1, 2


class SupplyScpi(Scpi):
    """The slot's supply on its socket."""

    def __init__(self, slot: SimSlot) -> None:
        self._slot = slot
        self._volts, self._amps = Gauge(slot.seed, 0), Gauge(slot.seed, 1)
        super().__init__(f"RIGSIM,SPS20-120,{slot.name},1.0", self._settings() | self._state())

    def _settings(self) -> dict[str, Handler]:
        output, rating = self._slot.output, self._slot.output.rating
        over = OVER_RATING
        return {
            "*RST": lambda _: output.reset(),
            "[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude]": self._sets("volts_set", rating.max_volts),
            "[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude]?": lambda _: scientific(output.volts_set),
            "[SOURce:]CURRent[:LEVel][:IMMediate][:AMPLitude]": self._sets("amps_set", rating.max_amps),
            "[SOURce:]CURRent[:LEVel][:IMMediate][:AMPLitude]?": lambda _: scientific(output.amps_set),
            "[SOURce:]VOLTage:PROTection[:LEVel]": self._sets("over_volts", rating.max_volts * over),
            "[SOURce:]VOLTage:PROTection[:LEVel]?": lambda _: scientific(output.over_volts),
            "[SOURce:]CURRent:PROTection[:LEVel]": self._sets("over_amps", rating.max_amps * over),
            "[SOURce:]CURRent:PROTection[:LEVel]?": lambda _: scientific(output.over_amps),
            "[SOURce:]CURRent:PROTection:STATe": self._arm,
            "[SOURce:]CURRent:PROTection:STATe?": lambda _: str(int(output.over_amps_armed)),
        }

    def _state(self) -> dict[str, Handler]:
        output, slot = self._slot.output, self._slot
        return {
            "OUTPut[:STATe]": self._switch,
            "OUTPut[:STATe]?": lambda _: str(int(output.on)),
            "OUTPut:PROTection:CLEar": lambda _: output.clear_trips(),
            "MEASure[:SCALar]:VOLTage[:DC]?": lambda _: scientific(self._volts.read(slot.power.supply_volts)),
            "MEASure[:SCALar]:CURRent[:DC]?": lambda _: scientific(self._amps.read(slot.power.supply_amps)),
            "MEASure[:SCALar]:POWer[:DC]?": lambda _: scientific(self._watts()),
            "STATus:OPERation:CONDition?": lambda _: str(_OPERATION[output.mode]),
            "STATus:QUEStionable:CONDition?": lambda _: str(
                _OVER_VOLTS_BIT * output.tripped_volts + _OVER_AMPS_BIT * output.tripped_amps
            ),
        }

    def _sets(self, name: str, most: float) -> Handler:
        def handler(call: Call) -> None:
            setattr(self._slot.output, name, call.number(0.0, most))
        return handler

    def _arm(self, call: Call) -> None:
        self._slot.output.over_amps_armed = call.flag()

    def _switch(self, call: Call) -> None:
        output = self._slot.output
        if not call.flag():
            output.off()
        elif not output.switch_on():
            raise ScpiError(-221, "Settings conflict")

    def _watts(self) -> float:
        power = self._slot.power
        return self._volts.read(power.supply_volts) * self._amps.read(power.supply_amps)
