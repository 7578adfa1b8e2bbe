"""Fault kinds of the chain and its silicon: joints, signals, addresses, jobs, answers.

Names, parameters and meaning: docs/scenarios.md.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator

from rig.bm13xx.models import chip_model
from rig.recipe import Product
from rig.sim.effects import Dropping, Effects, Joint
from rig.sim.faults import Fault, Misfit, Place, Share


class ChipFault(Fault):
    """Base of the kinds that sit at one chip; ``spared`` are chips at either end that have no such fault."""

    spared: ClassVar[tuple[int, int]] = (0, 0)
    chip: Place

    def misfit(self, product: Product) -> Misfit | None:
        first, last = self.spared[0], product.chips - 1 - self.spared[1]
        if not first <= self.chip <= last:
            return "chip", str(self.chip), f"{first} to {last}"
        return super().misfit(product)


# ---- signals

class DeadChip(ChipFault):
    kind: Literal["dead_chip"]

    def strike(self, effects: Effects) -> None:
        effects.commands_reach = min(effects.commands_reach, self.chip)


class BrokenResponse(ChipFault):
    kind: Literal["broken_response"]

    def strike(self, effects: Effects) -> None:
        effects.replies_reach = min(effects.replies_reach, self.chip)


class StuckBusy(ChipFault):
    """The busy line leaves this chip raised: none beyond finds the line free to speak."""

    kind: Literal["stuck_busy"]
    spared: ClassVar[tuple[int, int]] = (0, 1)

    def strike(self, effects: Effects) -> None:
        effects.replies_reach = min(effects.replies_reach, self.chip + 1)


class IntermittentJoint(ChipFault):
    kind: Literal["intermittent_joint"]
    probability: Share

    def strike(self, effects: Effects) -> None:
        effects.joints.append(Joint(self.chip, self.probability))


class NoClock(Fault):
    kind: Literal["no_clock"]

    def strike(self, effects: Effects) -> None:
        effects.clock = False


class ResetStuck(Fault):
    kind: Literal["reset_stuck"]

    def strike(self, effects: Effects) -> None:
        effects.reset_stuck = True


class HeatDrop(ChipFault):
    kind: Literal["heat_drop"]
    above_celsius: float = Field(ge=-40, le=150)

    def strike(self, effects: Effects) -> None:
        effects.hot_drops.append(Dropping(self.chip, self.above_celsius))


class VoltDrop(ChipFault):
    kind: Literal["volt_drop"]
    below_volts: float = Field(ge=0, le=3)

    def strike(self, effects: Effects) -> None:
        effects.low_drops.append(Dropping(self.chip, self.below_volts))


# ---- who a chip says it is

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


class DuplicateAddress(ChipFault):
    kind: Literal["duplicate_address"]
    spared: ClassVar[tuple[int, int]] = (1, 0)

    def strike(self, effects: Effects) -> None:
        effects.same_address[self.chip] = True


# ---- silicon

class WeakChip(ChipFault):
    kind: Literal["weak_chip"]
    rate: Share

    def strike(self, effects: Effects) -> None:
        effects.base_hit_rate[self.chip] = self.rate


class SlowChip(ChipFault):
    kind: Literal["slow_chip"]
    mhz: float = Field(gt=0, le=600)

    def strike(self, effects: Effects) -> None:
        effects.slower_mhz[self.chip] += self.mhz


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


class StaleJobs(ChipFault):
    kind: Literal["stale_jobs"]

    def strike(self, effects: Effects) -> None:
        effects.stale[self.chip] = True


class DuplicateNonces(ChipFault):
    kind: Literal["duplicate_nonces"]
    rate: Share

    def strike(self, effects: Effects) -> None:
        effects.repeat_rate[self.chip] = self.rate


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

    def misfit(self, product: Product) -> Misfit | None:
        cores = chip_model(product.chip).cores
        if isinstance(self.cores, int):
            if self.cores > cores:
                return "cores", str(self.cores), f"1 to {cores}"
        elif max(self.cores) >= cores:
            return "cores", str(max(self.cores)), f"0 to {cores - 1}"
        return super().misfit(product)
