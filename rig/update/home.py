"""Where a station's rig lives: ``source``, ``releases/NAME``, ``NAME.json`` beside each, and ``current``."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

import rig
from rig.errors import StationFault, UsageError
from rig.records.files import keeping, sync_folder, write_whole
from rig.runtime import RoleLock
from rig.update.release import Release, State, Step
from rig.update.source import Source

MOST_STEPS = 50                 # of one release, the newest
SHORT = 10                      # digits of a commit in a name
_PLAIN = re.compile(r"[^A-Za-z0-9.]+")


@dataclass(frozen=True, slots=True)
class Home:
    """One station's."""

    folder: Path

    @classmethod
    def found(cls, told: Path | None) -> Home:
        """As told, else that of the rig that runs. Raises UsageError."""
        if told is not None:
            return cls(told.absolute())
        release = Path(rig.__file__).resolve().parents[1]
        if release.parent.name != "releases":
            raise UsageError(f"found the rig in {release}, expected it in a folder releases; give --home")
        return cls(release.parent.parent)

    @property
    def source(self) -> Source:
        return Source(self.folder / "source")

    @property
    def releases(self) -> Path:
        return self.folder / "releases"

    @property
    def current_link(self) -> Path:
        return self.folder / "current"

    @property
    def lock(self) -> RoleLock:
        return RoleLock(self.folder / "update.lock")

    def place(self, name: str) -> Path:
        return self.releases / name

    @property
    def current(self) -> str | None:
        """The name of the release that the station has. Raises UsageError for a link of somebody else's."""
        if not self.current_link.is_symlink():
            if self.current_link.exists():
                raise UsageError(f"{self.current_link}: found no link, expected one to a release")
            return None
        target = Path(os.readlink(self.current_link))
        if target.parent.name != "releases" or not self.place(target.name).is_dir():
            raise UsageError(f"{self.current_link}: found a link to {target}, expected one to a release")
        return target.name

    def switch(self, name: str | None) -> None:
        """``current`` is that release, from one moment to the next; None: it is gone. Raises StationFault."""
        fresh = self.folder / f".current.{os.getpid()}"
        with keeping(self.current_link):
            if name is None:
                self.current_link.unlink(missing_ok=True)
            else:
                fresh.unlink(missing_ok=True)
                fresh.symlink_to(Path("releases") / name)
                os.replace(fresh, self.current_link)
            sync_folder(self.folder)

    def known(self, name: str) -> Release | None:
        """What is known of a release that is there; None when it is not, or nobody knows of it."""
        file = self.releases / f"{name}.json"
        try:
            release = Release.model_validate_json(file.read_text(encoding="utf-8"))
        except (OSError, ValidationError, UnicodeDecodeError):
            return None
        return release if self.place(name).is_dir() else None

    def kept(self, release: Release, state: State, steps: tuple[Step, ...] = ()) -> Release:
        """How far it came, and the steps it took since, written down. Raises StationFault."""
        now = release.model_copy(update={"state": state, "steps": (*release.steps, *steps)[-MOST_STEPS:]})
        write_whole(self.releases / f"{now.name}.json", now.model_dump_json(indent=1) + "\n")
        return now

    def all(self) -> Iterator[Release]:
        """Those there are, oldest first."""
        known = (self.known(file.stem) for file in self.releases.glob("*.json"))
        yield from sorted((one for one in known if one is not None), key=lambda one: one.made)

    def remove(self, name: str) -> None:
        """Raises StationFault, also for the station's own and for one that holds results: never those."""
        place = self.place(name)
        if name == self.current:
            raise StationFault(
                f"{place}: found the release that the station has, expected another one to remove"
            )
        if holds_results(place):
            raise StationFault(f"{place}: found results in it, expected none; move them to where they belong")
        with keeping(place):
            (self.releases / f"{name}.json").unlink(missing_ok=True)
            if place.exists():
                shutil.rmtree(place)

    def too_many(self, keep: int) -> Iterator[str]:
        """The oldest beyond ``keep``, but never the current one nor the one before it."""
        current = self.current
        known = self.known(current) if current else None
        needed = {current, known.before if known else None}
        names = [one.name for one in self.all()]
        yield from (name for name in names[:max(0, len(names) - keep)] if name not in needed)


def holds_results(place: Path) -> bool:
    """Whether somebody has run boards in there."""
    folder = place / "results"
    return folder.is_dir() and any(one.name != "README.md" for one in folder.iterdir())


def name_of(ref: str, commit: str) -> str:
    return f"{_PLAIN.sub('-', ref).strip('-.')[:60] or 'commit'}-{commit[:SHORT]}"


def last_good(home: Home) -> str | None:
    """What to go back to from whatever comes next: a current one that was never proved is passed over."""
    name = home.current
    known = home.known(name) if name else None
    if known is not None and known.state is not State.GOOD:
        return known.before
    return name
