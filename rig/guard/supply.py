"""The guard's hand on one supply. All of it runs in the supply's own thread."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from rig.clock import Clock
from rig.errors import InstrumentError, RigError, Role
from rig.guard import envelope as limits
from rig.guard.envelope import Demand
from rig.instruments.pdu import Mains
from rig.instruments.supply import PowerSupply
from rig.slot import Mode, SupplyReading
from rig.slotentry import SupplyEntry


class SupplyReport(Protocol):
    """Who is told what the supply shows."""

    def saw_supply(self, reading: SupplyReading, started: float) -> None: ...
    def saw_output_off(self) -> None: ...
    def noted(self, text: str) -> None: ...
    def lost_supply(self, text: str) -> None: ...


class SupplyHand:
    """Reads, sets and switches; keeps its connection over failures, as long as the address holds."""

    def __init__(
        self,
        find: Callable[[], SupplyEntry],
        find_outlet: Callable[[], Mains | None],
        make: Callable[[SupplyEntry, Clock], PowerSupply],
        clock: Clock,
        report: SupplyReport,
    ) -> None:
        """``find`` gives the present entry (StationFault when there is none), ``find_outlet`` the
        PDU's outlet that feeds it, ``make`` a client that has not connected yet."""
        self._find = find
        self._find_outlet = find_outlet
        self._mains_cut = False
        self._fed_at = -math.inf
        self._make = make
        self._clock = clock
        self._report = report
        self._entry: SupplyEntry | None = None
        self._supply: PowerSupply | None = None
        self._in_order = False                  # the last exchange went well
        self._armed: float | None = None

    def interrupt(self) -> None:
        """From another thread: end what is pending."""
        supply = self._supply
        if supply is not None:
            supply.interrupt()

    def off(self) -> bool:
        """Output off with all means; True when it was read back as off."""
        try:
            self._client().interrupt_off()
        except RigError as error:
            self._lost(error)
            self._cut_mains()
            return False
        self._in_order = True
        self._report.saw_output_off()
        self.look()
        return True

    def feed_mains(self) -> bool:
        """Mains back on a supply from which they were cut, by this guard or the one before it; for a
        new lease. Whether they were. Raises InstrumentError."""
        outlet = self._find_outlet()
        fed = outlet is not None and not outlet.is_fed()
        if outlet is not None and fed:
            outlet.feed()
            self._fed_at = self._clock.now()
            self._report.noted(f"fed again at outlet {outlet.number}")
        self._mains_cut = False
        return fed

    def _cut_mains(self) -> None:
        """A supply that does not obey loses its mains."""
        if self._mains_cut or self._clock.now() - self._fed_at < limits.BOOT_SECONDS:
            return
        try:
            outlet = self._find_outlet()
            if outlet is None:
                return
            outlet.cut()
        except RigError as error:
            self._report.noted(f"its mains could not be cut: {error}")
            return
        self._mains_cut = True
        self._report.noted(f"its mains were cut at outlet {outlet.number}")

    def look(self) -> None:
        """One read-back, reported; a failure is reported too."""
        try:
            self.read()
        except RigError:
            return

    def read(self) -> SupplyReading:
        """One read-back, reported. Raises InstrumentError after reporting the loss."""
        started = self._clock.now()
        try:
            reading = self._client().read()
        except RigError as error:
            raise self._lost(error) from error
        self._in_order = True
        self._report.saw_supply(reading, started)
        return reading

    def identify(self) -> str:
        """Who the supply says it is. Raises InstrumentError."""
        try:
            return str(self._client().identity)
        except RigError as error:
            raise self._lost(error) from error

    def clear_trip(self) -> None:
        """Forget a trip of an earlier board; only for a slot that is not live. Raises InstrumentError."""
        if self.read().mode is Mode.TRIPPED:
            self._act(lambda supply: supply.clear_protection())
            self.read()

    def switch_on(self, demand: Demand, allowed: Callable[[], bool]) -> bool:
        """Protection, levels, then the output. False when ``allowed`` said no at the last moment.

        Raises InstrumentError.
        """
        self._act(lambda supply: supply.configure(demand.volts, demand.limit_amps, demand.protection))
        self._act(self._arm_watchdog)
        self._fed_at = -math.inf                # it has started: from here on silence is disobedience
        if not allowed():
            return False
        self._act(lambda supply: supply.output_on())
        return True

    def _arm_watchdog(self, supply: PowerSupply) -> None:
        """Every look at the supply feeds it; when this process is dead nothing does."""
        seconds = None if self._entry is None else self._entry.watchdog_seconds
        if seconds is None:
            return
        armed = supply.arm_watchdog(seconds)
        if armed is None:
            raise InstrumentError(
                Role.SUPPLY, f"watchdog: found none in this family, expected one of {seconds:g} s as the "
                "fixture file says; take the line out or another supply",
            )
        if armed != self._armed:
            self._armed = armed
            self._report.noted(f"watchdog armed, {armed:g} s")

    def set_volts(self, volts: float) -> None:
        """Raises InstrumentError."""
        self._act(lambda supply: supply.set_volts(volts))

    def close(self) -> None:
        if self._supply is not None:
            self._supply.close()
        self._supply = self._entry = None

    def _act(self, action: Callable[[PowerSupply], None]) -> None:
        try:
            action(self._client())
        except RigError as error:
            raise self._fault(error) from error

    def _client(self) -> PowerSupply:
        """The client of the present address. Looked up again whenever the last exchange failed."""
        if self._supply is not None and self._in_order:
            return self._supply
        entry = self._find()
        if entry != self._entry or self._supply is None:
            self.close()
            self._supply, self._entry = self._make(entry, self._clock), entry
        return self._supply

    def _lost(self, error: RigError) -> InstrumentError:
        fault = self._fault(error)
        self._report.lost_supply(str(fault))
        return fault

    def _fault(self, error: RigError) -> InstrumentError:
        self._in_order = False
        return error if isinstance(error, InstrumentError) else InstrumentError(Role.SUPPLY, str(error))
