"""Power on its way to the board, step by step, each step a measurement (docs/plans.md).

    supply ─ cable ─ connector (sense leads, meter) ─ contact ─ pads (scanner) ─ board

Supply, meter and scanner see one current at three places, so each can be held against the others:
a fault of the station shows before anything is put to the board.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rig.board import read_sensors
from rig.guard.envelope import fan_rpm_expected
from rig.slot import Mode, Phase, SupplyReading

if TYPE_CHECKING:
    from rig.pytestplugin.board_run import Run

SETTLE_SECONDS = 0.4            # after a step: slew, and the guard's reading of the supply made anew
STEADY_SECONDS = 1.0            # after the clock was moved: watts read a moment apart must be the same
POLL_SECONDS = 0.05
WATCHED_SECONDS = 1.5           # in current limit for so long: it will not come out of it
REACHED_SHARE = 0.95
LEAST_AMPS = 0.05               # below it a meter for 90 A sees nothing flow
MOST_OHMS = 100.0
LEAST_DOMAIN_VOLTS = 0.02       # a cold domain of a sound board has 0.15 V
PRE_OPEN_SECONDS = 45.0


@dataclass(frozen=True, slots=True)
class PathReading:
    """One look at all three instruments. Volts, amps and watts; ``lost_ohms`` lie between the point
    the supply regulates and the connector."""

    set_volts: float
    lost_ohms: float
    supply: SupplyReading
    connector_volts: float
    amps: float
    watts: float
    pad_volts: float

    @property
    def readback_error(self) -> float:
        """Volts the supply reads back beyond those it is set to."""
        return self.supply.volts.value - self.set_volts

    @property
    def sense_error(self) -> float:
        """Volts that are missing at the connector."""
        return self.set_volts - self.amps * self.lost_ohms - self.connector_volts

    @property
    def contact_ohms(self) -> float:
        return (self.connector_volts - self.pad_volts) / self.amps if self.amps > LEAST_AMPS else math.nan

    @property
    def balance_watts(self) -> float:
        """What the supply gives and the meter does not see."""
        amps = self.supply.amps.value
        return self.supply.volts.value * amps - amps * amps * self.lost_ohms - self.watts

    @property
    def rail_ohms(self) -> float:
        if self.amps < LEAST_AMPS:
            return MOST_OHMS
        return min(MOST_OHMS, self.connector_volts / self.amps)


def look(run: Run) -> PathReading:
    """Scanner, meter and supply, one straight after the other; InstrumentError without a number."""
    run.saw_domains()
    meter = run.sampler.settled_power()
    supply = run.slot.supply.read()
    return PathReading(
        run.set_volts, run.supply_entry.unsensed_ohms, supply,
        meter.volts.value, meter.amps.value, meter.watts.value, run.log.terminal_volts,
    )


def cold_check(run: Run) -> None:
    """First power, reset held low, at most 2 A and 2 V: rail, sense leads, stack, fans."""
    run.slot.side.set_fans(run.recipe.soak.warming_fan_share)
    run.phase("cold check")
    run.power_on()
    run.measure("charge_seconds", _limited_seconds(run))
    run.slot.clock.sleep(SETTLE_SECONDS)
    path = look(run)
    run.measure("rail_ohms", path.rail_ohms)
    check_sense(run, path)
    run.step_volts(run.recipe.cold_volts)
    run.slot.clock.sleep(SETTLE_SECONDS)
    path = look(run)
    run.measure("cold_amps", path.supply.amps.value)
    run.measure("cold_domain_share", *_shares(run.log.domain_volts))
    _check_fans(run)


def check_sense(run: Run, path: PathReading) -> None:
    """What the supply says it gives against what is set, and against what arrives."""
    run.measure("readback_error_volts", path.readback_error)
    run.measure("sense_error_volts", path.sense_error)


def open_board(run: Run) -> None:
    """Pre-open volts, reset still low: inrush, an open board, the contact's first current, balance."""
    run.phase("pre-open")
    run.open_power(Phase.PRE_OPEN, PRE_OPEN_SECONDS)
    run.measure("inrush_seconds", _limited_seconds(run))
    run.slot.clock.sleep(SETTLE_SECONDS)
    path = look(run)
    check_sense(run, path)
    run.measure("pre_open_contact_volts", path.connector_volts - path.pad_volts)
    run.measure("pre_open_volts", path.pad_volts)
    run.measure("least_idle_amps", path.supply.amps.value)
    run.measure("pre_open_deviation_volts", *_deviations(run.log.domain_volts))


