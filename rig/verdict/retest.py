"""What becomes of a board next, from all its runs and repairs; and whether a slot is suspect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from rig.recipe.failures import Failures
from rig.recipe.retests import Again, Retests, Then
from rig.verdict.severity import Verdict


class Action(Enum):
    """What is done with a board after a run. The value is the spelling in records."""

    SHIP = "ship"
    AGAIN = "run again"
    OTHER_SLOT = "run again on another slot"
    REPAIR = "repair"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do with a board, and why in one sentence."""

    action: Action
    why: str


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run as the policy sees it. ``board_code``: what the board failed with, None when it did not."""

    serial: str
    slot: str
    verdict: Verdict
    board_verdict: Verdict | None
    failure_code: str | None = None
    board_code: str | None = None


@dataclass(frozen=True, slots=True)
class Repaired:
    """Somebody worked on the board."""

    code: str


@dataclass(frozen=True, slots=True)
class Released:
    """Quality let the board out of quarantine: runs and repairs are counted afresh."""


Past = PastRun | Repaired | Released


@dataclass(frozen=True, slots=True)
class RetestRules:
    """The product's policy, its failures' own rules, and whether its recipe ships MARGINAL."""

    failures: Failures
    ship_marginal: bool

    @property
    def retests(self) -> Retests:
        return self.failures.retests

    def own(self, code: str | None) -> Again | None:
        """The rule of a code that has one of its own."""
        found = self.failures.codes.get(code) if code is not None else None
        return None if found is None else found.again

    def ships(self, verdict: Verdict) -> bool:
        return verdict is Verdict.PASS or (verdict is Verdict.MARGINAL and self.ship_marginal)


UNTESTED = NextStep(Action.AGAIN, "It was not tested yet.")


@dataclass(frozen=True, slots=True)
class _Account:
    """How a board stands after some of its past. ``owes``: passes in a row it needs to ship."""

    step: NextStep = UNTESTED
    runs: int = 0
    repairs: int = 0
    passes: int = 0
    owes: int = 1
    since: str = ""                             # what it owes more than one pass for
    tries: Counter[str] = field(default_factory=Counter)

    def to(self, action: Action, why: str) -> _Account:
        return replace(self, step=NextStep(action, why))


def next_step(past: Iterable[Past], rules: RetestRules) -> NextStep:
    """What to do with a board of this past, oldest first.

    A board in quarantine stays there until it is released, whatever its later runs say.
    """
    account = _Account()
    for event in past:
        account = _after(account, event, rules)
    return account.step


def suspect_slot(last: Sequence[PastRun], rules: RetestRules) -> str | None:
    """A sentence when different boards failed with one code in a row on a slot, else None.

    ``last`` are the slot's runs, oldest first. Runs that did not judge their board are passed over,
    and the same board again counts once.
    """
    code, serials = None, list[str]()
    for run in reversed(last):
        if run.board_verdict is None:
            continue
        if run.board_code is None or code not in (None, run.board_code):
            break
        code = run.board_code
        if run.serial not in serials:
            serials.append(run.serial)
    if len(serials) < rules.retests.same_code_in_a_row:
        return None
    named = ", ".join(reversed(serials[:rules.retests.same_code_in_a_row]))
    return (
        f"{len(serials)} different boards in a row failed here with {code} (the last: {named}). Before any "
        "of them is repaired, test one on another slot and a board known to be good on this one; if they "
        "disagree with this slot, call the engineer."
    )


def _after(account: _Account, event: Past, rules: RetestRules) -> _Account:
    if isinstance(event, Released):
        released = _Account(owes=account.owes, since=account.since)
        return released.to(Action.AGAIN, f"Released from quarantine; {_needs(released)}.")
    if isinstance(event, Repaired):
        account = _repaired(account, event, rules)
    elif event.board_verdict is not None:
        account = replace(account, runs=account.runs + 1)
    if account.step.action is Action.QUARANTINE or isinstance(event, Repaired):
        return account
    return _bounded(_run(account, event, rules), rules)


def _repaired(account: _Account, event: Repaired, rules: RetestRules) -> _Account:
    account = replace(
        account, repairs=account.repairs + 1, passes=0, owes=rules.retests.passes_after_failure,
        since=f"it was repaired for {event.code}", tries=Counter(),
    )
    if account.step.action is Action.QUARANTINE:
        return account
    return account.to(Action.AGAIN, f"It was repaired for {event.code}: {_needs(account)}.")


def _run(account: _Account, run: PastRun, rules: RetestRules) -> _Account:
    if run.board_verdict is Verdict.FAIL:
        return _failed(account, run.board_code or "no code", rules)
    if rules.ships(run.verdict):
        return _passed(account)
    if run.verdict is Verdict.MARGINAL:
        why = "MARGINAL leaves it open whether the board is good"
        return _tried(replace(account, passes=0), "MARGINAL", rules.retests.marginal, why, rules)
    if account.step.action is Action.REPAIR:
        return account                          # it was not judged: what it failed with still stands
    code = run.failure_code or "no code"
    own = rules.own(code)
    if run.verdict is Verdict.ABORTED and own is None:
        return account.to(Action.AGAIN, f"The run was ended with {code} before the board was judged.")
    why = f"{code} is not the board's fault and it was not judged"
    return _tried(account, code if own else "a station fault", own or rules.retests.station, why, rules)


def _passed(account: _Account) -> _Account:
    passes = account.passes + 1
    if passes < account.owes:
        account = replace(account, passes=passes)
        return account.to(Action.AGAIN, f"It passed, but {account.since}: {_needs(account)}.")
    why = "It passed." if account.owes == 1 else f"It passed {passes} times in a row since {account.since}."
    return replace(account, runs=0, passes=passes, tries=Counter()).to(Action.SHIP, why)


def _failed(account: _Account, code: str, rules: RetestRules) -> _Account:
    account = replace(
        account, passes=0, owes=rules.retests.passes_after_failure, since=f"it failed with {code}"
    )
    own = rules.own(code)
    if own is not None:
        return _tried(account, code, own, f"{code} may have another cause than the board", rules)
    return _to_repair(account, f"The board failed with {code}", rules)


def _tried(account: _Account, kind: str, rule: Again, why: str, rules: RetestRules) -> _Account:
    """A doubtful result of ``kind`` more: again, or what the rule says when that was enough."""
    tries = account.tries + Counter({kind: 1})
    account, done = replace(account, tries=tries), tries[kind]
    if done <= rule.most:
        action = Action.OTHER_SLOT if rule.other_slot else Action.AGAIN
        return account.to(action, f"{why[0].upper()}{why[1:]}; try {done} of at most {rule.most} more.")
    again = f"{kind} came {done} times" if done > 1 else f"{kind} is not tried again"
    if rule.then is Then.REPAIR:
        return _to_repair(account, again, rules)
    return account.to(Action.QUARANTINE, f"{again[0].upper()}{again[1:]}; quality decides.")


def _to_repair(account: _Account, why: str, rules: RetestRules) -> _Account:
    repairs, passes = account.repairs, rules.retests.passes_after_failure
    if repairs >= rules.retests.most_repairs:
        return account.to(
            Action.QUARANTINE, f"{why} after {repairs} repairs, the most it may have; quality decides."
        )
    return account.to(Action.REPAIR, f"{why}; after the repair it must pass {passes} times in a row.")


def _bounded(account: _Account, rules: RetestRules) -> _Account:
    """Every run wears the board: an undecided one goes to quality at last."""
    if account.step.action in (Action.SHIP, Action.QUARANTINE) or account.runs < rules.retests.most_runs:
        return account
    return account.to(
        Action.QUARANTINE, f"{account.runs} verdicts, the most it may have, left it open; quality decides."
    )


def _needs(account: _Account) -> str:
    if account.owes == 1:
        return "it must pass"
    return f"it must pass {account.owes} times in a row ({account.passes} so far)"
