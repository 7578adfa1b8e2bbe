"""What the station's database became, step by step; an older one is brought up to date where it lies.

A step, once released, never changes: a database was made by it. New tables and columns are a new
step at the end.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from rig.errors import StationFault

# The steps: the statements number n (from 1) bring a database of version n - 1 to version n.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE IF NOT EXISTS runs (
            run_id TEXT PRIMARY KEY,
            serial TEXT NOT NULL,
            product TEXT NOT NULL,
            slot TEXT NOT NULL,
            station TEXT NOT NULL,
            fixture TEXT NOT NULL,
            operator TEXT,
            simulated INTEGER NOT NULL,
            started TEXT NOT NULL,
            ended TEXT NOT NULL,
            seconds REAL NOT NULL,
            verdict TEXT NOT NULL,
            board_verdict TEXT,
            grade TEXT,
            failure_code TEXT,
            failure_text TEXT,
            chips_found INTEGER,
            board_rate REAL,
            watts REAL,
            joules_per_terahash REAL,
            record TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX IF NOT EXISTS runs_by_serial ON runs (serial, started)",
    ),
    (   # a database of version 1 has them where a slot's cycles were counted before
        """CREATE TABLE IF NOT EXISTS cycles (
            fixture TEXT NOT NULL, slot TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (fixture, slot)
        ) STRICT""",
        """CREATE TABLE IF NOT EXISTS contacts (
            fixture TEXT NOT NULL, slot TEXT NOT NULL, count INTEGER NOT NULL, ohms REAL NOT NULL
        ) STRICT""",
    ),
    (   # what was stored before there were states was closed
        """ALTER TABLE runs ADD COLUMN state TEXT NOT NULL DEFAULT 'closed'
            CHECK (state IN ('pending', 'closed', 'void'))""",
    ),
    (   # what the retest policy asks for; of an old run that ended worse than FAIL the code is not told
        "ALTER TABLE runs ADD COLUMN purpose TEXT NOT NULL DEFAULT 'test'",
        "ALTER TABLE runs ADD COLUMN board_code TEXT",
        "UPDATE runs SET board_code = failure_code WHERE verdict = 'FAIL'",
        "CREATE INDEX runs_by_slot ON runs (fixture, slot, started)",
        """CREATE TABLE repairs (
            number INTEGER PRIMARY KEY,
            serial TEXT NOT NULL,
            at TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('repair', 'release')),
            code TEXT,
            place TEXT,
            did TEXT NOT NULL,
            operator TEXT NOT NULL,
            run_id TEXT
        ) STRICT""",
        "CREATE INDEX repairs_by_serial ON repairs (serial, at)",
    ),
    (   # rig.records.chain; runs that were stored before are taken in with their station's next one
        """CREATE TABLE chain (
            place INTEGER PRIMARY KEY,
            station TEXT NOT NULL,
            number INTEGER NOT NULL,
            run_id TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('closed', 'void')),
            record TEXT NOT NULL,
            previous TEXT NOT NULL,
            link TEXT NOT NULL,
            UNIQUE (station, number)
        ) STRICT""",
        "CREATE INDEX chain_by_run ON chain (run_id)",
        """CREATE TRIGGER chain_is_not_cut BEFORE DELETE ON chain
            BEGIN SELECT RAISE(ABORT, 'a link of the chain is never taken out'); END""",
        """CREATE TRIGGER chain_is_not_bent BEFORE UPDATE ON chain
            BEGIN SELECT RAISE(ABORT, 'a link of the chain is never changed'); END""",
    ),
    (   # what the plant does not have yet; everything that was kept before is queued, too
        """CREATE TABLE outbox (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            what TEXT NOT NULL CHECK (what IN ('run', 'repair')),
            key TEXT NOT NULL,
            queued TEXT NOT NULL,
            UNIQUE (what, key)
        ) STRICT""",
        """CREATE TABLE dead_letters (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            what TEXT NOT NULL,
            key TEXT NOT NULL,
            at TEXT NOT NULL,
            reason TEXT NOT NULL,
            UNIQUE (what, key)
        ) STRICT""",
        *(
            f"""CREATE TRIGGER {what}_{event}_goes_out AFTER {event} ON {what}s BEGIN
                DELETE FROM outbox WHERE what = '{what}' AND key = CAST(NEW.{key} AS TEXT);
                INSERT INTO outbox (what, key, queued)
                VALUES ('{what}', NEW.{key}, strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'));
            END"""
            for what, key in (("run", "run_id"), ("repair", "number")) for event in ("insert", "update")
        ),
        """INSERT INTO outbox (what, key, queued)
            SELECT 'run', run_id, strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now') FROM runs ORDER BY started""",
        """INSERT INTO outbox (what, key, queued)
            SELECT 'repair', number, strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now') FROM repairs
            ORDER BY number""",
    ),
    (   # what the factory's system is owed
        """CREATE TABLE mes_owed (
            run_id TEXT PRIMARY KEY,
            fixture TEXT NOT NULL,
            owing TEXT NOT NULL CHECK (owing IN ('waiting', 'told', 'refused')),
            at TEXT NOT NULL,
            reason TEXT NOT NULL DEFAULT ''
        ) STRICT""",
        "CREATE INDEX mes_owed_by_fixture ON mes_owed (fixture, owing)",
    ),
    (   # the last runs of all: for lists, and for how long a run takes
        "CREATE INDEX runs_by_start ON runs (started)",
    ),
)
VERSION = len(MIGRATIONS)


def bring_up_to_date(database: sqlite3.Connection, path: Path) -> None:
    """Take the steps that ``database`` lacks, in the transaction that it is in.

    Raises StationFault for a database of a newer rig; it is left as it is.
    """
    found: int = database.execute("PRAGMA user_version").fetchone()[0]
    if found > VERSION:
        raise StationFault(
            f"{path}: found store version {found}, expected at most {VERSION}: a newer rig wrote it; "
            "update this one, or give --results another folder"
        )
    for statement in (one for step in MIGRATIONS[found:] for one in step):
        database.execute(statement)
    if found < VERSION:
        database.execute(f"PRAGMA user_version = {VERSION}")
