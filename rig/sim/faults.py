"""The fault kinds that are built: one class each, its parameters and what it does to a board.

Names, parameters and meaning: docs/scenarios.md. Any kind may carry ``at_seconds`` since the output
first went on; without it the fault is there from the start.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator

from rig.bm13xx.models import chip_model
from rig.datafile import Data
from rig.recipe import Product
from rig.sim.effects import Eeprom, Effects, Part
from rig.sim.thermal import FANS

Share = Annotated[float, Field(ge=0, le=1)]
Place = Annotated[int, Field(ge=0)]


class Fault(Data):
    """Base of all kinds."""

    at_seconds: float | None = Field(default=None, ge=0)

    @abstractmethod
    def strike(self, effects: Effects) -> None:
        """Turn what this fault turns."""

    def misfit(self, product: Product) -> tuple[str, str, str] | None:
        """The parameter a board of this product has no place for: field, found, expected."""
        places = {
            "chip": product.chips, "domain": product.domains, "sensor": product.sensors, "fan": FANS,
        }
        for name, count in places.items():
            value = getattr(self, name, None)
            if isinstance(value, int) and value >= count:
                return name, str(value), f"0 to {count - 1}"
        return None


class ChipFault(Fault):
    chip: Place


# ---- the chain

class DeadChip(ChipFault):
    kind: Literal["dead_chip"]

    def strike(self, effects: Effects) -> None:
        effects.commands_reach = min(effects.commands_reach, self.chip)


class BrokenResponse(ChipFault):
    kind: Literal["broken_response"]

    def strike(self, effects: Effects) -> None:
        effects.replies_reach = min(effects.replies_reach, self.chip)


class NoClock(Fault):
    kind: Literal["no_clock"]

    def strike(self, effects: Effects) -> None:
        effects.clock = False


class ResetStuck(Fault):
    kind: Literal["reset_stuck"]

    def strike(self, effects: Effects) -> None:
        effects.reset_stuck = True


class WrongChipId(ChipFault):
    kind: Literal["wrong_chip_id"]
    id: int = Field(ge=0, le=0xFFFF)

    @field_validator("id", mode="before")
    @classmethod
    def _hexadecimal(cls, value: object) -> object:
        """YAML 1.1 reads 0x1368 as a number; a quoted one is taken too."""
        if isinstance(value, str) and value.lower().startswith("0x"):
            return int(value, 16)
        return value

    def strike(self, effects: Effects) -> None:
        effects.chip_ids[self.chip] = self.id


# ---- silicon

class WeakChip(ChipFault):
    kind: Literal["weak_chip"]
    rate: Share

    def strike(self, effects: Effects) -> None:
        effects.base_hit_rate[self.chip] = self.rate


class SlowBoard(Fault):
    kind: Literal["slow_board"]
    rate: Share

    def strike(self, effects: Effects) -> None:
        effects.base_hit_rate[:] = self.rate


class HardwareErrors(ChipFault):
    kind: Literal["hardware_errors"]
    rate: Share

    def strike(self, effects: Effects) -> None:
        effects.error_rate[self.chip] = self.rate


class BadCores(ChipFault):
    kind: Literal["bad_cores"]
    cores: Annotated[int, Field(ge=1)] | Annotated[tuple[Place, ...], Field(min_length=1)]

    def strike(self, effects: Effects) -> None:
        if isinstance(self.cores, int):
            rng = np.random.default_rng([effects.seed, 3, self.chip])
            dead = rng.choice(effects.dead_cores.shape[1], self.cores, replace=False)
        else:
            dead = np.array(self.cores)
        effects.dead_cores[self.chip, dead] = True

    def misfit(self, product: Product) -> tuple[str, str, str] | None:
        cores = chip_model(product.chip).cores
        if isinstance(self.cores, int):
            if self.cores > cores:
                return "cores", str(self.cores), f"1 to {cores}"
        elif max(self.cores) >= cores:
            return "cores", str(max(self.cores)), f"0 to {cores - 1}"
        return super().misfit(product)


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
