"""The factory's system at both ends of a run: may this board begin, and this came of it."""

from __future__ import annotations

from typing import Final

from rig.clock import Clock
from rig.errors import MesError, StationFault, UsageError
from rig.mesentry import Offline
from rig.purpose import Purpose
from rig.pytestplugin.log import RunLog
from rig.pytestplugin.next_step import purpose_of
from rig.pytestplugin.setup import RunSetup
from rig.records import STORE_FILE
from rig.records.mes import (
    MesAway,
    MesClient,
    MesPort,
    OwedBook,
    Question,
    Reason,
    Route,
    deliver_owed,
)
from rig.records.mes.owed import Owing

MOST_OLDER: Final = 20          # of what still waited, told at the end of a run
_WORDS: Final = {
    Reason.PREVIOUS_STEP: "a step before this one is missing",
    Reason.REWORK: "it is in rework",
    Reason.QUARANTINE: "it is in quarantine",
    Reason.WRONG_PRODUCT: "it is another product",
    Reason.UNKNOWN_BOARD: "it knows no such board",
    Reason.OTHER: "without a reason of the known ones",
}


class MesDesk:
    """One run's business with the system that its bench file names; none where it names none."""

    def __init__(self, setup: RunSetup, clock: Clock) -> None:
        self._setup, self._entry = setup, setup.fixture.mes
        self._book = OwedBook(setup.options.results / STORE_FILE, setup.fixture.fixture, clock)
        self._clock = clock
        self._port: MesPort | None = None
        self._missed: MesError | None = None
        self._owed = False
        if self._entry is not None and (self._entry.all_runs or counts(setup)):
            self._port = MesClient(self._entry, clock)

    def ask_route(self) -> None:
        """Raises UsageError for a board that may not be run now; who cannot be asked is told of later."""
        if self._port is None:
            return
        options, fixture = self._setup.options, self._setup.fixture
        question = Question(
            options.serial, self._setup.plan.product.product, fixture.station, fixture.fixture, options.slot
        )
        try:
            refuse(options.serial, self._port.route(question))
        except MesError as error:
            self._missed = error

    def begin(self, log: RunLog) -> None:
        """From here on the system is owed the run. Raises MesError where it had to be asked."""
        if self._entry is None:
            return
        if self._port is None:
            log.happened("mes", "neither asked nor told: the run is simulated, or not for the yield")
            return
        if self._missed is not None:
            offline = self._entry.offline is Offline.ALLOW_AND_QUEUE and isinstance(self._missed, MesAway)
            if not offline:
                raise self._missed
            log.happened("mes", f"not asked for the board's route, as the bench allows: {self._missed}")
        else:
            log.happened("mes", "the board may be run")
        self._book.owe(self._setup.run_id)
        self._owed = True

    def tell(self) -> str:
        """Tell this run, then some that still waited; why not, where it could not be."""
        if self._port is None or not self._owed or self._entry is None:
            return ""
        try:
            waiting = [one for one in self._book.waiting() if one.owing is Owing.WAITING]
            waiting.sort(key=lambda one: one.run_id != self._setup.run_id)
            until = self._clock.now() + 3 * self._entry.timeout_seconds
            for one in waiting[:MOST_OLDER + 1]:
                deliver_owed(self._book, self._port, [one])
                if self._clock.now() > until:
                    break
            mine = [one for one in self._book.waiting() if one.run_id == self._setup.run_id]
        except StationFault as error:
            return f"the result waits for the MES: {error}"
        return f"the MES refused the result: {mine[0].reason}" if mine else ""


def counts(setup: RunSetup) -> bool:
    """Whether a production system is to hear of the run at all."""
    return not setup.simulated and purpose_of(setup) is Purpose.TEST


def refuse(serial: str, route: Route) -> None:
    """Raises UsageError unless the board may be run."""
    if route.reason is None:
        return
    said = f"; it says: {route.text}" if route.text else ""
    raise UsageError(
        f"board {serial}: found it refused by the MES ({_WORDS[route.reason]}{said}), expected one that may "
        "be run now; take it to where the MES wants it"
    )
