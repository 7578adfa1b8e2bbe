"""Before any power: every file a run stands on, read and cross-checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

from rig.bm13xx.models import ChipModel, chip_model
from rig.clock import Clock
from rig.datafile import digest, read_yaml
from rig.eepromkeys import EepromKeys
from rig.errors import FileError, RecipeError, UsageError
from rig.fixturefile import FixtureFile, load_fixture
from rig.guard.envelope import ENVELOPES
from rig.instruments.registry import check_families
from rig.pytestplugin.judge import Facts, Rule
from rig.pytestplugin.options import RunOptions
from rig.pytestplugin.sweep_check import check_sweep, check_sweep_work
from rig.pytestplugin.workload import Workload, planned
from rig.recipe import Level, Limits, PlanFolder, check_ratings, find_plans, load_plan
from rig.recipe.eeprom.ciphers import load_aes
from rig.records import new_run_id
from rig.slot import Phase
from rig.slotentry import SlotEntry
from rig.verdict import SequentialTest
from rig.work.pack import Pack

# Counts of the chips, of which a full one is the product's number.
FULL_COUNTS = ("chips_found", "chips_found_fast", "chips_found_low", "chips_found_working", "chips_found_hot")


@dataclass(frozen=True)
class RunSetup:
    """Everything a run stands on, checked."""

    options: RunOptions
    run_id: str
    fixture: FixtureFile
    entry: SlotEntry
    plan: PlanFolder
    model: ChipModel
    workload: Workload
    hashes: Mapping[str, str]
    eeprom_keys: EepromKeys

    @property
    def simulated(self) -> bool:
        return self.fixture.simulated

    @property
    def pack(self) -> Pack:
        return self.workload.pack

    def new_rule(self) -> Rule:
        """The rule of one burn-in, fresh."""
        return self.workload.rule(self.facts, self.plan.lookup.file("recipe.yaml"))

    def at_level(self, level: Level) -> RunSetup:
        """The same, with another of the recipe's levels as the first, which boards are judged at."""
        rest = (one for one in self.plan.recipe.levels if one != level)
        recipe = self.plan.recipe.model_copy(update={"levels": (level, *rest)})
        return replace(self, plan=replace(self.plan, recipe=recipe))

    def judging_by(self, limits: Limits) -> RunSetup:
        """The same, with other limits."""
        return replace(self, plan=replace(self.plan, limits=limits))

    @cached_property
    def facts(self) -> Facts:
        """What the board is judged on."""
        level = self.plan.recipe.levels[0]
        return Facts(
            self.plan.product, self.plan.recipe, self.plan.limits.at_level(level.level), self.model,
            self.pack, level.mhz, self.simulated,
        )


class WorkOf(Protocol):
    """What a plan's board is set to work on. Raises UsageError, FileError."""

    def __call__(self, plan: PlanFolder, *, simulated: bool) -> Workload: ...


def prepare(options: RunOptions, clock: Clock, work_of: WorkOf = planned) -> RunSetup:
    """Check everything; nothing is touched. Raises UsageError or FileError with one sentence."""
    fixture = load_fixture(options.fixture)
    entry = fixture.slot(options.slot)
    plan = load_plan(find_plans(options.plans), options.product)
    _check_serial(plan, options.serial)
    check_families(entry)
    check_ratings(plan, entry, options.slot, options.fixture)
    model = check_plan(plan)
    workload = work_of(plan, simulated=fixture.simulated)
    _check_scenario(options, fixture)
    hashes = plan.hashes | {options.fixture.name: digest(options.fixture), **workload.hashes}
    if workload.instead is not None:
        hashes[workload.instead.name] = digest(workload.instead)
    if options.scenario is not None:
        hashes[options.scenario.name] = digest(options.scenario)

    run_id = new_run_id(clock.utc())
    keys = fixture.eeprom.keys() if fixture.eeprom else EepromKeys()
    if keys.aes is not None:
        load_aes()                          # not under the lease, where a beat would wait for it
    setup = RunSetup(options, run_id, fixture, entry, plan, model, workload, hashes, keys)
    setup.new_rule()                        # only to see whether it can be met
    if workload.instead is None:
        check_sweep_work(setup.facts, plan.lookup.file("recipe.yaml"))
    return setup


def check_plan(plan: PlanFolder) -> ChipModel:
    """What must be right on any bench; the model of its chips. Raises FileError."""
    model = _chip(plan)
    _check_envelopes(plan)
    _check_limits(plan)
    _check_decision(plan)
    check_sweep(plan)
    return model


def _check_serial(plan: PlanFolder, serial: str) -> None:
    if not plan.product.serial.accepts(serial):
        raise UsageError(
            f"serial: found {serial!r}, expected {plan.product.serial.says} for {plan.product.product}; "
            "scan the board's label again"
        )


def _chip(plan: PlanFolder) -> ChipModel:
    try:
        return chip_model(plan.product.chip)
    except UsageError as error:
        raise FileError(
            plan.folder / "product.yaml", "chip", repr(plan.product.chip), str(error)
        ) from error


def _check_envelopes(plan: PlanFolder) -> None:
    """What the guard would refuse under power is refused here, before any."""
    recipe = plan.recipe
    for field, wanted, phase in (
        ("cold_amps", recipe.cold_amps, Phase.COLD),
        ("pre_open_amps", recipe.pre_open_amps, Phase.PRE_OPEN),
        ("limit_amps", recipe.limit_amps, Phase.HASHING),
    ):
        most = ENVELOPES[phase].most_amps
        if wanted > most:
            raise FileError(
                plan.lookup.file("recipe.yaml"), field, f"{wanted:g}",
                f"at most {most:g} A, the guard's envelope of the {phase.value} phase",
            )
    most_volts = ENVELOPES[Phase.COLD].most_volts
    if most_volts is not None and recipe.cold_volts > most_volts:
        raise FileError(
            plan.lookup.file("recipe.yaml"), "cold_volts", f"{recipe.cold_volts:g}",
            f"at most {most_volts:g} V, the guard's envelope of the cold phase",
        )


def _check_limits(plan: PlanFolder) -> None:
    """A full count is the product's number of chips, whatever a limit says."""
    for name in FULL_COUNTS:
        spec = plan.limits.measurements.get(name)
        if spec is not None and (spec.limit is None or spec.limit.equals != plan.product.chips):
            raise FileError(
                plan.lookup.file("limits.yaml"), f"measurements.{name}.limit", str(spec.limit),
                f"equals: {plan.product.chips}, the chips of {plan.product.product}",
            )


def _check_decision(plan: PlanFolder) -> None:
    """The stated risks must be reachable."""
    file, product, decision = plan.lookup.file("recipe.yaml"), plan.product, plan.recipe.decision
    try:
        SequentialTest.for_board(decision, product.chips)
    except RecipeError as error:
        raise FileError(file, "decision", "risks out of reach", str(error)) from error


def _check_scenario(options: RunOptions, fixture: FixtureFile) -> None:
    """The bench reads it; here only what needs no bench is refused."""
    if options.scenario is None:
        return
    if not fixture.simulated:
        raise UsageError(f"--scenario {options.scenario}: only a simulated bench plays scenarios")
    read_yaml(options.scenario)


def results_folder(options: RunOptions) -> Path:
    """Where records go; made if need be. Raises UsageError when it cannot be written to."""
    try:
        options.results.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"results folder {options.results}: {error}; give --results") from error
    if not os.access(options.results, os.W_OK):
        raise UsageError(f"results folder {options.results}: not writable; give --results")
    return options.results
