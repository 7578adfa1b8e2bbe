"""What a station needs of its past: dead runs, how long runs take, reworked boards. Slow: for threads."""

from __future__ import annotations

from dataclasses import dataclass

from rig.clock import Clock
from rig.errors import RigError
from rig.fixture.processes import check_bench_covers, ensure_bench
from rig.records import STORE_FILE, RunRecord, close_dead_runs
from rig.records.lookup import Lookup
from rig.records.repairs import Kind, Repair, RepairBook
from rig.station.flow import Answer, Rework
from rig.station.golden import load_book
from rig.station.memory import Tiles
from rig.station.place import Place
from rig.station.timing import LAST_RUNS
from rig.station.words import say


@dataclass(frozen=True, slots=True)
class Past:
    """Reads and closes what lies in the results. Raises StationFault when the store cannot be used."""

    place: Place
    clock: Clock

    def close_dead(self, alive: list[str]) -> list[RunRecord]:
        """Runs that died while nobody looked get their record now, not with the next board."""
        return [record for slot in self.place.fixture.slots if slot not in alive
                for record in close_dead_runs(self.place.results, slot, self.clock)]

    def last_runs(self, tiles: Tiles) -> dict[str, RunRecord]:
        """The runs that stood on the tiles, by slot; those that left no record are not among them."""
        lookup, fixture = self._lookup(), self.place.fixture
        found = {name: lookup.last_of_slot(fixture.fixture, name, kept.serial, kept.since)
                 for name, kept in tiles.slots.items() if name in fixture.slots}
        return {name: record for name, record in found.items() if record is not None}

    def last_passed(self) -> list[RunRecord]:
        """The last good runs of the product, first to last."""
        return self._lookup().last_passed(
            self.place.plan.product.product, simulated=self.place.fixture.simulated, limit=LAST_RUNS
        )

    def reworked(self, order: Rework, answer: Answer) -> Answer:
        """A repair told by card, kept for the board's last run; ``answer`` when all is well."""
        runs = self._lookup().lines(serial=order.serial, slot=None, limit=1)
        if order.serial in load_book(self.place.results).boards:
            return Answer("refused", say("refused.golden_stop", serial=order.serial))
        if not runs:
            return Answer("refused", say("refused.no_run", serial=order.serial, code=order.code))
        try:
            RepairBook(self.place.results / STORE_FILE).keep(Repair.told(
                order.serial, self.clock.utc(), Kind.REPAIR, did="rework card at the station",
                operator=order.who, code=order.code, place="as the run said", run_id=runs[0].run_id,
            ))
        except RigError as error:
            return Answer("refused", say("run.refused", text=str(error)))
        return answer

    def _lookup(self) -> Lookup:
        return Lookup(self.place.results / STORE_FILE)


def call_bench(place: Place) -> None:
    """The simulated bench, started if it is not up. Raises StationFault, UsageError."""
    bench = ensure_bench(place.fixture_file, place.runtime, place.plan.folder.parent.resolve())
    check_bench_covers(place.fixture, bench, place.fixture_file)
