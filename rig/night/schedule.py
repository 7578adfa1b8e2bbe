"""What a night will do: which slots of this computer, which work in each, which planted fault where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rig.errors import FileError, UsageError
from rig.fixturefile import FixtureFile, load_fixture
from rig.lab.exports import place_name
from rig.lab.site import BenchEntry, GoldenSlot, PlantedFault, Site, Work
from rig.recipe import PlanFolder, load_plan


@dataclass(frozen=True, slots=True)
class Bench:
    """A bench of this computer."""

    file: Path
    fixture: FixtureFile
    listen: str


@dataclass(frozen=True, slots=True)
class Job:
    """One slot's night."""

    bench: Bench
    slot: str
    golden: GoldenSlot
    work: tuple[Work, ...]
    planted: tuple[PlantedFault, ...]

    @property
    def place(self) -> str:
        """What labgrid calls it."""
        return place_name(self.bench.fixture, self.slot)


@dataclass(frozen=True, slots=True)
class Schedule:
    """``elsewhere``: what other computers have to do, in words."""

    benches: tuple[Bench, ...]
    jobs: tuple[Job, ...]
    elsewhere: tuple[str, ...]


def schedule(site: Site, plans: Path, here: str, night: int) -> Schedule:
    """The work of the ``night``-th night on the computer ``here``. Powers nothing.

    Raises FileError for what cannot be on these benches, UsageError when none of them is here.
    """
    mine = [bench for bench in site.told.benches if bench.host in (None, here)]
    elsewhere = tuple(
        f"{bench.fixture}, {', '.join(bench.slots)}: at {bench.host}; run rig nightly there"
        for bench in site.told.benches if bench not in mine
    )
    if not mine:
        raise UsageError(f"{site.file}: found no bench of this computer, which calls itself {here}, expected "
                         f"one: {'; '.join(elsewhere)}")
    products: dict[str, PlanFolder] = {}
    slots: list[tuple[Bench, str, GoldenSlot, tuple[Work, ...]]] = []
    benches = []
    for entry in mine:
        file = site.fixture_of(entry)
        bench = Bench(file, load_fixture(file), entry.listen)
        benches.append(bench)
        for name, golden in entry.slots.items():
            field = f"benches.{entry.fixture}.slots.{name}"
            _check(site.file, field, bench, name, golden, _product(products, plans, golden.product))
            slots.append((bench, name, golden, _work(site, entry, bench, golden)))
    _check_apart(site.file, benches)
    dealt = deal(site.told.planted, [Work.PLANTED in work for *_, work in slots], night)
    jobs = tuple(Job(*slot, planted) for slot, planted in zip(slots, dealt, strict=True))
    return Schedule(tuple(benches), jobs, elsewhere)


def deal(
    planted: Sequence[PlantedFault], takes: Sequence[bool], night: int
) -> list[tuple[PlantedFault, ...]]:
    """Each fault to one of the slots that take any, one slot further every night."""
    takers = [at for at, wants in enumerate(takes) if wants]
    found: list[tuple[PlantedFault, ...]] = [() for _ in takes]
    for at, fault in enumerate(planted if takers else ()):
        slot = takers[(at + night) % len(takers)]
        found[slot] = (*found[slot], fault)
    return found


def _product(known: dict[str, PlanFolder], plans: Path, name: str) -> PlanFolder:
    if name not in known:
        known[name] = load_plan(plans, name)
    return known[name]


def _check(
    file: Path, field: str, bench: Bench, slot: str, golden: GoldenSlot, plan: PlanFolder
) -> None:
    """Raises FileError for a slot that is not there, or a board that cannot be in it."""
    if slot not in bench.fixture.slots:
        raise FileError(file, field, f"no slot of {bench.file}", f"one of {', '.join(bench.fixture.slots)}")
    if bench.fixture.board not in (None, golden.product):
        raise FileError(file, f"{field}.product", repr(golden.product),
                        f"{bench.fixture.board}, whose boards stand on {bench.file}")
    if not plan.product.serial.accepts(golden.serial):
        raise FileError(file, f"{field}.serial", repr(golden.serial), plan.product.serial.says)


def _work(site: Site, entry: BenchEntry, bench: Bench, golden: GoldenSlot) -> tuple[Work, ...]:
    asked = golden.work or tuple(one for one in Work if one is not Work.PLANTED or bench.fixture.simulated)
    if Work.PLANTED in asked and not bench.fixture.simulated:
        raise FileError(site.file, f"benches.{entry.fixture}", "planted faults on a real bench",
                        "them on a simulated one only")
    return tuple(one for one in Work if one in asked)


def _check_apart(file: Path, benches: Sequence[Bench]) -> None:
    """Two names of one file are one bench."""
    paths = [bench.file.resolve() for bench in benches]
    if len(set(paths)) < len(paths):
        raise FileError(file, "benches", "two names of one bench file", "each bench once")
