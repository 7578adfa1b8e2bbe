"""The hands of a real night: labgrid's places, the guards, and a process for whatever has a board in hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from typing import Any

import yaml

from rig.clock import Clock
from rig.errors import RigError, StationFault, UsageError
from rig.fixture.processes import ensure_bench, ensure_guard
from rig.guard.client import GuardClient
from rig.lab.directory import Directory, who_am_i
from rig.lab.hold import held_place
from rig.lab.lab import Lab
from rig.lab.site import PlantedFault, Site
from rig.night.orders import Answer, Order, Task
from rig.night.processes import Finished, finished
from rig.night.schedule import Bench, Job
from rig.night.slotnight import Power, Ran, Taken
from rig.purpose import Purpose
from rig.pytestplugin.stops import YIELD
from rig.records.files import write_whole
from rig.runtime import runtime_for
from rig.station.fitness import station_word
from rig.station.golden import last_check, load_book
from rig.station.guardlook import conditions_of
from rig.station.selftest import of_slot, of_station

CHECK_SECONDS = 120.0                   # what has no plan takes seconds, unless something hangs
SETTLE_SECONDS = 20.0                   # a guard that has just begun, or a supply that is heard again
_OFF_VOLTS = 1.0


@dataclass(slots=True)
class WiredHands:
    """``folder``: for what the night's processes are given; ``results``: where records go."""

    site: Site
    plans: Path
    results: Path
    folder: Path
    clock: Clock
    _stop: Event = field(default_factory=Event)
    _coordinators: dict[Path, str | StationFault] = field(default_factory=dict)
    _station: list[str] | None = None
    _lock: Lock = field(default_factory=Lock)
    _planted: set[str] = field(default_factory=set)         # places where something was

    def stop(self) -> None:
        """End the night: what runs is ended safely, nothing new begins."""
        self._stop.set()

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def offer(self, bench: Bench) -> None:
        """See to it that the bench's slots can be asked for; a lab that is up stays as it is.

        What goes wrong is told to whoever wants one of its slots.
        """
        lab, wanted = Lab(bench.file), self.site.told.coordinator
        try:
            state = lab.state()
            if not state.whole or wanted not in (None, state.address):
                word = station_word(bench.fixture, self.results, self.clock.utc())
                state = lab.up(bench.listen, wanted, word)
            self._coordinators[bench.file] = state.address or ""
        except StationFault as error:
            self._coordinators[bench.file] = error

    @contextmanager
    def held(self, job: Job) -> Iterator[None]:
        known = self._coordinators[job.bench.file]
        if isinstance(known, StationFault):
            raise known
        with ExitStack() as held:
            try:
                held.enter_context(held_place(job.place, known))
            except UsageError as error:
                raise (Taken(str(error)) if _has_holder(known, job.place) else error) from error
            yield

    def self_test(self, job: Job) -> list[str]:
        fixture = job.bench.fixture
        try:
            told = self._report(job)
        except RigError as error:
            return [str(error)]
        found = conditions_of(told, self.clock.now())
        return [*of_slot(fixture, job.slot, found, self.clock.utc()), *self._of_station()]

    def instruments(self, job: Job) -> Ran:
        return self._asked(self._order(job, Task.INSTRUMENTS), CHECK_SECONDS, self._stop)

    def run(self, job: Job, planted: PlantedFault | None) -> Ran:
        purpose = Purpose.GOLDEN if planted is None else Purpose.ENGINEERING
        if planted is not None:
            self._planted.add(job.place)
        order = self._order(job, Task.RUN).model_copy(
            update={"purpose": purpose, "scenario": self._scenario(job, planted)}
        )
        return self._asked(order, 60 * self.site.told.run_minutes, self._stop)

    def drift(self, job: Job) -> list[str] | None:
        board = load_book(self.results).boards.get(job.golden.serial)
        if board is None or board.simulated != job.bench.fixture.simulated:
            return None
        check = last_check(self.results, board)
        return [] if check is None else list(check.problems)

    def power(self, job: Job) -> Power:
        """A slot that somebody else has by now is theirs to answer for."""
        try:
            if job.place in self._planted:
                self._clear(job)
            deadline = self.clock.now() + SETTLE_SECONDS
            while True:
                power = power_of(self._report(job))
                if not power.on or self.clock.now() > deadline:
                    return power
                self.clock.sleep(0.5)
        except RigError as error:
            return Power(f"not known: {error}", on=True)

    # -- inside ---------------------------------------------------------------------------------

    def _report(self, job: Job) -> dict[str, Any]:
        """The guard's word on a slot, once it reaches supply and bridge, or has had time to. StationFault."""
        bench = job.bench
        runtime = runtime_for(bench.file)
        if bench.fixture.simulated:
            ensure_bench(bench.file.resolve(), runtime, self.plans.resolve())
        ensure_guard(bench.file.resolve(), runtime)
        client = GuardClient(runtime.guard_socket, "", "nightly", self.clock)
        deadline = self.clock.now() + SETTLE_SECONDS
        try:
            while True:
                told: dict[str, Any] = client.status()[job.slot]
                faults = told["bridge_fault"] or told["supply_fault"]
                heard = told["interlocks"] is not None and told["supply"] is not None and not faults
                if heard or self.clock.now() > deadline:
                    return told
                self.clock.sleep(0.2)
        finally:
            client.close()

    def _of_station(self) -> list[str]:
        """What all slots share, looked at once: it reads the whole store."""
        with self._lock:
            if self._station is None:
                self._station = list(of_station(self.results))
            return self._station

    def _order(self, job: Job, task: Task) -> Order:
        return Order(
            task=task, fixture=job.bench.file, slot=job.slot, place=job.place, product=job.golden.product,
            serial=job.golden.serial, plans=self.plans, results=self.results,
            operator=self.site.told.operator,
        )

    def _asked(self, order: Order, seconds: float, stop: Event) -> Ran:
        # the run is the place's holder in all but its process
        environment = {"RIG_RUNTIME": str(runtime_for(order.fixture).folder), "LG_USERNAME": who_am_i()}
        done = finished("rig.night.child", [order.model_dump_json()], seconds, stop, environment)
        return ran_of(done, order, stopped=self.stopped)

    def _scenario(self, job: Job, planted: PlantedFault | None) -> Path | None:
        """A golden board for the bench: the same serial is the same board every night."""
        if not job.bench.fixture.simulated:
            return None
        faults = [] if planted is None else [dict(planted.fault)]
        kind = "golden" if planted is None else planted.kind
        path = self.folder / f"{job.place}-{kind}.yaml"
        write_whole(path, yaml.safe_dump({
            "time_scale": self.site.told.time_scale, "boards": {job.slot: {"faults": faults}},
        }))
        return path

    def _clear(self, job: Job) -> None:
        """Nothing planted is left in the slot, also of a night that was stopped.

        Whether the slot is off is asked after it, however this went.
        """
        order = self._order(job, Task.CLEAR).model_copy(update={"scenario": self._scenario(job, None)})
        self._asked(order, CHECK_SECONDS, Event())