def measure_idle(run: Run) -> None:
    """Current with the clock idling, against a sound board's at the same temperature."""
    amps = run.slot.supply.read().amps.value
    celsius = [value for value in read_sensors(run.slot, run.product) if value is not None]
    run.measure("idle_amps", amps)
    mean = math.fsum(celsius) / len(celsius) if celsius else math.nan
    run.measure("idle_excess_amps", amps - run.recipe.idle.expected_amps(mean))


def step_to_level(run: Run) -> None:
    """From the pre-open volts to the level's in steps, each read back."""
    recipe, level = run.recipe, run.level.volts
    worst = 0.0
    for step in range(1, recipe.volt_steps + 1):
        run.step_volts(recipe.pre_open_volts + (level - recipe.pre_open_volts) * step / recipe.volt_steps)
        run.slot.clock.sleep(SETTLE_SECONDS)
        error = run.slot.supply.read().volts.value - run.set_volts
        worst = error if abs(error) > abs(worst) else worst
    run.measure("step_error_volts", worst)


def check_path(run: Run) -> None:
    """At working current: sense leads, contact and the balance of the two watts."""
    run.slot.clock.sleep(STEADY_SECONDS)
    path = look(run)
    run.log.note(
        "power path", set_volts=path.set_volts, supply_volts=path.supply.volts.value,
        connector_volts=path.connector_volts, pad_volts=path.pad_volts, amps=path.amps, watts=path.watts,
    )
    # volts that fall short in the current limit are the board's doing, not the supply's
    run.measure("limited_at_work", float(path.supply.mode is Mode.CONSTANT_CURRENT))
    check_sense(run, path)
    run.measure("contact_ohms", path.contact_ohms)
    run.measure("power_balance_watts", path.balance_watts)


def switch_off(run: Run) -> None:
    """Off and discharged: how long it took, and what the scanner still sees at the pads."""
    run.phase("off")
    clock = run.slot.clock
    ordered = clock.now()
    run.slot.supply.off()
    run.measure("discharge_seconds", clock.now() - ordered)
    run.saw_domains()
    run.measure("left_volts", run.log.terminal_volts)


def _limited_seconds(run: Run) -> float:
    """How long the supply limits its current on the way to its set volts; watched for a second and
    a half at most."""
    clock = run.slot.clock
    began = before = clock.now()
    limited = 0.0
    while before - began < WATCHED_SECONDS:
        clock.sleep(POLL_SECONDS)
        reading, now = run.slot.supply.read(), clock.now()
        if reading.mode is Mode.CONSTANT_CURRENT:
            limited += now - before
        elif reading.volts.value >= REACHED_SHARE * run.set_volts:
            break
        before = now
    return limited


def _check_fans(run: Run) -> None:
    """The fans were slowed down a few seconds ago: each must turn as its drive says. Then full again."""
    expected = fan_rpm_expected(run.recipe.soak.warming_fan_share)
    ratios = [rpm / expected for rpm in run.slot.side.fan_rpm()]
    run.measure("slowest_fan_ratio", min(ratios))
    run.measure("fastest_fan_ratio", max(ratios))
    run.slot.side.set_fans(1.0)


def _shares(volts: tuple[float, ...]) -> list[float]:
    """Each domain's volts against the mean; all 1 where nothing divides: that is told at pre-open."""
    mean = math.fsum(volts) / len(volts)
    return [value / mean if mean > LEAST_DOMAIN_VOLTS else 1.0 for value in volts]


def _deviations(volts: tuple[float, ...]) -> list[float]:
    mean = math.fsum(volts) / len(volts)
    return [value - mean for value in volts]
