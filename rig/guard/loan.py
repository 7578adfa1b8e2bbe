"""A slot's supply lent for a check while nobody needs it: when it may be, and when it is taken back. Pure.

While it is lent the guard's own session is closed and it looks at the bridge only. The borrower lives
by its connection and its beats; a board that is put in, an open e-stop or a bridge that does not
answer ends the loan as surely as its death does.
"""

from __future__ import annotations

from dataclasses import dataclass

from rig.errors import BridgeError, GuardError
from rig.guard import envelope as limits
from rig.guard.lease import Holder, Loan
from rig.guard.power import Orders
from rig.guard.standing import Standing
from rig.guard.watch import PinLevels


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a borrower will set the supply to at most."""

    volts: float
    amps: float

    def check(self) -> None:
        """Raises GuardError beyond what a supply in a fixture is tried with."""
        if not (0 < self.volts <= limits.LENT_VOLTS and 0 < self.amps <= limits.LENT_AMPS):
            raise GuardError(
                f"found {self.volts:g} V and {self.amps:g} A asked for, expected at most "
                f"{limits.LENT_VOLTS:g} V and {limits.LENT_AMPS:g} A of a supply that stands in a fixture"
            )


class Lending(Standing):
    """The part of a slot's rules that lends its supply."""

    def require_free(self) -> None:
        """Raises GuardError while a run or a check has the slot."""
        if self.lease is not None:
            raise GuardError(f"the slot is leased by {self.lease.holder}; wait for it or stop it")
        if self.loan is not None:
            raise GuardError(f"the slot's supply is lent to {self.loan}; wait until it is back")

    def lend(self, holder: Holder, wanted: Wanted, now: float) -> None:
        """Lend the supply of a slot that is empty, free and proved off; the caller has just looked at it.

        Raises GuardError, GuardTrip with a latched e-stop's code, or BridgeError when nobody can see
        whether a board is seated.
        """
        wanted.check()
        self.require_free()
        if self.claims:
            raise GuardError("a run is about to take the slot; wait for it or stop it")
        if self.bridge_fault is not None or self.pins is None:
            raise BridgeError(f"not lent: {self.bridge_fault}; check the fixture bridge")
        if self.pins.seated:
            raise GuardError("found a board in the slot, expected none; take it out first")
        self.after.require_released()
        if not self.state.safe:
            fault = "" if self.supply_fault is None else f" ({self.supply_fault})"
            raise GuardError(f"found the slot {self.power.value}{self.volts_said()}{fault}, expected safe")
        self.loan = Loan(holder, beat_at=now, ends_at=now + limits.LENT_SECONDS)
        self.state.lend(now)
        self.after.gate.close()
        self.supply, self._pins_at = None, now
        self._note("lent", f"the supply, to {self.loan}")

    def take_back(self, reason: str, now: float) -> Orders:
        """The loan is over: off, read back, discharged, whatever the borrower left."""
        self.loan, self._taken_back = None, reason
        self._note("taken back", reason)
        return self.state.stop(reason, now)

    def lent(self, token: str) -> bool:
        """Whether the caller still has the supply."""
        return self.loan is not None and self.loan.holder.token == token

    def require_lent(self, token: str) -> None:
        """Raises GuardError when the caller has the supply no longer."""
        if not self.lent(token):
            raise GuardError(f"the guard took the supply back ({self._taken_back}) and switched it off")

    def _saw_pins_of_lent(self, pins: PinLevels, now: float) -> Orders:
        if pins.seated:
            return self.take_back("a board was put in", now)
        if not pins.estop_closed:
            return self.take_back("the e-stop loop was opened", now)
        return ()

    def _overdue_loan(self, loan: Loan, now: float) -> Orders:
        if now - loan.beat_at > limits.BEAT_SECONDS:
            return self.take_back(f"no beat from {loan} for a second", now)
        if now >= loan.ends_at:
            return self.take_back(f"{loan} had it for {limits.LENT_SECONDS:g} s", now)
        if now - self._pins_at > limits.PINS_SECONDS:
            return self.take_back("the safety inputs were not read in time", now)
        return ()
