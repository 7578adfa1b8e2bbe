"""Who is logged in where, as what, and which browser is in control. Times are monotonic seconds."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field

from rig.clock import Clock
from rig.station.badges import Badge, BadgeFile, Code, hashed, holds
from rig.station.roles import Role
from rig.station.view import Words
from rig.station.words import say

IDLE_SECONDS = 30 * 60.0            # without a press or a scan
LONGEST_SECONDS = 12 * 3600.0
RAISED_SECONDS = 10 * 60.0          # a raised role falls back after so long without a press
AWAY_SECONDS = 60.0                 # a browser that has lost its link for so long loses control
MOST_TRIES = 5
LOCKED_SECONDS = 5 * 60.0
STRANGERS = "?"                     # numbers nobody has share one count of tries


class Refused(Exception):
    """Not let in. ``status`` of HTTP; ``retry_after`` seconds where waiting helps."""

    def __init__(self, status: int, words: Words, retry_after: float | None = None) -> None:
        super().__init__(words.text)
        self.status, self.words, self.retry_after = status, words, retry_after


@dataclass(slots=True)
class Session:
    """One browser with a badge."""

    token: str
    csrf: str
    number: str
    name: str
    own_role: Role
    needs_pin: bool
    opened_at: float
    used_at: float
    raised_at: float | None = None
    connections: int = 0                # WebSockets that are open
    away_since: float | None = None

    @property
    def role(self) -> Role:
        return self.own_role if self.raised_at is not None else Role.OPERATOR

    def left(self, now: float) -> float:
        """Seconds until it expires."""
        return min(self.used_at + IDLE_SECONDS, self.opened_at + LONGEST_SECONDS) - now


@dataclass(slots=True)
class _Tries:
    wrong: int = 0
    locked_until: float = 0.0


@dataclass(slots=True)
class Sessions:
    """All of a station. ``book``: the badges there are; slow checks are the caller's to run in a thread."""

    book: BadgeFile
    clock: Clock
    _open: dict[str, Session] = field(default_factory=dict)
    _tries: dict[str, _Tries] = field(default_factory=dict)
    _control: str | None = None
    _nobody: str = field(default_factory=lambda: hashed(secrets.token_hex(8)))

    # -- in and out -----------------------------------------------------------------------------

    def find(self, token: str | None) -> Session | None:
        """The session of a cookie, unless it has expired."""
        now = self.clock.now()
        found = self._open.get(token) if token else None
        if found is None:
            return None
        if found.left(now) <= 0:
            self.close(found)
            return None
        if found.raised_at is not None and now - max(found.raised_at, found.used_at) > RAISED_SECONDS:
            found.raised_at = None
        return found

    def checked_badge(self, text: str) -> tuple[str, Badge]:
        """The badge of a scan. Slow. Raises Refused."""
        code = Code.read(text)
        badge = self.book.badges.get(code.number) if code else None
        number = code.number if code and badge else STRANGERS
        self._demand_unlocked(number)
        right = holds(code.secret if code else "", badge.secret if badge else self._nobody)
        self._count(number, right=right and badge is not None)
        if badge is None or not right:
            raise Refused(401, say("refused.badge"))
        return number, badge

    def open(self, number: str, badge: Badge, before: Session | None) -> Session:
        """A fresh session for a badge that was checked; the browser's last one ends."""
        now = self.clock.now()
        in_control = before is not None and self._control == before.token
        if before is not None:
            self.close(before)
        session = Session(
            secrets.token_urlsafe(32), secrets.token_urlsafe(24), number, badge.name, badge.role,
            badge.pin is not None, now, now, connections=before.connections if before else 0,
            away_since=None if before and before.connections else now,
        )
        self._open[session.token] = session
        if in_control or self._may_take(number):
            self._control = session.token
        return session

    def checked_pin(self, session: Session, pin: str) -> None:
        """Whether ``pin`` is that of the session's badge. Slow. Raises Refused."""
        badge = self.book.badges.get(session.number)
        if badge is None or badge.pin is None:
            raise Refused(403, say("refused.no_pin"))
        self._demand_unlocked(session.number)
        right = holds(pin, badge.pin)
        self._count(session.number, right=right)
        if not right:
            raise Refused(401, say("refused.pin"))

    def raise_role(self, session: Session) -> None:
        """After its PIN was right: the badge's own role, for a while."""
        session.raised_at = session.used_at = self.clock.now()

    def close(self, session: Session) -> None:
        self._open.pop(session.token, None)
        if self._control == session.token:
            self._control = None

    def used(self, session: Session) -> None:
        """A press or a scan."""
        session.used_at = self.clock.now()

    # -- control --------------------------------------------------------------------------------

    @property
    def in_control(self) -> Session | None:
        return self.find(self._control)

    def take_control(self, session: Session) -> None:
        self._control = session.token

    def controls(self, session: Session) -> bool:
        """Whether the session is in control; one that finds nobody there is from now on."""
        if self.in_control is None or self._may_take(session.number):
            self._control = session.token
        return self._control == session.token

    def connected(self, session: Session, change: int) -> None:
        """A browser's link came or went."""
        session.connections += change
        session.away_since = None if session.connections > 0 else self.clock.now()

    def _may_take(self, number: str) -> bool:
        """Nobody is in control, the same person is, or who is has been away."""
        held = self.in_control
        if held is None or held.number == number:
            return True
        away = held.away_since
        quiet = self.clock.now() - max(held.used_at, away or held.used_at)
        return away is not None and quiet > AWAY_SECONDS

    # -- tries ----------------------------------------------------------------------------------

    def _demand_unlocked(self, number: str) -> None:
        tries, now = self._tries.get(number), self.clock.now()
        if tries is not None and tries.locked_until > now:
            left = tries.locked_until - now
            raise Refused(429, say("refused.tries", seconds=round(left)), left)

    def _count(self, number: str, *, right: bool) -> None:
        if right:
            self._tries.pop(number, None)
            return
        tries = self._tries.setdefault(number, _Tries())
        tries.wrong += 1
        if tries.wrong >= MOST_TRIES:
            tries.wrong, tries.locked_until = 0, self.clock.now() + LOCKED_SECONDS


def same(token: str | None, expected: str) -> bool:
    """Compared in constant time."""
    return token is not None and hmac.compare_digest(token.encode(), expected.encode())
