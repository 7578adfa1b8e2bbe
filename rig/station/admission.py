"""Whether a board that was scanned may be run: by its past, by what it is, by the station's lock."""

from __future__ import annotations

from pathlib import Path

from rig.errors import StationFault
from rig.fixturefile import FixtureFile, RetestPolicy
from rig.purpose import Purpose
from rig.recipe import PlanFolder
from rig.records import STORE_FILE
from rig.records.history import History, Line
from rig.station.flow import Admission
from rig.station.golden import load_book
from rig.station.roles import Role
from rig.station.view import Words
from rig.station.words import say
from rig.verdict.retest import Action, PastRun, RetestRules, next_step


class Admissions:
    """Asks the store; slow, so called from a thread. A bench that only tells its policy admits all."""

    def __init__(self, results: Path, fixture: FixtureFile, plan: PlanFolder) -> None:
        self._results, self._fixture = results, fixture
        self._rules = RetestRules(plan.failures, plan.recipe.ship_marginal)

    def of(self, serial: str, role: Role, locked: Words | None) -> Admission:
        """``locked``: why production is locked, if it is."""
        try:
            golden = load_book(self._results).boards.get(serial)
            if golden is not None and golden.simulated == self._fixture.simulated:
                return Admission(Purpose.GOLDEN)
            if role.may_try_out:
                return Admission(Purpose.ENGINEERING)
            if locked is not None:
                return Admission(refusal=locked)
            if self._fixture.retests is not RetestPolicy.ENFORCED:
                return Admission()
            history = History(self._results / STORE_FILE, simulated=self._fixture.simulated)
            return self._by_policy(serial, history.of(serial))
        except StationFault as error:
            return Admission(refusal=say("refused.store", text=str(error)))

    def _by_policy(self, serial: str, lines: tuple[Line, ...]) -> Admission:
        step = next_step((line.past for line in lines), self._rules)
        match step.action:
            case Action.SHIP:
                return Admission(refusal=say("refused.passed", serial=serial))
            case Action.QUARANTINE:
                return Admission(refusal=say("refused.quarantined", serial=serial, why=step.why))
            case Action.REPAIR:
                return Admission(refusal=say("refused.repair", serial=serial, why=step.why))
            case Action.OTHER_SLOT:
                runs = [line.past for line in lines if isinstance(line.past, PastRun)]
                return Admission(not_in=runs[-1].slot, why=step.why)
        return Admission()
