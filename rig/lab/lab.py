"""The lab of one bench, on one machine: brought up, looked at, taken down. It can be brought up again
at any time; what lives and is right stays as it is."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rig.errors import GuardError, StationFault
from rig.fixture.processes import ensure_guard
from rig.fixturefile import FixtureFile, load_fixture
from rig.lab.directory import Directory, Place
from rig.lab.exports import exporter_name, exports, place_match, place_name, place_tags
from rig.lab.health import guard_died, slot_problems
from rig.lab.names import DOWN, LOCKED, OPEN, PRODUCTION, STATE
from rig.lab.processes import Helper
from rig.lab.word import StationWord
from rig.runtime import Runtime, runtime_for

LOOPBACK = "127.0.0.1"
_LISTENING = re.compile(r"listening on (\S+:\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class LabState:
    """What a look at the lab found. ``coordinator_pid`` is None, too, for one that is not ours."""

    address: str | None
    coordinator_answers: bool
    coordinator_pid: int | None
    exporter_pid: int | None
    places: tuple[Place, ...]
    problems: Mapping[str, str] = field(default_factory=dict)     # of places not to be handed out, by name

    @property
    def whole(self) -> bool:
        """Whether every slot can be asked for."""
        return self.coordinator_answers and self.exporter_pid is not None and not self.problems and all(
            place.slot is not None for place in self.places
        )


class Lab:
    """The lab of a fixture file. Raises FileError for a file that is not right, UsageError."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._fixture: FixtureFile = load_fixture(file)
        self._runtime: Runtime = runtime_for(file)
        self._folder = self._runtime.lab
        self._coordinator = Helper("coordinator", self._folder / "coordinator")
        self._exporter = Helper("exporter", self._folder / "exporter")

    def up(
        self, host: str = LOOPBACK, coordinator: str | None = None, word: StationWord = StationWord()
    ) -> LabState:
        """Start what is not up: a coordinator on ``host`` unless one elsewhere is named, our exporter, a
        place a slot. What is not fit by our look or the station's ``word`` is withheld, what dead
        processes held is given back. Raises StationFault when something will not start."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        with self._runtime.lock("lab"):
            directory = Directory(self._coordinator_at(host, coordinator))
            if not directory.answers():
                raise StationFault(f"found no coordinator at {directory.address}, expected labgrid's; "
                                   "start it, or leave --coordinator out for one here")
            self._export(directory, host)
            self._publish(directory, word)
        return self.state()

    def down(self) -> tuple[str, ...]:
        """End our exporter and coordinator; which of them were up. Runs go on: they need neither."""
        with self._runtime.lock("lab"):
            return tuple(one.role for one in (self._exporter, self._coordinator) if one.stop())

    def state(self) -> LabState:
        """How it stands; nothing is started."""
        address = self._told_address()
        known: dict[str, Place] = {}
        answers = False
        if address is not None:
            with contextlib.suppress(StationFault):     # not there: that is what we came to see
                known, answers = Directory(address).places(), True
        names = {slot: place_name(self._fixture, slot) for slot in self._fixture.slots}
        places = tuple(known.get(name, Place(name, {}, None, None)) for name in names.values())
        told = {place.name: place.why for place in places if place.tags.get(STATE) == DOWN}
        found = slot_problems(self._fixture, self._runtime)
        return LabState(
            address, answers, self._coordinator.pid, self._exporter.pid, places,
            told | {names[slot]: why for slot, why in found.items()},
        )

    def _coordinator_at(self, host: str, elsewhere: str | None) -> str:
        """The address of the coordinator to use, ours started if it has to be."""
        before = self._told_address()
        if elsewhere is not None:
            self._tell_address(elsewhere)
            return elsewhere
        if self._coordinator.pid is None or before is None or not Directory(before).answers():
            self._coordinator.stop()            # it lives and is deaf, or is just about to be dead
            # one that is started again takes its old port, which others were told
            same = before if before and before.rpartition(":")[0] == host else f"{host}:0"
            self._coordinator.start("labgrid.remote.coordinator", ["-l", same], self._listens)
            self._tell_address(self._heard())
        return self._told_address() or ""

    def _listens(self) -> bool:
        heard = self._heard()
        return bool(heard) and Directory(heard).answers()

    def _heard(self) -> str:
        """The address in the coordinator's log, empty while there is none."""
        found = _LISTENING.search(self._coordinator.log.read_text(errors="replace"))
        return found.group(1) if found else ""

    def _export(self, directory: Directory, host: str) -> None:
        words = exports(self._file, self._fixture, self._runtime)
        told = self._exporter.folder / "exports.yaml"
        served = self._exporter.folder / "coordinator"
        same = _text(told) == words and _text(served) == directory.address
        if same and self._exporter.pid is not None and self._exported(directory):
            return
        self._exporter.stop()
        self._exporter.folder.mkdir(mode=0o700, exist_ok=True)
        told.write_text(words)
        served.write_text(directory.address)
        self._exporter.start(
            "labgrid.remote.exporter",
            ["-c", directory.address, "-n", exporter_name(self._fixture), "--hostname", host, str(told)],
            lambda: self._exported(directory),
        )

    def _exported(self, directory: Directory) -> bool:
        """Whether the coordinator has every slot; that an exporter says it is ready is not enough."""
        return directory.exported(exporter_name(self._fixture)) >= set(self._fixture.slots)

    def _publish(self, directory: Directory, word: StationWord) -> None:
        directory.free_the_dead()
        problems = {**word.problems, **self._slot_problems()}
        for slot in self._fixture.slots:
            name = place_name(self._fixture, slot)
            tags = place_tags(self._fixture, slot) | {PRODUCTION: LOCKED if word.locked else OPEN}
            directory.publish(name, place_match(self._fixture, slot), tags)
            if slot in problems:
                directory.withhold(name, problems[slot])
            else:
                directory.restore(name, word.locked or "")
            self._claim(directory, name, slot)

    def _slot_problems(self) -> Mapping[str, str]:
        """What stands against a slot now. A guard that was killed is started again: until then nobody
        sees to it that what it left is off."""
        if guard_died(self._runtime):
            try:
                ensure_guard(self._file.resolve(), self._runtime)
            except GuardError as error:
                return dict.fromkeys(self._fixture.slots, str(error))
        return slot_problems(self._fixture, self._runtime)

    def _claim(self, directory: Directory, name: str, slot: str) -> None:
        """A run that has the slot has the place, too, also after a coordinator that forgot it."""
        note = self._runtime.lock(f"slot-{slot}").held_by()
        if note is not None and note.get("holder"):
            Directory(directory.address, str(note["holder"])).claim(name)

    def _told_address(self) -> str | None:
        return _text(self._folder / "address") or None

    def _tell_address(self, address: str) -> None:
        (self._folder / "address").write_text(address)


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except FileNotFoundError:
        return ""
