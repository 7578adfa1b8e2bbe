"""What a plan knows of its run, and what it does to the board's power: one part of ``Run``."""

from __future__ import annotations

from dataclasses import replace

from rig.board import EepromReading, link_echoes
from rig.errors import EepromKeyError, LinkError
from rig.pytestplugin.log import RunLog
from rig.pytestplugin.sampler import Sampler
from rig.pytestplugin.setup import RunSetup
from rig.pytestplugin.waiving import Waiving
from rig.recipe import Dimension, Limits
from rig.slot import Phase, Protection, ScanReading, Slot, SlotProvider
from rig.verdict.measurement import Judge, Measurement, Outcome

# How near the pads are brought to the level's volts, and how much the way to them may take.
TRIMMED_VOLTS = 0.01
MOST_DROP_VOLTS = 0.4
TRIM_STEPS = 3


class BoardStopped(Exception):
    """A critical measurement failed: the board goes no further. Its measurement says why."""


class PoweredRun:
    """Facts, measurements and power of one run, and what is seen of the board without work.

    Everything measured and seen goes to the journal as it comes.
    """

    def __init__(self, setup: RunSetup, slot: SlotProvider, log: RunLog) -> None:
        self.serial = setup.options.serial
        self.product, self.recipe = setup.plan.product, setup.plan.recipe
        self.level = self.recipe.levels[0]
        self.model, self.pack = setup.model, setup.pack
        self.slot: Slot = slot
        self.supply_entry = setup.entry.supply
        self.sampler = Sampler(slot)
        self.log = log
        self.set_volts = self.recipe.sense_volts
        self._provider = slot
        self._waiving = Waiving(setup.plan, log)
        self._judge = Judge(
            setup.plan.limits.at_level(self.level.level),
            {
                Dimension.CHIP: self.product.chips,
                Dimension.DOMAIN: self.product.domains,
                Dimension.SENSOR: self.product.sensors,
            },
        )

    def measure(self, name: str, *values: float) -> bool:
        """Take one declared measurement; one value, or one per element of its dimension.

        Returns whether it holds. A failed limit does not raise, unless the measurement is declared
        critical: then the board is stopped. Raises RecipeError for an undeclared name.
        """
        attempt = self.log.attempts(name) + 1
        taken = self._judge.take(name, values, attempt=attempt, at_seconds=self.log.seconds())
        self.log.took(taken)
        failed = taken.outcome is Outcome.FAIL
        if failed and taken.spec.critical:
            raise BoardStopped(_sentence(taken))
        return not failed

    def saw_side(self, celsius: tuple[float | None, ...], eeprom: EepromReading) -> None:
        """Keep what sensors and EEPROM gave: presence, identity, chips' lot.

        The first temperatures are the cold board's; a later look only tells who still answers.
        Raises EepromKeyError for an EEPROM that no key opens, unless this run has read it before:
        then it is damaged, and the board's.
        """
        if eeprom.locked and self.log.identity is None:
            raise EepromKeyError(eeprom.damage)
        before = self.log.celsius or celsius
        self.log.celsius = tuple(
            first if now is not None else None for first, now in zip(before, celsius, strict=True)
        )
        self.log.eeprom = eeprom
        self.log.identity = eeprom.identity or self.log.identity
        limits = self._waiving.widened(eeprom.identity, self.slot.clock.utc())
        if limits is not None:
            self._judge_by(limits)

    def _judge_by(self, limits: Limits) -> None:
        """From now on measurements are held against ``limits``, those of the level."""
        self._judge = replace(self._judge, limits=limits.at_level(self.level.level))

    def power_on(self) -> None:
        """Reset held low, protection set and read back, then the recipe's cold volts."""
        self._provider.power_on()
        self.slot.meter.start_energy()

    def cycle_power(self) -> None:
        """Off and discharged, then the recipe's first volts again, reset held low."""
        self.slot.supply.off()
        self._provider.power_on()
        self.set_volts = self.recipe.sense_volts

    def power_again(self) -> None:
        """After a trip: a fresh lease on the slot, which is safe, then the recipe's first volts."""
        self._provider.lease_again()
        self._provider.power_on()
        self.set_volts = self.recipe.sense_volts

    def step_volts(self, volts: float) -> None:
        """Move the set point of the live output."""
        self.slot.supply.set_volts(volts)
        self.set_volts = volts

    def open_power(self, phase: Phase, seconds: float) -> None:
        """Announce ``phase`` and give the live output its volts and current limit, read back."""
        hashing = phase in (Phase.RAMPING, Phase.HASHING)
        volts = self.level.volts if hashing else self.recipe.pre_open_volts
        amps = self.recipe.limit_amps if hashing else self.recipe.pre_open_amps
        self.slot.supply.enter(phase, seconds)
        self.slot.supply.on(volts, Protection(self.recipe.over_volts, self.recipe.over_amps), amps)
        self.set_volts = volts

    def set_level_volts(self) -> None:
        """Move the set point until the board's pads, not the supply, have the level's volts.

        Cable and contact take a quarter of a volt at working current. More than that is the
        station's contact, and is left for the limits to find.
        """
        for _ in range(TRIM_STEPS):
            self.saw_domains()
            missing = self.level.volts - self.log.terminal_volts
            if abs(missing) <= TRIMMED_VOLTS:
                return
            wanted = min(max(self.set_volts + missing, self.level.volts), self.level.volts + MOST_DROP_VOLTS)
            self.step_volts(wanted)
            self.log.note("trim", set_volts=wanted, terminal_volts=self.log.terminal_volts)

    def check_link(self) -> None:
        """Send through the fixture's loop-back and listen. Raises LinkError when nothing comes back."""
        self.log.link_echoes = link_echoes(self.slot)
        self.log.note("loop-back", echoes=self.log.link_echoes)
        if not self.log.link_echoes:
            raise LinkError(
                "the chain's port did not hear its own echo through the fixture's loop-back; "
                "check the UART cable and the fixture's level shifter"
            )

    @property
    def lowest_volts(self) -> float:
        """The lowest rail of the recipe's levels."""
        return min(level.volts for level in self.recipe.levels)

    def saw_domains(self) -> tuple[float, ...]:
        """Scan the domains now; volts of each, host side first."""
        scan = self.sampler.scan()
        volts = volts_of(scan)
        self.log.saw_scan(volts, scan.terminals.value)
        return volts

    def saw_idle_domains(self) -> tuple[float, ...]:
        """As ``saw_domains``, with the clock idle: what a lost domain is told by."""
        self.log.idle_domain_volts = self.saw_domains()
        return self.log.idle_domain_volts


def volts_of(scan: ScanReading) -> tuple[float, ...]:
    """Volts across each domain, host side first."""
    return tuple(reading.value for reading in scan.domains)


def _sentence(taken: Measurement) -> str:
    found = ", ".join(f"{value:g}" for value in taken.values) or "nothing"
    return f"{taken.name}: found {found} {taken.spec.unit}, expected {taken.spec.limit}".replace("  ", " ")
