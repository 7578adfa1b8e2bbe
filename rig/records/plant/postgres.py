"""The only module that speaks to PostgreSQL (psycopg 3): one connection, its errors in our own words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rig.errors import StationFault, UsageError
from rig.records.outbox.delivery import Outcome
from rig.records.plant.address import PlantAddress

if TYPE_CHECKING:
    import psycopg

CONNECT_SECONDS, STATEMENT_SECONDS = 10, 30
SILENT_SECONDS = 15             # a far side that says nothing for so long is gone

# Refusals before a password is asked for, or after, that pass by themselves.
_PASSING = ("starting up", "shutting down", "in recovery", "not yet accepting", "too many",
            "slots are reserved", "terminating connection")
# SQLSTATE classes and codes (PostgreSQL manual, appendix A).
_HELD = ("28", "3D", "3F", "42", "25006", "0A")     # who we are, what is there, what we may do
_REFUSED = ("22", "23", "54")                       # the values themselves


class PlantFault(StationFault):
    """The plant's database did not do it. ``outcome`` says whether it ever will, and by whom."""

    def __init__(self, message: str, outcome: Outcome) -> None:
        super().__init__(message)
        self.outcome = outcome


class PlantConnection:
    """One connection, opened when it is needed, opened anew after an error. One thread uses it."""

    def __init__(self, address: PlantAddress) -> None:
        self.address = address
        self._open: psycopg.Connection[Any] | None = None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[psycopg.Cursor[Any]]:
        """A cursor; committed when the block ends, rolled back when it raises.

        Raises PlantFault, UsageError when the password is not where it should be.
        """
        import psycopg

        try:
            connection = self._connected()
            with connection.transaction(), connection.cursor() as cursor:
                yield cursor
        except psycopg.Error as error:
            self.close()
            raise self._fault(error) from error

    @contextlib.contextmanager
    def reading(
        self, question: str, values: list[Any], batch: int
    ) -> Iterator[Iterator[list[tuple[Any, ...]]]]:
        """Rows of a question, ``batch`` at a time, as the server has them at one moment."""
        import psycopg

        try:
            connection = self._connected()
            with connection.transaction(), connection.cursor(name="rig_reading") as cursor:
                cursor.execute(question.encode(), values)
                yield iter(lambda: cursor.fetchmany(batch), [])
        except psycopg.Error as error:
            self.close()
            raise self._fault(error) from error

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _connected(self) -> psycopg.Connection[Any]:
        import psycopg

        if self._open is None or self._open.closed:
            self._open = psycopg.connect(
                self.address.url, password=self.address.password(), autocommit=True,
                connect_timeout=CONNECT_SECONDS, application_name="rig",
                options=f"-c statement_timeout={STATEMENT_SECONDS * 1000} -c timezone=UTC",
                keepalives_idle=SILENT_SECONDS, keepalives_interval=5, keepalives_count=2,
                tcp_user_timeout=SILENT_SECONDS * 1000,
            )
        return self._open

    def _fault(self, error: psycopg.Error) -> PlantFault:
        outcome = _outcome(error)
        return PlantFault(
            f"plant at {self.address.url}: found {self._said(error)}; {_ADVICE[outcome]}", outcome
        )

    def _said(self, error: psycopg.Error) -> str:
        """Its first line, without our password, whatever it repeats."""
        text = next(iter(str(error).strip().splitlines()), type(error).__name__)
        if ": FATAL:" in text:
            text = text.rpartition("FATAL:")[2].strip()
        try:
            password = self.address.password()
        except UsageError:
            password = None
        return text.replace(password, "…") if password else text


_ADVICE = {
    Outcome.LATER: "expected it to answer; it is tried again",
    Outcome.HELD: "expected to be let in; check user, password, database and rights, then `rig plant init`",
    Outcome.REFUSED: "expected it to take what the rig keeps; call the engineer",
}


def _outcome(error: psycopg.Error) -> Outcome:
    code = error.sqlstate
    if code is not None:
        if code.startswith(_HELD):
            return Outcome.HELD
        return Outcome.REFUSED if code.startswith(_REFUSED) else Outcome.LATER
    return _connect_outcome(error)


def _connect_outcome(error: psycopg.Error) -> Outcome:
    """libpq gives no code for a refused connection: only its words, and whether it sent a password."""
    import psycopg

    text = str(error)
    if any(word in text for word in _PASSING):
        return Outcome.LATER
    asked = error.pgconn is not None and error.pgconn.used_password
    if asked or "FATAL:" in text or isinstance(error, psycopg.ProgrammingError):
        return Outcome.HELD
    return Outcome.LATER
