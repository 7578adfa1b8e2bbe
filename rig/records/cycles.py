"""Wear of a fixture: how often boards were put into each slot, and what its contacts measured.

Kept in the station's store, beside the runs: tables ``cycles`` and ``contacts``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rig.records.database import transaction


@dataclass(frozen=True, slots=True)
class Cycles:
    """Boards put into one slot's connector, and into all slots of its fixture together."""

    connector: int
    fixture: int


class CycleBook:
    """The wear of one slot of a fixture. Safe for several processes; raises StationFault."""

    def __init__(self, path: Path, fixture: str, slot: str) -> None:
        self._path, self._place = path, (fixture, slot)

    def count(self) -> Cycles:
        """One board more; the numbers with it."""
        with transaction(self._path) as database:
            database.execute(
                "INSERT INTO cycles VALUES (?, ?, 1) "
                "ON CONFLICT (fixture, slot) DO UPDATE SET count = count + 1", self._place,
            )
            connector, fixture = database.execute(
                "SELECT max(count) FILTER (WHERE slot = ?2), sum(count) FROM cycles WHERE fixture = ?1",
                self._place,
            ).fetchone()
        return Cycles(int(connector), int(fixture))

    def keep_contact(self, ohms: float) -> None:
        """Keep what the power contacts measured at the present count."""
        with transaction(self._path) as database:
            database.execute(
                "INSERT INTO contacts SELECT ?1, ?2, coalesce(max(count), 0), ?3 FROM cycles "
                "WHERE fixture = ?1 AND slot = ?2", (*self._place, ohms),
            )

    def contacts(self, last: int) -> tuple[tuple[int, float], ...]:
        """The trend: count and ohms of the ``last`` ones kept, oldest first."""
        with transaction(self._path) as database:
            found = database.execute(
                "SELECT count, ohms FROM contacts WHERE fixture = ? AND slot = ? ORDER BY rowid DESC LIMIT ?",
                (*self._place, last),
            ).fetchall()
        return tuple((int(count), float(ohms)) for count, ohms in reversed(found))
