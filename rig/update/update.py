"""The whole way of an update, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rig.clock import Clock
from rig.errors import UsageError
from rig.records.files import keeping
from rig.update.asked import Asked
from rig.update.beside import Beside
from rig.update.home import Home, holds_results, last_good
from rig.update.release import Release, State
from rig.update.slots import Slots
from rig.update.store import store_version
from rig.update.switch import Switch


@dataclass(frozen=True, slots=True)
class Update:
    """One station's; one at a time. ``told`` is given a line as it happens."""

    home: Home
    asked: Asked
    clock: Clock
    told: Callable[[str], None]

    def to(self, ref: str) -> Release:
        """The station has that version. Raises UsageError, StationFault: then it has what it had."""
        with self._alone():
            slots, beside = Slots(self.asked.fixtures, self.clock), Beside(
                self.home, self.asked, self.clock, self.told
            )
            release, steps = beside.chosen(ref)
            if release.state is State.GOOD and self.home.current == release.name:
                self.told(f"the station has {release.name} already")
                return release
            if release.state in (State.PREPARING, State.FAILED):
                release = beside.prepared(release, steps)
            before = last_good(self.home)
            done = self._switch(slots).make(release, steps, before, before)
            self._tidy()
            return done

    def back(self) -> Release:
        """The station has the release before its own again. Raises UsageError, StationFault."""
        with self._alone():
            slots, had = Slots(self.asked.fixtures, self.clock), self.home.current
            known = self.home.known(had) if had else None
            release = self.home.known(known.before) if known and known.before else None
            if release is None or release.state is not State.GOOD:
                raise UsageError(
                    f"--back: found no release before {had or 'any'} that was good here, expected one"
                )
            found = store_version(self.asked.results)
            if found > release.store_version:
                raise UsageError(f"--back: found a store of version {found}, expected at most "
                                 f"{release.store_version}, which is what {release.name} reads")
            steps = self.home.source.steps(release.ref, release.commit)
            return self._switch(slots).make(release, steps, release.before, had)

    def _switch(self, slots: Slots) -> Switch:
        return Switch(self.home, self.asked, self.clock, self.told, slots)

    def _tidy(self) -> None:
        for name in self.home.too_many(self.asked.keep):
            if holds_results(self.home.place(name)):
                self.told(f"kept {name}: there are results in it; move them to where they belong")
            else:
                self.home.remove(name)
                self.told(f"removed {name}")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self.home.folder.is_dir():
            raise UsageError(
                f"{self.home.folder}: found no such folder, expected the rig's home; give --home"
            )
        lock = self.home.lock
        with keeping(self.home.folder):
            taken = lock.try_acquire()
        if not taken:
            raise UsageError(f"{self.home.folder}: found another update at work (process "
                             f"{lock.holder().get('pid')}), expected none")
        try:
            yield
        finally:
            lock.release()
