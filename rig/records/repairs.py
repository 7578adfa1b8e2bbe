"""Repairs of boards, and releases from quarantine: table ``repairs`` of the station's store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Self

from rig.errors import UsageError
from rig.recipe.failures import Party, party_of
from rig.records.database import transaction
from rig.records.folder import SAFE_NAME
from rig.records.plain import plain

MOST_LETTERS = 500
CODE = re.compile(r"[A-Z][A-Z0-9]{0,19}(-[A-Z0-9]{1,20}){1,3}", re.ASCII)
COLUMNS = ("serial", "at", "kind", "code", "place", "did", "operator", "run_id")


class Kind(StrEnum):
    REPAIR = "repair"
    RELEASE = "release"     # from quarantine


@dataclass(frozen=True, slots=True)
class Repair:
    """What somebody did to a board, or why it was released. ``run_id``: the run that led to it.

    ``code`` and ``place`` are None for a release.
    """

    serial: str
    at: datetime
    kind: Kind
    did: str
    operator: str
    code: str | None = None
    place: str | None = None
    run_id: str | None = None

    @classmethod
    def told(
        cls, serial: str, at: datetime, kind: Kind, *, did: str, operator: str,
        code: str | None = None, place: str | None = None, run_id: str | None = None,
    ) -> Self:
        """From what a person typed. Raises UsageError for what cannot be kept or shown safely."""
        if SAFE_NAME.fullmatch(serial) is None or len(serial) > MOST_LETTERS:
            raise UsageError(f"serial: found {serial[:80]!r}, expected it as on the board's label")
        if code is not None and (CODE.fullmatch(code) is None or party_of(code) is not Party.BOARD):
            raise UsageError(
                f"--code: found {code[:80]!r}, expected the failure code of a board, CHIP-WEAK or the like"
            )
        words = _line("did" if kind is Kind.REPAIR else "why", did)
        return cls(
            serial, at.astimezone(UTC), kind, words, _line("operator", operator), code,
            None if place is None else _line("place", place), run_id,
        )


class RepairBook:
    """All repairs in a store. Safe for several processes; raises StationFault."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self, repair: Repair) -> Repair:
        """Keep it, and return it as kept: without a run of its own it follows the board's last one.

        Raises UsageError when its run is not one of this board's.
        """
        with transaction(self._path) as database:
            if repair.run_id is None:
                found = database.execute(
                    "SELECT run_id FROM runs WHERE serial = ? ORDER BY started DESC, rowid DESC LIMIT 1",
                    [repair.serial],
                ).fetchone()
                run_id = found[0] if found else None
            else:
                run_id = repair.run_id
                found = database.execute("SELECT serial FROM runs WHERE run_id = ?", [run_id]).fetchone()
                if found is None or found[0] != repair.serial:
                    whose = "no such run" if found is None else f"a run of board {found[0]}"
                    raise UsageError(
                        f"--run {run_id[:80]!r}: found {whose}, expected a run of board {repair.serial}"
                    )
            values = [plain(run_id if name == "run_id" else getattr(repair, name)) for name in COLUMNS]
            database.execute(
                f"INSERT INTO repairs ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})", values
            )
        return Repair(repair.serial, repair.at, repair.kind, repair.did, repair.operator, repair.code,
                      repair.place, run_id)

    def of(self, serial: str) -> tuple[Repair, ...]:
        """All of a board, first to last."""
        with transaction(self._path) as database:
            rows = database.execute(
                f"SELECT {', '.join(COLUMNS)} FROM repairs WHERE serial = ? ORDER BY at, number", [serial]
            ).fetchall()
        return tuple(_repair(dict(zip(COLUMNS, row, strict=True))) for row in rows)


def _repair(row: dict[str, str]) -> Repair:
    return Repair(
        row["serial"], datetime.fromisoformat(row["at"]), Kind(row["kind"]), row["did"], row["operator"],
        row["code"], row["place"], row["run_id"],
    )


def _line(name: str, text: str) -> str:
    """One line that a terminal shows as it was typed: no control signs, no invisible ones."""
    line = text.strip()
    if not line or len(line) > MOST_LETTERS or not line.isprintable():
        raise UsageError(
            f"--{name}: found {text[:80]!r}, expected one line of 1 to {MOST_LETTERS} printable letters"
        )
    return line
