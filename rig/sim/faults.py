"""Fault kinds of power, heat and the fixture: one class each, its parameters and what it does.

The chain's are ``rig.sim.chain_faults``, the power path's and the instruments' ``station_faults``.
Names, parameters and meaning: docs/scenarios.md. Any kind may carry ``at_seconds`` since the output
first went on; without it the fault is there from the start.
"""

from __future__ import annotations

from abc import abstractmethod
from enum import Enum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from rig.datafile import Data
from rig.recipe import Product
from rig.sim.effects import Eeprom, Effects, Part
from rig.sim.thermal import FANS

Share = Annotated[float, Field(ge=0, le=1)]
Place = Annotated[int, Field(ge=0)]
Misfit = tuple[str, str, str]      # field, found, expected


class Fault(Data):
    """Base of all kinds."""

    at_seconds: float | None = Field(default=None, ge=0)

    @abstractmethod
    def strike(self, effects: Effects) -> None:
        """Turn what this fault turns."""

    def misfit(self, product: Product) -> Misfit | None:
        """The parameter a board of this product has no place for."""
        places = {"domain": product.domains, "sensor": product.sensors, "fan": FANS}
        for name, count in places.items():
            value = getattr(self, name, None)
            if isinstance(value, int) and value >= count:
                return name, str(value), f"0 to {count - 1}"
        return None


# ---- power and heat

class HotBoard(Fault):
    kind: Literal["hot_board"]
    factor: float = Field(gt=0)

    def strike(self, effects: Effects) -> None:
        effects.heat_factor *= self.factor


class PowerHigh(Fault):
    kind: Literal["power_high"]
    factor: float = Field(gt=0)

    def strike(self, effects: Effects) -> None:
        effects.power_factor *= self.factor


class OpenInput(Fault):
    kind: Literal["open_input"]

    def strike(self, effects: Effects) -> None:
        effects.input_open = True


class ShortCircuit(Fault):
    kind: Literal["short_circuit"]
    ohms: float = Field(gt=0)

    def strike(self, effects: Effects) -> None:
        effects.short_ohms = 1 / (1 / effects.short_ohms + 1 / self.ohms)


class Leakage(Fault):
    kind: Literal["leakage"]
    amps: float = Field(ge=0)

    def strike(self, effects: Effects) -> None:
        effects.leakage_amps += self.amps


class HowDead(Enum):
    """What became of a domain: no volts across it, or volts and no clock."""

    SHORTED = "shorted"
    SILENT = "silent"


class DeadDomain(Fault):
    kind: Literal["dead_domain"]
    domain: Place
    how: HowDead

    def strike(self, effects: Effects) -> None:
        shorted = self.how is HowDead.SHORTED
        (effects.shorted_domains if shorted else effects.silent_domains).add(self.domain)


class DomainVoltage(Fault):
    kind: Literal["domain_voltage"]
    domain: Place
    offset_volts: float = Field(ge=-1, le=1)

    def strike(self, effects: Effects) -> None:
        others = len(effects.domain_offsets) - 1
        effects.domain_offsets -= self.offset_volts / max(1, others)
        effects.domain_offsets[self.domain] += self.offset_volts * (1 + 1 / max(1, others))


# ---- EEPROM and sensors

class EepromAbsent(Fault):
    kind: Literal["eeprom_absent"]

    def strike(self, effects: Effects) -> None:
        effects.eeprom = Eeprom.ABSENT


class EepromCorrupt(Fault):
    kind: Literal["eeprom_corrupt"]

    def strike(self, effects: Effects) -> None:
        effects.eeprom = Eeprom.CORRUPT


class EepromDuplicateSerial(Fault):
    kind: Literal["eeprom_duplicate_serial"]
    serial: str = Field(pattern=r"^[\x20-\x7e]{1,18}$")

    def strike(self, effects: Effects) -> None:
        effects.eeprom_serial = self.serial


class SensorAbsent(Fault):
    kind: Literal["sensor_absent"]
    sensor: Place

    def strike(self, effects: Effects) -> None:
        effects.silent_sensors.add(self.sensor)


class SensorStuck(Fault):
    """Frozen at ``celsius``; without it, at what it first reads."""

    kind: Literal["sensor_stuck"]
    sensor: Place
    celsius: float | None = Field(default=None, ge=-60, le=190)

    def strike(self, effects: Effects) -> None:
        effects.stuck_sensors[self.sensor] = self.celsius


# ---- the station

class PartGone(Fault):
    """Base of the kinds that take a part of the slot away."""

    part: ClassVar[Part]

    def strike(self, effects: Effects) -> None:
        effects.gone.add(self.part)


class CorruptReplies(Fault):
    kind: Literal["corrupt_replies"]
    rate: Share

    def strike(self, effects: Effects) -> None:
        effects.corrupt_share = self.rate


class LostBytes(Fault):
    kind: Literal["lost_bytes"]
    rate: Share

    def strike(self, effects: Effects) -> None:
        effects.lost_share = self.rate


class SupplyUnreachable(PartGone):
    kind: Literal["supply_unreachable"]
    part: ClassVar[Part] = Part.SUPPLY


class MeterUnreachable(PartGone):
    kind: Literal["meter_unreachable"]
    part: ClassVar[Part] = Part.METER


class ScannerUnreachable(PartGone):
    kind: Literal["scanner_unreachable"]
    part: ClassVar[Part] = Part.SCANNER


class UartGone(PartGone):
    kind: Literal["uart_gone"]
    part: ClassVar[Part] = Part.UART


class BridgeUnreachable(PartGone):
    kind: Literal["bridge_unreachable"]
    part: ClassVar[Part] = Part.BRIDGE


class MeterOverload(Fault):
    kind: Literal["meter_overload"]

    def strike(self, effects: Effects) -> None:
        effects.meter_overload = True


class FanFail(Fault):
    kind: Literal["fan_fail"]
    fan: Place

    def strike(self, effects: Effects) -> None:
        effects.stopped_fans.add(self.fan)


class Estop(Fault):
    kind: Literal["estop"]

    def strike(self, effects: Effects) -> None:
        effects.estop_open = True


class LidOpen(Fault):
    kind: Literal["lid_open"]

    def strike(self, effects: Effects) -> None:
        effects.lid_open = True


class BoardRemoved(Fault):
    kind: Literal["board_removed"]

    def strike(self, effects: Effects) -> None:
        effects.board_removed = True
