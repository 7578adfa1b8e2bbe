"""What waits for the dashboards' server: ``results/spool.db``, never larger than it may be.

A block is a second of a run or so, some lines. SQLite, write ahead, ``synchronous=NORMAL``: what was put
survives its process; the last blocks may be lost by a power cut. When it is full the oldest blocks are
dropped, and counted.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Self

from rig.clock import Clock
from rig.errors import StationFault
from rig.records.outbox.delivery import Refusal
from rig.records.outbox.results import DeadLetter, Depth
from rig.records.plain import plain

SPOOL_FILE = "spool.db"         # beside the store
WAIT_SECONDS = 20.0
MOST_DEAD_LETTERS = 10_000      # lines; of more the oldest are dropped, and counted
VERSION = 1
_TABLES = """
CREATE TABLE spool (
    number INTEGER PRIMARY KEY AUTOINCREMENT, queued TEXT NOT NULL, lines INTEGER NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE TABLE dead_letters (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, reason TEXT NOT NULL,
    body TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE gauge (lines INTEGER NOT NULL, bytes INTEGER NOT NULL, dropped_lines INTEGER NOT NULL) STRICT;
INSERT INTO gauge VALUES (0, 0, 0);
CREATE TRIGGER spool_in AFTER INSERT ON spool BEGIN
    UPDATE gauge SET lines = lines + NEW.lines, bytes = bytes + length(NEW.body);
END;
CREATE TRIGGER spool_out AFTER DELETE ON spool BEGIN
    UPDATE gauge SET lines = lines - OLD.lines, bytes = bytes - length(OLD.body);
END;
"""


@dataclass(frozen=True, slots=True)
class Block:
    """Some lines of one queue place, without the last line's end."""

    number: int
    body: str

    def split(self) -> Sequence[Self]:
        """Line by line."""
        return tuple(replace(self, body=line) for line in self.body.split("\n"))


class Spool:
    """Lines that the server does not have yet. Safe for several processes; raises StationFault.

    ``most_bytes``: of lines kept; the file is somewhat larger.
    """

    def __init__(self, path: Path, clock: Clock, *, most_bytes: int, batch_lines: int = 4000) -> None:
        self._path, self._clock = path, clock
        self._most_bytes, self._batch_lines = most_bytes, batch_lines
        self._open: sqlite3.Connection | None = None

    def put(self, bodies: Sequence[str]) -> int:
        """Keep blocks of lines; how many lines of the oldest were dropped to make room."""
        queued = plain(self._clock.utc())
        with self._transaction() as database:
            database.executemany(
                "INSERT INTO spool (queued, lines, body) VALUES (?, ?, ?)",
                [(queued, body.count("\n") + 1, body) for body in bodies],
            )
            return self._make_room(database)

    def take(self) -> Sequence[Block]:
        """The oldest blocks, together about as many lines as a batch has."""
        blocks: list[Block] = []
        lines = 0
        with self._transaction() as database:
            for number, count, body in database.execute(
                "SELECT number, lines, body FROM spool ORDER BY number"
            ):
                if blocks and lines + count > self._batch_lines:
                    break
                blocks.append(Block(number, body))
                lines += count
        return blocks

    def settle(self, taken: Sequence[Block], refused: Sequence[Refusal[Block]]) -> None:
        now = plain(self._clock.utc())
        with self._transaction() as database:
            database.executemany(
                "INSERT OR IGNORE INTO dead_letters (at, reason, body) VALUES (?, ?, ?)",
                [(now, one.reason, one.parcel.body) for one in refused],
            )
            database.executemany("DELETE FROM spool WHERE number = ?", [(block.number,) for block in taken])
            if refused:
                database.execute(
                    "UPDATE gauge SET dropped_lines = dropped_lines + "
                    "max(0, (SELECT count(*) FROM dead_letters) - ?)", [MOST_DEAD_LETTERS],
                )
                database.execute(
                    "DELETE FROM dead_letters WHERE number <= (SELECT number FROM dead_letters "
                    "ORDER BY number DESC LIMIT 1 OFFSET ?)", [MOST_DEAD_LETTERS],
                )

    def depth(self) -> Depth:
        """``rows`` are lines here."""
        with self._transaction() as database:
            lines, size = database.execute("SELECT lines, bytes FROM gauge").fetchone()
            oldest = database.execute("SELECT queued FROM spool ORDER BY number LIMIT 1").fetchone()
        return Depth(lines, datetime.fromisoformat(oldest[0]) if oldest else None, size)

    @property
    def most_bytes(self) -> int:
        return self._most_bytes

    def dropped(self) -> int:
        """Lines dropped since the spool was made."""
        with self._transaction() as database:
            return int(database.execute("SELECT dropped_lines FROM gauge").fetchone()[0])

    def dead_letters(self) -> list[DeadLetter]:
        """First to last."""
        with self._transaction() as database:
            rows = database.execute(
                "SELECT number, body, at, reason FROM dead_letters ORDER BY number"
            ).fetchall()
        return [DeadLetter(row[0], row[1], datetime.fromisoformat(row[2]), row[3]) for row in rows]

    def retry(self) -> int:
        """Put all dead letters back into the queue; how many."""
        with self._transaction() as database:
            database.execute(
                "INSERT INTO spool (queued, lines, body) SELECT ?, 1, body FROM dead_letters ORDER BY number",
                [plain(self._clock.utc())],
            )
            return database.execute("DELETE FROM dead_letters").rowcount

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _make_room(self, database: sqlite3.Connection) -> int:
        """Drop the oldest until it fits, a tenth of the whole at once: not a little at every put."""
        size = database.execute("SELECT bytes FROM gauge").fetchone()[0]
        if size <= self._most_bytes:
            return 0
        over, dropped, last = size - self._most_bytes * 9 // 10, 0, 0
        for number, lines, length in database.execute(
            "SELECT number, lines, length(body) FROM spool ORDER BY number"
        ):
            if over <= 0:
                break
            over, dropped, last = over - length, dropped + lines, number
        database.execute("DELETE FROM spool WHERE number <= ?", [last])
        database.execute("UPDATE gauge SET dropped_lines = dropped_lines + ?", [dropped])
        return dropped

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            database = self._connected()
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")
        except sqlite3.Error as error:
            self.close()
            raise StationFault(
                f"{self._path}: found {error}, expected a spool that can be written; make room on the disk "
                "or check who may write there"
            ) from error

    def _connected(self) -> sqlite3.Connection:
        if self._open is None:
            # one thread at a time uses it, but not always the one that opened it
            database = sqlite3.connect(self._path, timeout=WAIT_SECONDS, check_same_thread=False)
            self._open = database
            database.isolation_level = None
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            database.execute("BEGIN IMMEDIATE")
            found = database.execute("PRAGMA user_version").fetchone()[0]
            if found == 0:
                for statement in _statements():
                    database.execute(statement)
                database.execute(f"PRAGMA user_version = {VERSION}")
            database.execute("COMMIT")
            if found > VERSION:
                self.close()
                raise StationFault(
                    f"{self._path}: found spool version {found}, expected {VERSION}: a newer rig made it; "
                    "update this one"
                )
        return self._open


def _statements() -> list[str]:
    """``executescript`` would commit first, and two processes may make a spool at once."""
    statements, said = [], ""
    for line in _TABLES.splitlines(keepends=True):
        said += line
        if sqlite3.complete_statement(said):
            statements.append(said)
            said = ""
    return statements
