"""The API: what pages and other programs read and press. Who may is settled at the door before."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from rig.station.door import SESSION_COOKIE, VIEW_COOKIE
from rig.station.flow import Answer, Person
from rig.station.messages import (
    BadgeBody,
    MuteBody,
    PinBody,
    Press,
    PressAnswer,
    ReleaseBody,
    ScanAnswer,
    ScanBody,
    SessionView,
    SlotName,
)
from rig.station.page import Page, policy
from rig.station.roles import Role
from rig.station.sessions import Refused, Session, Sessions, same
from rig.station.shift import iso
from rig.station.station import Station
from rig.station.view import Control
from rig.station.words import say

MOST_REMEMBERED = 1000          # answers to presses, for the same press sent twice
A = TypeVar("A", PressAnswer, ScanAnswer)


class Api:
    """The routes of one station. ``view``: the token of its screens."""

    def __init__(self, station: Station, sessions: Sessions, view: str) -> None:
        self._station, self._sessions, self._view = station, sessions, view
        self._page = Page()
        self._answers: OrderedDict[tuple[str, str], PressAnswer] = OrderedDict()

    def session_view(self, session: Session | None) -> SessionView:
        """What a browser is told of itself."""
        if session is None:
            return SessionView(role=Role.VIEWER.value)
        clock = self._station.clock
        ends = clock.utc() + timedelta(seconds=session.left(clock.now()))
        held = self._sessions.in_control
        return SessionView(
            role=session.role.value, badge=session.number, name=session.name,
            own_role=session.own_role.value, in_control=held is session, csrf=session.csrf,
            expires_at=iso(ends), needs_pin=session.needs_pin,
        )

    # -- in and out -----------------------------------------------------------------------------

    async def page(self, view: str | None = None) -> Response:
        """The page; with a screen's token, its cookie first."""
        if view is not None and same(view, self._view):
            answer = RedirectResponse("/", 303)
            answer.set_cookie(VIEW_COOKIE, self._view, httponly=True, samesite="strict", max_age=10**8)
            return answer
        nonce = secrets.token_urlsafe(16)
        return HTMLResponse(self._page.html(nonce), headers={"content-security-policy": policy(nonce)})

    async def badge(self, body: BadgeBody, request: Request, response: Response) -> SessionView:
        """Log in by badge, as operator; the browser's last session ends."""
        try:
            number, badge = await asyncio.to_thread(self._sessions.checked_badge, body.badge)
        except Refused as error:
            self._station.log.keep("badge", None, "a badge", "refused", error.words.text)
            raise
        session = self._sessions.open(number, badge, session_of(request))
        response.set_cookie(SESSION_COOKIE, session.token, httponly=True, samesite="strict")
        self._station.log.keep("badge", number, "badge", "accepted", badge.name)
        self._station.desk.came(number)
        self.show_control()
        return self.session_view(session)

    async def pin(self, body: PinBody, request: Request) -> SessionView:
        """Raise the session to its badge's own role."""
        session = demanded(request)
        try:
            await asyncio.to_thread(self._sessions.checked_pin, session, body.pin)
        except Refused as error:
            self._station.log.keep("pin", session.number, "a PIN", "refused", error.words.text)
            raise
        self._sessions.raise_role(session)
        self._station.log.keep("pin", session.number, "PIN", "accepted", session.role.value)
        self.show_control()
        return self.session_view(session)

    async def log_out(self, request: Request) -> Response:
        session = demanded(request)
        self._sessions.close(session)
        self._station.log.keep("badge", session.number, "log out", "accepted", "")
        self.show_control()
        answer = Response(status_code=204)
        answer.delete_cookie(SESSION_COOKIE)
        return answer

    def show_control(self) -> None:
        """Who is in control, into the picture."""
        held = self._sessions.in_control
        self._station.picture.control = None if held is None else Control(
            badge=held.number, name=held.name, role=held.role.value
        )

    # -- presses --------------------------------------------------------------------------------

    async def take_control(self, body: Press, request: Request) -> SessionView:
        session = demanded(request)
        self._sessions.take_control(session)
        self._sessions.used(session)
        self._station.log.keep("press", session.number, "take control", "accepted", body.id)
        self.show_control()
        return self.session_view(session)

    async def scan(self, body: ScanBody, request: Request) -> ScanAnswer:
        async def act(person: Person) -> ScanAnswer:
            kind, answer = await self._station.desk.scan(body.text, person)
            return ScanAnswer(
                id=body.id, outcome=answer.outcome, words=answer.words, kind=kind, slot=answer.slot
            )
        return await self._once(request, body.id, act)

    async def stop(self, slot: SlotName, body: Press, request: Request) -> PressAnswer:
        """Stop the slot's run, or withdraw its board."""
        self._known(slot)
        return await self._pressed(request, body, lambda who: self._station.desk.stop(slot, who))

    async def acknowledge(self, slot: SlotName, body: Press, request: Request) -> PressAnswer:
        self._known(slot)
        return await self._pressed(request, body, lambda who: self._station.desk.acknowledge(slot, who))

    async def release(self, slot: SlotName, body: ReleaseBody, request: Request) -> PressAnswer:
        """Let go of a latched e-stop or a hot slot, in one's own name. For technicians."""
        demanded(request, Role.TECHNICIAN)
        self._known(slot)
        return await self._pressed(
            request, body, lambda who: self._station.desk.release(slot, who, body.volts)
        )

    async def let_go(self, slot: SlotName, body: Press, request: Request) -> PressAnswer:
        """Let production go on after an alarm: somebody has looked at the slot. For engineers."""
        demanded(request, Role.ENGINEER)
        self._known(slot)
        return await self._pressed(request, body, lambda who: self._station.desk.let_go(slot, who))

    async def mute(self, body: MuteBody, request: Request) -> PressAnswer:
        """Sounds off or on. For technicians."""
        demanded(request, Role.TECHNICIAN)
        return await self._pressed(request, body, lambda who: self._station.desk.mute(who, muted=body.muted))

    async def end_shift(self, body: Press, request: Request) -> PressAnswer:
        return await self._pressed(request, body, self._station.desk.end_shift)

    async def self_test(self, body: Press, request: Request) -> PressAnswer:
        return await self._pressed(request, body, self._station.desk.self_test)

    async def _pressed(
        self, request: Request, body: Press, act: Callable[[Person], Awaitable[Answer]]
    ) -> PressAnswer:
        async def answered(person: Person) -> PressAnswer:
            answer = await act(person)
            return PressAnswer(id=body.id, outcome=answer.outcome, words=answer.words)
        return await self._once(request, body.id, answered)

    async def _once(self, request: Request, press: str, act: Callable[[Person], Awaitable[A]]) -> A:
        """Once for one id: whoever sends it again is told the same. Only for who is in control."""
        session = demanded(request)
        known = self._answers.get((session.number, press))
        if known is not None:
            return known.model_copy(update={"repeated": True})  # type: ignore[return-value]
        if not self._sessions.controls(session):
            held = self._sessions.in_control
            raise Refused(409, say("refused.not_in_control", badge=held.number if held else ""))
        self._sessions.used(session)
        self.show_control()
        answer = await act(Person(session.number, session.role, iso(self._station.clock.utc())))
        self._answers[session.number, press] = answer
        while len(self._answers) > MOST_REMEMBERED:
            self._answers.popitem(last=False)
        return answer

    def _known(self, slot: str) -> None:
        if slot not in self._station.flow.slots:
            raise Refused(404, say("refused.unknown"))


def session_of(request: Request) -> Session | None:
    found: Session | None = request.state.session
    return found


def demanded(request: Request, role: Role = Role.OPERATOR) -> Session:
    """Whoever asks, as at least ``role``. Raises Refused."""
    session = session_of(request)
    if session is None:
        raise Refused(401, say("refused.session"))
    if session.role < role:
        raise Refused(403, say("refused.role", role=role.word))
    return session
