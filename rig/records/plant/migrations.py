"""What the plant's database became, step by step. A step, once released, never changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rig.errors import UsageError
from rig.records.outbox.delivery import Outcome
from rig.records.plant.postgres import PlantConnection, PlantFault

if TYPE_CHECKING:
    import psycopg

STATION_ROLE, READER_ROLE = "rig_station", "rig_qa"
LOCK = 0x726967                 # advisory: two that prepare one database take turns

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE rig.runs (
            run_id text NOT NULL,
            serial text NOT NULL,
            product text NOT NULL,
            slot text NOT NULL,
            station text NOT NULL,
            fixture text NOT NULL,
            operator text,
            simulated boolean NOT NULL,
            purpose text NOT NULL,
            started timestamptz NOT NULL,
            ended timestamptz NOT NULL,
            seconds double precision NOT NULL,
            verdict text NOT NULL,
            board_verdict text,
            board_code text,
            grade text,
            failure_code text,
            failure_text text,
            chips_found integer,
            board_rate double precision,
            watts double precision,
            joules_per_terahash double precision,
            state text NOT NULL CHECK (state IN ('pending', 'closed', 'void')),
            revision bigint NOT NULL,
            record jsonb NOT NULL,
            received timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (run_id, station, serial)
        )""",
        "CREATE INDEX runs_by_serial ON rig.runs (serial, started)",
        "CREATE INDEX runs_by_start ON rig.runs (started)",
        "CREATE INDEX runs_by_slot ON rig.runs (station, fixture, slot, started)",
        """CREATE TABLE rig.repairs (
            key text PRIMARY KEY,
            serial text NOT NULL,
            at timestamptz NOT NULL,
            kind text NOT NULL CHECK (kind IN ('repair', 'release')),
            code text,
            place text,
            did text NOT NULL,
            operator text NOT NULL,
            run_id text,
            received timestamptz NOT NULL DEFAULT now()
        )""",
        "CREATE INDEX repairs_by_serial ON rig.repairs (serial, at)",
    ),
)
VERSION = len(MIGRATIONS)

# A station adds and brings up to date, and deletes nothing; QA reads.
_GRANTS = (
    f"GRANT USAGE ON SCHEMA rig TO {STATION_ROLE}, {READER_ROLE}",
    f"GRANT SELECT ON ALL TABLES IN SCHEMA rig TO {STATION_ROLE}, {READER_ROLE}",
    f"GRANT INSERT, UPDATE ON rig.runs TO {STATION_ROLE}",
    f"GRANT INSERT ON rig.repairs TO {STATION_ROLE}",
)


def prepare(plant: PlantConnection) -> tuple[int, int]:
    """Make the plant's tables, or bring older ones up to date; the versions before and after.

    Safe to do twice, and by two at once. Raises PlantFault, UsageError.
    """
    with plant.transaction() as database:
        database.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        database.execute("CREATE SCHEMA IF NOT EXISTS rig")
        database.execute("CREATE TABLE IF NOT EXISTS rig.version (version integer NOT NULL)")
        found = _version(database)
        if found is not None and found > VERSION:
            raise UsageError(_newer(plant, found))
        for statement in (one for step in MIGRATIONS[found or 0:] for one in step):
            database.execute(statement.encode())
        if found is None:
            database.execute("INSERT INTO rig.version VALUES (%s)", [VERSION])
        else:
            database.execute("UPDATE rig.version SET version = %s", [VERSION])
    return found or 0, VERSION


def grant(plant: PlantConnection) -> None:
    """Make the two group roles where they are missing, and give them their rights. Raises PlantFault."""
    with plant.transaction() as database:
        for role in (STATION_ROLE, READER_ROLE):
            database.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            if database.fetchone() is None:
                database.execute(f"CREATE ROLE {role} NOLOGIN".encode())
        for statement in _GRANTS:
            database.execute(statement.encode())


def demand_version(plant: PlantConnection, database: psycopg.Cursor[Any]) -> None:
    """Raises PlantFault, held, when the tables are not those of this rig."""
    database.execute("SELECT to_regclass('rig.version')::text")
    row = database.fetchone()
    found = None if row is None or row[0] is None else _version(database)
    if found is None or found < VERSION:
        raise PlantFault(
            f"plant at {plant.address.url}: found tables of version {found or 0}, expected {VERSION}; "
            "run `rig plant init`", Outcome.HELD,
        )
    if found > VERSION:
        raise PlantFault(_newer(plant, found), Outcome.HELD)


def _version(database: psycopg.Cursor[Any]) -> int | None:
    database.execute("SELECT max(version) FROM rig.version")
    row = database.fetchone()
    return None if row is None else row[0]


def _newer(plant: PlantConnection, found: int) -> str:
    return (f"plant at {plant.address.url}: found tables of version {found}, expected at most {VERSION}: "
            "a newer rig made them; update this one")
