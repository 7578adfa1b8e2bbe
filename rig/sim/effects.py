"""What the faults that have struck do, in the words of the models; without any, a good board."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol, Self

import numpy as np

from rig.bm13xx.models import ChipModel, chip_model
from rig.recipe import Product
from rig.sim.arrays import Flags, Floats, Words
from rig.sim.silicon import Lottery


class Part(Enum):
    """A part of the slot that may be gone, by the words of the ports file."""

    SUPPLY = "supply"
    METER = "meter"
    SCANNER = "scanner"
    UART = "uart"
    BRIDGE = "bridge"


class Eeprom(Enum):
    """How the board's EEPROM answers."""

    GOOD = "good"
    ABSENT = "absent"
    CORRUPT = "corrupt"


@dataclass(frozen=True, slots=True)
class Joint:
    """A joint before ``chip`` that is open at an enumeration with ``probability``."""

    chip: int
    probability: float


@dataclass(frozen=True, slots=True)
class Dropping:
    """A chip that goes, with all after it, beyond a ``limit`` of heat (celsius) or of volts."""

    chip: int
    limit: float


@dataclass(slots=True)
class Effects:
    """State that faults turn; per-chip arrays are (chips,), ``dead_cores`` is (chips, cores).

    ``commands_reach`` chips hear the host, ``replies_reach`` chips are heard by it.
    ``same_address`` chips take the address of the one before, ``stale`` ones keep the job they hash,
    ``repeat_rate`` is the share of answers returned twice.
    """

    seed: int
    base_hit_rate: Floats
    slower_mhz: Floats                 # how much sooner each chip's margin ends
    dead_cores: Flags
    error_rate: Floats
    chip_ids: Words
    same_address: Flags
    stale: Flags
    repeat_rate: Floats
    domain_offsets: Floats
    commands_reach: int
    replies_reach: int
    clock: bool = True
    reset_stuck: bool = False
    heat_factor: float = 1.0
    power_factor: float = 1.0
    input_open: bool = False
    board_removed: bool = False
    eeprom: Eeprom = Eeprom.GOOD
    eeprom_serial: str | None = None
    meter_overload: bool = False
    meter_offset_watts: float = 0.0
    read_back_offset_volts: float = 0.0    # of the supply's read-back from its output
    trip_amps: float = math.inf            # where the supply's protection trips by itself
    supply_hangs: bool = False
    contact_ohms: float = 0.0              # between connector and pads, beyond a good contact's
    sense_open: bool = False
    cable_open: bool = False
    short_ohms: float = math.inf           # across the rail, at the pads
    fans_full: bool = False
    ambient_celsius: float | None = None   # None: the scenario's
    corrupt_share: float = 0.0         # of the chain's replies
    lost_share: float = 0.0            # of the chain's bytes
    estop_open: bool = False
    lid_open: bool = False
    leakage_amps: float = 0.0          # through the stack at 25 °C and nominal volts
    joints: list[Joint] = field(default_factory=list)
    hot_drops: list[Dropping] = field(default_factory=list)
    low_drops: list[Dropping] = field(default_factory=list)
    shorted_domains: set[int] = field(default_factory=set)
    silent_domains: set[int] = field(default_factory=set)
    silent_sensors: set[int] = field(default_factory=set)
    stuck_sensors: dict[int, float | None] = field(default_factory=dict)   # None: as it first reads
    stopped_fans: set[int] = field(default_factory=set)
    late_seconds: dict[Part, float] = field(default_factory=dict)
    gone: set[Part] = field(default_factory=set)

    @classmethod
    def none(cls, product: Product, lottery: Lottery) -> Self:
        """A board as the lottery made it."""
        chips = product.chips
        model: ChipModel = chip_model(product.chip)
        return cls(
            seed=lottery.seed,
            base_hit_rate=lottery.hit_rate.copy(),
            slower_mhz=np.zeros(chips),
            dead_cores=np.zeros((chips, model.cores), dtype=np.bool_),
            error_rate=np.zeros(chips),
            chip_ids=np.full(chips, model.chip_id, dtype=np.uint32),
            same_address=np.zeros(chips, dtype=np.bool_),
            stale=np.zeros(chips, dtype=np.bool_),
            repeat_rate=np.zeros(chips),
            domain_offsets=lottery.domain_offsets.copy(),
            commands_reach=chips,
            replies_reach=chips,
        )


class Striking(Protocol):
    """A fault, as far as this module knows it."""

    def strike(self, effects: Effects) -> None: ...


def effects_of(faults: Iterable[Striking], product: Product, lottery: Lottery) -> Effects:
    """The effects of several faults at once, in the order given."""
    effects = Effects.none(product, lottery)
    for fault in faults:
        fault.strike(effects)
    return effects
