"""The circuit from a slot's supply to the board's pads.

    supply ─ contactor ─ cable 2 mΩ ─ connector ─ contact 1.5 mΩ ─ pads (5 mF, 20 Ω relay) ─ board
       └────────── sense leads ──────────┘└ meter                     └ scanner's terminal channel

The supply regulates at the connector and reads its volts back there; with its sense leads off, or
nothing joined to it, at its own terminals. The meter sits at the connector, before the contacts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from rig.sim.arrays import Floats
from rig.sim.board import Board
from rig.sim.electrical import held_by_pads
from rig.slotentry import SupplyEntry

CONTACT_OHMS, DISCHARGE_OHMS = 0.0015, 20.0
_CURRENT_SOURCE_OHMS = 1e4


@dataclass(frozen=True, slots=True)
class Power:
    """The slot's true electrical state; ``domain_volts`` is (domains,), empty without a board.

    ``supply_volts`` are what the supply's read-back sees: volts at its sense leads, or at its own
    terminals without them, and the offset of a faulty one. ``terminal_volts`` are truly at its terminals.
    """

    supply_volts: float = 0.0
    terminal_volts: float = 0.0
    supply_amps: float = 0.0
    connector_volts: float = 0.0
    pad_volts: float = 0.0
    domain_volts: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def connector_watts(self) -> float:
        return self.connector_volts * self.supply_amps


class Path:
    """The circuit as it stands in one step: ``joined`` the contactor, ``discharging`` the pads' relay.

    ``board`` with its faults, one that was taken out too; None in an empty slot.
    """

    def __init__(
        self, supply: SupplyEntry, board: Board | None, *, joined: bool, discharging: bool
    ) -> None:
        self._supply = supply
        self._board = None if board is None or board.effects.board_removed else board
        effects = None if board is None else board.effects
        self._joined = joined and not (effects is not None and effects.cable_open)
        self._contact_ohms = CONTACT_OHMS + (0.0 if effects is None else effects.contact_ohms)
        self._offset_volts = 0.0 if effects is None else effects.read_back_offset_volts
        self._sensed = supply.remote_sense and not (effects is not None and effects.sense_open)
        short = math.inf if effects is None else effects.short_ohms
        siemens = 1 / short + (1 / DISCHARGE_OHMS if discharging else 0.0)
        self._across_ohms = None if siemens == 0 else 1 / siemens

    def settle(
        self, before: Power, source: float | None, limit_amps: float, seconds: float
    ) -> tuple[Power, bool]:
        """The state after ``seconds``, and whether the supply limits its current.

        ``source`` is what it regulates to, volts; None with its output off.
        """
        board = self._board
        if board is None or source is None or not self._joined:
            return self._apart(before, source, seconds), False
        cable, contact = self._supply.cable_ohms, self._contact_ohms
        amps, pads, limiting = self._fed(
            board, source, contact + (0.0 if self._sensed else cable), limit_amps
        )
        connector = pads + amps * contact
        terminals = connector + amps * cable
        read_back = (connector if self._sensed else terminals) + self._offset_volts
        return Power(read_back, terminals, amps, connector, pads, board.domain_volts), limiting

    def _apart(self, before: Power, source: float | None, seconds: float) -> Power:
        """No current: nothing in the slot, the output off, or the way to the connector open."""
        board = self._board
        pads = self._pads_alone(before, seconds)
        supply = pads if self._joined and source is None else source or 0.0
        connector = (source or 0.0) if board is None and self._joined else pads
        domains = np.zeros(0) if board is None else board.domain_volts
        return Power(supply + self._offset_volts, supply, 0.0, connector, pads, domains)

    def _pads_alone(self, before: Power, seconds: float) -> float:
        """The pads without a supply: what their capacitance still holds."""
        board = self._board
        if board is None:
            return 0.0
        volts, ohms = held_by_pads(before.pad_volts, self._across_ohms, seconds)
        board.feed(volts, ohms)
        return volts - board.stack.amps * ohms

    def _fed(
        self, board: Board, source: float, series: float, limit_amps: float
    ) -> tuple[float, float, bool]:
        """Amps of the supply, volts at the pads, and whether it limits its current.

        ``series`` ohms lie between the point it regulates and the pads.
        """
        across = self._across_ohms
        share = 1.0 if across is None else across / (across + series)
        board.feed(source * share, series * share)
        pads = source * share - board.stack.amps * series * share
        amps = (source - pads) / series if across is not None else board.stack.amps
        if amps <= limit_amps:
            return amps, pads, False
        inner = _CURRENT_SOURCE_OHMS if across is None else across
        board.feed(limit_amps * inner, inner)
        return limit_amps, (limit_amps - board.stack.amps) * inner, True
