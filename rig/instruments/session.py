"""One instrument, one owner, one lock, and never an answer taken for another's.

A late answer is delivered to the next query, an extra line shifts all that follow, and a dead
peer shows as a timeout (all measured on pyvisa-py 0.8.1). So after any answer that is
late, short, surplus or not of the asked kind, the link is closed, opened afresh and identified
before the next word; then the question is asked once more.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from rig.errors import InstrumentError, Role
from rig.instruments.identity import Expected, Identity, parse_identity
from rig.instruments.transport import Interrupted, Transport, TransportError

T = TypeVar("T")

# An error queue holds ten to thirty entries; one that never empties is no queue.
_MOST_ERRORS = 40
_ERROR_ENTRY = re.compile(r"[+-]?\d+(?![\d.])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Conduct:
    """How a session with one kind of instrument is held. Times in seconds."""

    role: Role
    name: str                                   # for people: family and resource
    seconds: float                              # patience for one answer
    expected: Expected
    opening: tuple[str, ...]                    # told after each identification
    error_query: str | None = "SYST:ERR?"       # None: it has no error queue
    acknowledge: str | None = None              # what each line that is no question is answered with


class Session:
    """Question and answer with one instrument. Raises InstrumentError of the conduct's role."""

    def __init__(self, transport: Transport, conduct: Conduct) -> None:
        self._transport = transport
        self._conduct = conduct
        self._lock = threading.Lock()
        self._identity: Identity | None = None
        self._in_step = False

    def identity(self) -> Identity:
        """Who answers; opens the link if need be. A connection nobody answered on is none."""
        with self._lock:
            return self._identity if self._identity is not None else self._resync()

    def query(
        self,
        question: str,
        parse: Callable[[str], T],
        *,
        after: tuple[str, ...] = (),
        seconds: float | None = None,
    ) -> T:
        """Tell the lines of ``after``, ask, and parse the one answer.

        ``parse`` raises ValueError for an answer that is not of the asked kind. All of it may be
        said twice, so ``after`` must be harmless to repeat.
        """
        patience = self._conduct.seconds if seconds is None else seconds
        with self._lock:
            if not self._in_step:
                self._resync()
                return self._ask_or_fail(question, parse, after, patience)
            try:
                return self._ask(question, parse, after, patience)
            except Interrupted as error:
                raise self._failed(question, error) from error
            except (TransportError, ValueError):
                self._resync()
            return self._ask_or_fail(question, parse, after, patience)

    def tell(self, *lines: str) -> None:
        """Send lines that have no answer; whether they arrived shows at the next question."""
        with self._lock:
            if not self._in_step:
                self._resync()
            try:
                for line in lines:
                    self._say(line)
            except (TransportError, ValueError) as error:
                raise self._failed(lines[0], error) from error

    def shout(self, lines: tuple[str, ...], question: str, parse: Callable[[str], T], hurry: float) -> T:
        """The most urgent lines: on the present link if it is in step, else on a fresh one.

        They are sent before anything is asked and again on a fresh connection when no good answer
        came within ``hurry`` seconds. For orders that are always safe to repeat.
        """
        with self._lock:
            self._transport.calm()
            if self._in_step:
                try:
                    return self._ask(question, parse, lines, hurry)
                except (TransportError, ValueError):
                    self._in_step = False
            self._resync(first=lines)
            return self._ask_or_fail(question, parse, lines, self._conduct.seconds)

    def errors(self) -> tuple[str, ...]:
        """All entries of the instrument's error queue, oldest first; reading empties it."""
        found: list[str] = []
        question = self._conduct.error_query
        while question is not None and len(found) < _MOST_ERRORS:
            entry = self.query(question, _error_entry)
            if entry.lstrip("+").startswith("0"):
                break
            found.append(entry)
        return tuple(found)

    def interrupt(self) -> None:
        """From another thread: all questions fail at once, until the next ``shout``."""
        self._transport.interrupt()

    def close(self) -> None:
        with self._lock:
            self._in_step = False
            self._transport.close()

    def fault(self, message: str) -> InstrumentError:
        """An error of this instrument's role that names it."""
        return InstrumentError(self._conduct.role, f"{self._conduct.name}: {message}")

    def _ask(self, question: str, parse: Callable[[str], T], after: tuple[str, ...], seconds: float) -> T:
        """One exchange; leaves the session out of step unless exactly one good answer came."""
        self._in_step = False
        if self._transport.waiting():
            raise ValueError("an answer nobody asked for was waiting")
        for line in after:
            self._say(line, seconds)
        self._transport.write(question)
        answer = parse(self._transport.read_line(seconds))
        if self._transport.waiting():
            raise ValueError("more than one line came back")
        self._in_step = True
        return answer

    def _say(self, line: str, seconds: float | None = None) -> None:
        """A line that is no question, with its acknowledgement where the instrument gives one."""
        self._transport.write(line)
        wanted = self._conduct.acknowledge
        if wanted is None:
            return
        patience = self._conduct.seconds if seconds is None else seconds
        if (found := self._transport.read_line(patience)) != wanted:
            raise ValueError(f"{line} answered with {found[:40]!r}, expected {wanted}")

    def _ask_or_fail(
        self, question: str, parse: Callable[[str], T], after: tuple[str, ...], seconds: float
    ) -> T:
        try:
            return self._ask(question, parse, after, seconds)
        except (TransportError, ValueError) as error:
            raise self._failed(question, error) from error

    def _resync(self, first: tuple[str, ...] = ()) -> Identity:
        """Close, open, identify, compare with whom we knew, and say the opening lines."""
        self._in_step = False
        conduct = self._conduct
        try:
            self._transport.reopen()
            for line in first:
                self._say(line)
            found = self._ask("*IDN?", parse_identity, (), conduct.seconds)
            self._in_step = False
            self._check(found)
            for line in conduct.opening:
                self._say(line)
        except (TransportError, ValueError) as error:
            self._transport.close()
            raise self.fault(f"found no identity ({error}), expected an answer to *IDN?") from error
        self._identity = found
        self._in_step = True
        return found

    def _check(self, found: Identity) -> None:
        problem = self._conduct.expected.problem(found)
        if problem is None and self._identity not in (None, found):
            problem = f"found {found}, expected {self._identity} as before"
        if problem is not None:
            self._transport.close()
            raise self.fault(f"{problem}; check the fixture file and the cabling")

    def _failed(self, question: str, error: Exception) -> InstrumentError:
        self._in_step = False
        return self.fault(f"{question}: found {error}, expected one answer")


def _error_entry(text: str) -> str:
    """A number, and mostly a text after it."""
    entry = text.strip()
    if not _ERROR_ENTRY.match(entry):
        raise ValueError(f"{entry[:40]!r} is no entry of an error queue")
    return entry
