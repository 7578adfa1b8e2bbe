"""Fault kinds of power path, instruments and room: what is wrong with the station, not the board.

Names, parameters and meaning: docs/scenarios.md. They strike as the kinds of ``rig.sim.faults`` do.
"""

from __future__ import annotations

from enum import Enum
from typing import Literal

from pydantic import Field

from rig.sim.effects import Effects, Part
from rig.sim.faults import Fault


class SupplyHangs(Fault):
    kind: Literal["supply_hangs"]

    def strike(self, effects: Effects) -> None:
        effects.supply_hangs = True


class SupplyTrips(Fault):
    kind: Literal["supply_trips"]
    amps: float = Field(ge=0)

    def strike(self, effects: Effects) -> None:
        effects.trip_amps = min(effects.trip_amps, self.amps)


class SupplyReadbackOffset(Fault):
    kind: Literal["supply_readback_offset"]
    volts: float = Field(ge=-20, le=20)

    def strike(self, effects: Effects) -> None:
        effects.read_back_offset_volts += self.volts


class MeterOffset(Fault):
    kind: Literal["meter_offset"]
    watts: float = Field(ge=-5000, le=5000)

    def strike(self, effects: Effects) -> None:
        effects.meter_offset_watts += self.watts


class Late(Enum):
    """The instruments that can answer late."""

    SUPPLY = "supply"
    METER = "meter"
    SCANNER = "scanner"


class LateReply(Fault):
    kind: Literal["late_reply"]
    instrument: Late
    ms: float = Field(ge=0, le=600_000)

    def strike(self, effects: Effects) -> None:
        effects.late_seconds[Part(self.instrument.value)] = self.ms / 1000


class ContactResistance(Fault):
    kind: Literal["contact_resistance"]
    ohms: float = Field(ge=0)

    def strike(self, effects: Effects) -> None:
        effects.contact_ohms += self.ohms


class SenseOpen(Fault):
    kind: Literal["sense_open"]

    def strike(self, effects: Effects) -> None:
        effects.sense_open = True


class CableOpen(Fault):
    kind: Literal["cable_open"]

    def strike(self, effects: Effects) -> None:
        effects.cable_open = True


class WillNotWarm(Fault):
    kind: Literal["will_not_warm"]

    def strike(self, effects: Effects) -> None:
        effects.fans_full = True


class Ambient(Fault):
    kind: Literal["ambient"]
    celsius: float = Field(ge=-40, le=85)

    def strike(self, effects: Effects) -> None:
        effects.ambient_celsius = self.celsius
