"""The door of the API: who may write is settled before path or body are looked at.

Reading needs a screen's or a badge's cookie, but for the page itself and the API's description. Writing
needs a badge, its CSRF word and the page's own origin; the only way in without one is a badge under
``/api/session``. Requests for another host's name are refused: a page elsewhere could have it point here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rig.station.roles import Role
from rig.station.sessions import Session, Sessions, same
from rig.station.view import Words
from rig.station.words import say

SESSION_COOKIE, VIEW_COOKIE = "rig_session", "rig_view"
CSRF_HEADER = "x-rig-csrf"
BADGE, PIN = "/api/session/badge", "/api/session/pin"
OPEN_READS = ("/", "/openapi.json")
READS = ("GET", "HEAD", "OPTIONS")
MOST_BODY = 16 * 1024
CLOSE_NO_SESSION, CLOSE_ORIGIN = 4401, 4403
HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


class Door:
    """Pure ASGI, outermost. ``hosts``: names and addresses the station is reached by; ``view``: the token
    of its screens."""

    def __init__(self, app: ASGIApp, sessions: Sessions, view: str, hosts: Iterable[str]) -> None:
        self._app, self._sessions, self._view = app, sessions, view
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._judged(scope)
        if refusal is not None:
            await _refuse(send, *refusal)
            return
        await self._app(scope, _bounded(receive), _guarded(send))

    def _judged(self, scope: Scope) -> tuple[int, Words] | None:
        """Why this request goes no further. Sets ``scope["state"]`` to who asks."""
        headers = Headers(scope=scope)
        cookies = cookies_of(headers)
        session = self._sessions.find(cookies.get(SESSION_COOKIE))
        scope.setdefault("state", {})
        scope["state"]["session"] = session
        scope["state"]["screen"] = same(cookies.get(VIEW_COOKIE), self._view)
        if not self._is_ours(headers):
            return 403, say("refused.origin")
        if scope["method"] in READS:
            known = session is not None or scope["state"]["screen"] or scope["path"] in OPEN_READS
            return None if known else (401, say("refused.session"))
        return self._writing(scope, headers, session)

    def _writing(
        self, scope: Scope, headers: Headers, session: Session | None
    ) -> tuple[int, Words] | None:
        kind = headers.get("content-type", "").split(";")[0].strip().lower()
        if scope["method"] == "POST" and scope["path"] == BADGE:
            return None if kind == "application/json" else (403, say("refused.origin"))
        if session is None:
            return 401, say("refused.session")
        if session.role < Role.OPERATOR or not same(headers.get(CSRF_HEADER), session.csrf):
            return 403, say("refused.origin")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MOST_BODY:
            return 413, say("refused.malformed", text="too long")
        return None

    def _is_ours(self, headers: Headers) -> bool:
        host = _name(headers.get("host", ""))
        if host is None or host not in self._hosts:
            return False
        origin = headers.get("origin")
        return origin is None or urlsplit(origin).netloc.lower() == headers.get("host", "").lower()

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        cookies = cookies_of(headers)
        session = self._sessions.find(cookies.get(SESSION_COOKIE))
        screen = same(cookies.get(VIEW_COOKIE), self._view)
        scope.setdefault("state", {})
        scope["state"].update(session=session, screen=screen)
        code = None
        if not self._is_ours(headers) or headers.get("origin") is None:
            code = CLOSE_ORIGIN
        elif session is None and not screen:
            code = CLOSE_NO_SESSION
        if code is None:
            await self._app(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.accept"})        # a close code reaches a page only after this
        await send({"type": "websocket.close", "code": code})


def cookies_of(headers: Headers) -> Mapping[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(headers.get("cookie", "")).items()}
    except CookieError:
        return {}


def _name(host: str) -> str | None:
    """The name in a Host header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _bounded(receive: Receive) -> Receive:
    """A body may come in pieces, but not for ever: the rest of a longer one is not read."""
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MOST_BODY:
            return {"type": "http.disconnect"}
        return message

    return bounded


def _guarded(send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            known = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(
                (name.encode(), value.encode()) for name, value in HEADERS.items()
                if name.encode() not in known
            )]
        await send(message)

    return guarded


async def _refuse(send: Send, status: int, words: Words) -> None:
    body = json.dumps({"error": words.model_dump(), "retry_after": None}).encode()
    headers = {**HEADERS, "content-type": "application/json", "content-length": str(len(body)),
               "connection": "close"}
    await send({"type": "http.response.start", "status": status,
                "headers": [(name.encode(), value.encode()) for name, value in headers.items()]})
    await send({"type": "http.response.body", "body": body})
