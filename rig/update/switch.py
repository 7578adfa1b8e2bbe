"""The switch: while no slot is live the station gets another release, proves it, or has again what it had."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rig.clock import Clock
from rig.errors import StationFault
from rig.update.asked import Asked
from rig.update.home import Home
from rig.update.release import Release, ReleaseSteps, State, Step
from rig.update.services import Services
from rig.update.slots import Slots
from rig.update.steps import Runner, environment, went_wrong
from rig.update.store import store_version


@dataclass(frozen=True, slots=True)
class Switch:
    """``told`` is given a line as it happens."""

    home: Home
    asked: Asked
    clock: Clock
    told: Callable[[str], None]
    slots: Slots

    def make(self, release: Release, steps: ReleaseSteps, before: str | None, had: str | None) -> Release:
        """The station has ``release``; ``before``: what it is to go back to some day, ``had``: what now.

        Raises StationFault when a slot is live too long, or when it went back.
        """
        self.told(f"switching from {had or 'nothing'} to {release.name}, when no slot is live")
        with self.slots.held(self.asked.wait_seconds):
            services = Services([one for _, one in self.slots.benches], self.asked.restart, self.clock)
            release = self.home.kept(release.model_copy(update={"before": before}), State.SWITCHED)
            try:
                self.home.switch(release.name)
                done, wrong = self._proved(steps, services)
            except BaseException:               # whoever ends us, too
                self._go_back(release, had, services)
                raise
            if wrong:
                self.told(f"{release.name}: {wrong}")
                self._go_back(release, had, services, done)
                raise StationFault(f"{release.name} failed as the station's; it has {had or 'nothing'} again")
            release = self.home.kept(release, State.GOOD, done)
        self.told(f"the station has {release.name}")
        if self.asked.restart is None:
            self.told("start its services anew: what runs is still the release before")
        return release

    def _proved(self, steps: ReleaseSteps, services: Services) -> tuple[tuple[Step, ...], str]:
        """What was run, and what went wrong, if anything. What is old still runs until it is proved."""
        runner = Runner(self.asked, self.told)
        done = runner.all(steps.after, self.home.current_link, environment(), steps.step_minutes)
        return done, went_wrong(done) or services.start_anew(self.home.folder)

    def _go_back(
        self, release: Release, had: str | None, services: Services, done: tuple[Step, ...] = ()
    ) -> None:
        self.told(f"going back to {had or 'nothing'}")
        self.home.switch(had)
        self.home.kept(release, State.FAILED, done)
        known = self.home.known(had) if had else None
        found = store_version(self.asked.results)
        if known is not None and found > known.store_version:
            self.told(f"the store is of version {found} by now, and {known.name} reads up to "
                      f"{known.store_version}: put a copy of before back, or update again")
        wrong = services.start_anew(self.home.folder)
        if wrong:
            self.told(f"{wrong}; see its log")
