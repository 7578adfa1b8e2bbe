"""One client's requests: what may be asked, checked, and handed to the slot."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from rig.errors import UsageError
from rig.guard.envelope import Demand
from rig.guard.latch import Release
from rig.guard.lights import Light
from rig.guard.loan import Wanted
from rig.guard.slotguard import SlotGuard
from rig.guard.thermometer import MOST_SENSORS, BoardSensors
from rig.guard.wire import reading_out, unload_out
from rig.instruments.bridge import Level
from rig.slot import Phase, Protection

Answer = dict[str, Any]


class Request:
    """A JSON object with checked access to its fields. Every access raises UsageError."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields

    def text(self, name: str) -> str:
        value = self._fields.get(name)
        if not isinstance(value, str):
            raise UsageError(f"request: {name}: found {value!r}, expected text")
        return value

    def number(self, name: str) -> float:
        value = self._fields.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise UsageError(f"request: {name}: found {value!r}, expected a finite number")
        return float(value)

    def whole(self, name: str, least: int, most: int) -> int:
        value = self._fields.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise UsageError(f"request: {name}: found {value!r}, expected a whole number {least} to {most}")
        return value

    def data(self, name: str) -> bytes:
        try:
            return bytes.fromhex(self.text(name))
        except ValueError:
            raise UsageError(f"request: {name}: found {self.text(name)!r}, expected hex bytes") from None

    def sensors(self) -> BoardSensors:
        """Where the board's sensors are: at least one, so that no lease can blind the guard."""
        return BoardSensors(
            self.whole("mux", 3, 0x77), self.whole("sensor", 3, 0x77), self.whole("sensors", 1, MOST_SENSORS)
        )

    def release(self) -> Release:
        """A named person's word; volts only if that person measured them."""
        volts = None if self._fields.get("volts") is None else self.number("volts")
        return Release(self.text("operator"), volts)

    def wanted(self) -> Wanted:
        """What a borrower will set the supply to at most."""
        return Wanted(self.number("volts"), self.number("amps"))

    def lights(self) -> dict[str, Light]:
        """What the station would have each slot's stack light say."""
        found = self._fields.get("lights")
        known = ", ".join(Light)
        if not isinstance(found, dict) or not all(light in list(Light) for light in found.values()):
            raise UsageError(f"request: lights: found {found!r}, expected slots and one of {known} for each")
        return {str(slot): Light(light) for slot, light in found.items()}

    def phase(self, name: str) -> Phase:
        try:
            return Phase(self.text(name))
        except ValueError:
            known = ", ".join(phase.value for phase in Phase)
            raise UsageError(f"request: {name}: found {self.text(name)!r}, expected one of {known}") from None


def _enter(slot: SlotGuard, token: str, request: Request) -> Answer:
    slot.enter(token, request.phase("phase"), request.number("seconds"))
    return {}


def _on(slot: SlotGuard, token: str, request: Request) -> Answer:
    protection = Protection(request.number("over_volts"), request.number("over_amps"))
    demand = Demand(request.number("volts"), request.number("limit_amps"), protection)
    return {"reading": reading_out(slot.on(token, demand))}


def _set_volts(slot: SlotGuard, token: str, request: Request) -> Answer:
    slot.set_volts(token, request.number("volts"))
    return {}


def _off(slot: SlotGuard, token: str, _request: Request) -> Answer:
    return {"volts": slot.off(token)}


def _unload(slot: SlotGuard, token: str, _request: Request) -> Answer:
    return {"unload": unload_out(slot.unload(token))}


def _read_supply(slot: SlotGuard, token: str, _request: Request) -> Answer:
    return {"reading": reading_out(slot.read_supply(token))}


def _identify_supply(slot: SlotGuard, token: str, _request: Request) -> Answer:
    return {"identity": slot.identify_supply(token)}


def _i2c(slot: SlotGuard, token: str, request: Request) -> Answer:
    address, count = request.whole("address", 0x03, 0x77), request.whole("count", 0, 255)
    data = request.data("data")
    if len(data) > 255:
        raise UsageError(f"request: data: found {len(data)} bytes, expected at most 255")
    return {"data": slot.i2c(token, address, data, count).hex()}


def _reset(slot: SlotGuard, token: str, request: Request) -> Answer:
    slot.set_reset(token, Level(request.whole("level", 0, 1)))
    return {}


def _loopback(slot: SlotGuard, token: str, request: Request) -> Answer:
    slot.set_loopback(token, Level(request.whole("level", 0, 1)))
    return {}


def _set_fans(slot: SlotGuard, token: str, request: Request) -> Answer:
    share = request.number("share")
    if not 0 <= share <= 1:
        raise UsageError(f"request: share: found {share:g}, expected 0 to 1")
    slot.set_fans(token, share)
    return {}


def _fan_rpm(slot: SlotGuard, token: str, _request: Request) -> Answer:
    return {"rpm": list(slot.fan_rpm(token))}


# Everything the holder of a lease may ask for.
LEASED: Mapping[str, Callable[[SlotGuard, str, Request], Answer]] = {
    "enter": _enter,
    "on": _on,
    "set_volts": _set_volts,
    "off": _off,
    "unload": _unload,
    "read_supply": _read_supply,
    "identify_supply": _identify_supply,
    "i2c": _i2c,
    "reset": _reset,
    "loopback": _loopback,
    "set_fans": _set_fans,
    "fan_rpm": _fan_rpm,
}
