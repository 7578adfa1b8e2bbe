"""Guard and station started anew by the site's own command, and seen to be back."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from rig.clock import Clock
from rig.runtime import Runtime
from rig.update.steps import run, went_wrong

ROLES = ("guard", "station")
BACK_SECONDS, RESTART_SECONDS = 90.0, 300.0
_LOOK_SECONDS = 0.2


class Services:
    """Those that were up when it was made. ``command`` starts all of them anew; None: the site does."""

    def __init__(self, runtimes: Sequence[Runtime], command: str | None, clock: Clock) -> None:
        self._command, self._clock = command, clock
        places = [(runtime, role) for runtime in runtimes for role in ROLES]
        self._up = [(runtime, role) for runtime, role in places if _pid(runtime, role) is not None]

    def start_anew(self, folder: Path) -> str:
        """What went wrong; empty when each is there in a new process."""
        if self._command is None:
            return ""
        before = {one: _pid(*one) for one in self._up}
        wrong = went_wrong([run(shlex.split(self._command), folder, os.environ, RESTART_SECONDS)])
        if wrong:
            return wrong
        until = self._clock.now() + BACK_SECONDS
        while (left := [*_missing(before)]) and self._clock.now() < until:
            self._clock.sleep(_LOOK_SECONDS)
        return f"not back within {BACK_SECONDS:.0f} s: {', '.join(left)}" if left else ""


def _missing(before: dict[tuple[Runtime, str], int | None]) -> Iterator[str]:
    for (runtime, role), pid in before.items():
        if _pid(runtime, role) in (None, pid):
            yield f"{role} of {runtime.folder}"


def _pid(runtime: Runtime, role: str) -> int | None:
    note = runtime.lock(role).held_by()
    return None if note is None else int(note["pid"])
