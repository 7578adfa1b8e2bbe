"""A release made beside the one at work: checked out, installed into its own environment, proved there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass

from rig.clock import Clock
from rig.errors import StationFault, UsageError
from rig.records.files import keeping
from rig.update.asked import Asked
from rig.update.home import Home, name_of
from rig.update.release import Release, ReleaseSteps, State
from rig.update.source import changes
from rig.update.steps import Runner, environment, went_wrong

GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Beside:
    """``told`` is given a line as it happens."""

    home: Home
    asked: Asked
    clock: Clock
    told: Callable[[str], None]

    def chosen(self, ref: str) -> tuple[Release, ReleaseSteps]:
        """What is wanted, and what it says of itself; nothing is made. Raises UsageError, StationFault."""
        source = self.home.source
        source.demand()
        self._demand_no_changes()
        if not self.asked.offline:
            source.fetch()
        commit = source.commit(ref)
        steps = source.steps(ref, commit)
        name = name_of(ref, commit)
        known = self.home.known(name)
        if known is not None:
            return known, steps
        return Release(name=name, ref=ref, commit=commit, made=self.clock.utc(), state=State.PREPARING,
                       store_version=steps.store_version), steps

    def prepared(self, release: Release, steps: ReleaseSteps) -> Release:
        """A release that proved itself. Raises StationFault; what is there by half is made anew next time."""
        self._demand_room(steps)
        self.told(f"preparing {release.name}, commit {release.commit}")
        with keeping(self.home.releases):
            self.home.releases.mkdir(exist_ok=True)
        self.home.remove(release.name)
        release = release.model_copy(update={"steps": (), "made": self.clock.utc()})
        place, runner = self.home.place(release.name), Runner(self.asked, self.told)
        self.home.source.checkout(release.commit, place)
        release = self.home.kept(release, State.PREPARING)
        done = runner.all(steps.prepare, place, environment(), steps.step_minutes)
        if not went_wrong(done):
            with tempfile.TemporaryDirectory(prefix="rig-") as runtime:
                done += runner.all(steps.prove, place, environment(RIG_RUNTIME=runtime), steps.step_minutes)
        wrong = went_wrong(done)
        release = self.home.kept(release, State.FAILED if wrong else State.READY, done)
        if wrong:
            raise StationFault(f"{release.name}: {wrong}\nNothing was switched.")
        return release

    def _demand_no_changes(self) -> None:
        current = self.home.current
        for folder in (self.home.source.folder, *([self.home.place(current)] if current else ())):
            found = changes(folder)
            if found:
                raise UsageError(
                    f"{folder}: found changes that nobody has committed ({', '.join(found[:5])}), expected "
                    "none, since they would be left behind; commit or remove them"
                )

    def _demand_room(self, steps: ReleaseSteps) -> None:
        free = shutil.disk_usage(self.home.folder).free / GIB
        if free < steps.needs_gib:
            raise StationFault(
                f"{self.home.folder}: found {free:.1f} GiB free, expected {steps.needs_gib:g}; make room, or "
                "keep fewer releases (--keep)"
            )
