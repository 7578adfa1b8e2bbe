"""A plan held against itself, its files and a bench, without power: what is wrong, a sentence each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path

from rig.errors import UsageError
from rig.fixturefile import FixtureFile, load_fixture
from rig.instruments.registry import check_families
from rig.pytestplugin.judge import Facts
from rig.pytestplugin.plan_reading import read_plan
from rig.pytestplugin.setup import check_plan
from rig.pytestplugin.sweep_check import check_sweep_work
from rig.pytestplugin.workload import planned
from rig.recipe import PlanFolder, check_ratings
from rig.recipe.plan import WAIVERS
from rig.verdict.codes import Code


def problems(plan: PlanFolder, fixture: Path | None, today: date) -> Iterator[str]:
    """Everything that is found wrong. Nothing is opened but files. Raises FileError for the bench's file
    itself."""
    yield from _refusals(partial(check_plan, plan))
    yield from _codes(plan)
    yield from _measurements(plan)
    yield from _waivers(plan, today)
    if fixture is not None:
        bench = load_fixture(fixture)
        yield from _bench(plan, bench, fixture)
        yield from _refusals(partial(_work, plan, bench))


def _refusals(check: Callable[[], object]) -> Iterator[str]:
    try:
        check()
    except UsageError as error:
        yield str(error)


def _codes(plan: PlanFolder) -> Iterator[str]:
    """Codes without words, and words without a way to be booked."""
    file, known = plan.lookup.file("failures.yaml"), set(plan.failures.codes)
    for code in Code:
        if code not in known:
            yield f"{file}: found no words for {code}, expected an entry: the rig books it"
    booked = {spec.code for spec in plan.limits.measurements.values()}
    for own in sorted(known - booked - set(map(str, Code))):
        yield (
            f"{file}: codes.{own}: found no way to it, expected a limit with that code: "
            "it is none of the rig's own"
        )


def _measurements(plan: PlanFolder) -> Iterator[str]:
    """What is measured is declared, and what is declared is measured."""
    file, declared = plan.lookup.file("limits.yaml"), plan.limits.measurements
    try:
        reading = read_plan(plan.modules)
    except SyntaxError as error:
        yield f"{error.filename}: line {error.lineno}: found {error.msg}, expected Python"
        return
    if not reading.steps:
        yield f"{plan.lookup.steps}: found no step, expected test functions in test_*.py"
    for name in sorted(reading.measured - set(declared)):
        yield f"{file}: found no declaration of {name!r}, expected one: a step measures it"
    for name in declared:
        if name not in reading.mentioned:
            yield f"{file}: measurements.{name}: found no step that takes it; measure it, or take it out"


def _waivers(plan: PlanFolder, today: date) -> Iterator[str]:
    for name, waiver in (plan.waivers.entries if plan.waivers else {}).items():
        if waiver.expired(today):
            where = f"{plan.folder / WAIVERS}: entries.{name}.expires"
            yield (
                f"{where}: found {waiver.expires.isoformat()}, expected {today.isoformat()} or later; "
                "renew it or take it out, it is not applied"
            )


def _bench(plan: PlanFolder, bench: FixtureFile, file: Path) -> Iterator[str]:
    """Levels within ratings, instruments there are, channels that do not fall together."""
    if bench.board not in (None, plan.product.product):
        yield f"{file}: board: found {bench.board!r}, expected {plan.product.product!r}, the plan's product"
    for name, slot in bench.slots.items():
        yield from _refusals(partial(check_ratings, plan, slot, name, file))
        for sentence in _refusals(partial(check_families, slot)):
            yield f"{name}: {sentence}"
        first, terminals = slot.scanner.first_domain_channel, slot.scanner.terminal_channel
        if first <= terminals < first + plan.product.domains:
            last = first + plan.product.domains - 1
            yield (
                f"{file}: slots.{name}.scanner.terminal_channel: found {terminals}, expected a channel "
                f"outside {first} to {last}, the {plan.product.domains} domains"
            )


def _work(plan: PlanFolder, bench: FixtureFile) -> None:
    """The pack, and whether the recipe's mode can be met with it."""
    model = check_plan(plan)
    workload = planned(plan, simulated=bench.simulated)
    mhz = plan.recipe.levels[0].mhz
    facts = Facts(
        plan.product, plan.recipe, plan.limits, model, workload.pack, mhz, bench.simulated
    )
    workload.rule(facts, plan.lookup.file("recipe.yaml"))
    check_sweep_work(facts, plan.lookup.file("recipe.yaml"))