def _has_holder(coordinator: str, place: str) -> bool:
    """Whether a living somebody has it; a dead one's was given back before we were refused."""
    found = Directory(coordinator).places().get(place)
    return found is not None and found.acquired is not None


def ran_of(done: Finished, order: Order, *, stopped: bool) -> Ran:
    """What became of a process: its answer, or how it died."""
    if done.code == -YIELD:
        return Ran(f"the {order.task.value} was ended before it had power", made_way=True)
    last = (done.out.strip().splitlines() or [""])[-1]
    if not last.startswith("{"):
        said = " ".join((done.err or done.out).split())[-300:]
        return Ran(f"{_why(done, stopped)}its process ended with {done.code}: {said}", late=done.late)
    answer = Answer.model_validate_json(last)
    return Ran(
        _why(done, stopped) + answer.says, answer.verdict, answer.board_verdict, answer.code, answer.run_id,
        answer.measured, answer.made_way, answer.taken, answer.refused, done.late,
    )


def _why(done: Finished, stopped: bool) -> str:
    if not done.late:
        return ""
    return "ended, since the night was stopped: " if stopped else "ended, since its time was over: "


def power_of(told: dict[str, Any]) -> Power:
    """A slot's line of ``rig guard status``. What a lease or a loan has is that holder's."""
    volts = (told["supply"] or {}).get("volts", {}).get("value")
    state = told["state"]
    off = state == "off" or (state == "hot" and volts is not None and volts < _OFF_VOLTS)
    says = "off, hands off yet" if off and state == "hot" else str(state)
    if volts is not None:
        says += f", {volts:.2f} V at the supply"
    holder = told["lease"] or told["loan"]
    if holder is not None:
        return Power(f"{says}, with process {holder['pid']}", on=False)
    if told["supply_fault"]:
        says += f", {told['supply_fault']}"
    return Power(says, on=not off)
